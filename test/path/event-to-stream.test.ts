import { audit } from "@tonearm/relay/read";
import { systemClock } from "@tonearm/sdk/ports";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { cleanUp, freshDirectory, hurriedTelemetry } from "../support/devices.ts";
import { readIndependently } from "../support/independent-reader.ts";
import { freshStream, type KinesisServer, SERVERS, startServer } from "../support/kinesis-servers.ts";
import { startTestRelay, type TestRelay } from "../support/relays.ts";

describe.each(SERVERS)("the path of an event, on %s", (name) => {
  let server: KinesisServer;
  let stream: string;
  let relay: TestRelay;

  beforeAll(async () => {
    server = await startServer(name);
    stream = await freshStream(server, 3);
    relay = await startTestRelay(server, stream);
  });
  afterAll(async () => {
    await relay?.stop();
    await server?.stop();
    await cleanUp();
  });

  it("brings every event of many devices into the stream once, as one line with its data unchanged", async () => {
    const devices = await Promise.all(
      Array.from({ length: 20 }, async (_, i) => {
        const device = `speaker-${i}`;
        return {
          device,
          telemetry: hurriedTelemetry({ endpoint: relay.url, device, directory: await freshDirectory() }),
        };
      }),
    );
    const expected = new Map<string, unknown>();
    for (const [i, { device, telemetry }] of devices.entries()) {
      for (let n = 0; n < 150; n++) {
        const data = {
          n,
          title: `Größe ${n} 🎵 "quoted" \\ ${"x".repeat(n)}`,
          nested: { i, list: [1, 2.5, null] },
        };
        const result = telemetry.record("tick", data);
        if (result.status !== "recorded") throw new Error(result.message);
        expected.set(`${device} ${result.epoch} ${result.seq}`, data);
      }
    }
    const closed = await Promise.all(devices.map(({ telemetry }) => telemetry.close({ timeoutMs: 30_000 })));
    expect(closed.every(({ delivered, durable }) => delivered && durable)).toBe(true);

    const { records } = await readIndependently(server.client, stream);
    const ticks = records.filter(({ json }) => json.type === "tick");
    expect(ticks).toHaveLength(expected.size);
    for (const { json, line, partitionKey } of ticks) {
      const { device, epoch, seq, type, time_ms, mono_ms, offset_ms, time_quality, received_ms, ...data } =
        json;
      expect(data).toEqual(expected.get(`${device} ${epoch} ${seq}`));
      expect(partitionKey).toBe(device);
      expect(line.endsWith("}\n") && line.indexOf("\n") === line.length - 1).toBe(true);
      expect([type, typeof time_ms, typeof mono_ms, typeof received_ms]).toEqual([
        "tick",
        "number",
        "number",
        "number",
      ]);
      // Device and relay share a machine, and with it a clock.
      expect(time_quality).toBe(offset_ms === null ? "unsynced" : "synced");
    }
  });

  it("keeps the order of every device in the stream", async () => {
    const { records } = await readIndependently(server.client, stream);
    const lastSeqs = new Map<string, number>();
    for (const { json } of records) {
      const key = `${json.device} ${json.epoch}`;
      expect(json.seq).toBe((lastSeqs.get(key) ?? 0) + 1);
      lastSeqs.set(key, json.seq as number);
    }
    expect(lastSeqs.size).toBe(20);
  });

  it("is audited as complete, and the audit counts what an independent reader counts", async () => {
    const { totals } = await audit(server.client, stream, systemClock);
    const { records, kinesisRecords } = await readIndependently(server.client, stream);
    expect(totals).toMatchObject({
      epochs: { COMPLETE: 20, INCOMPLETE: 0, UNPROVEN: 0 },
      events: 3_000,
      controlRecords: 40,
      duplicates: 0,
      missing: 0,
      foreign: 0,
      withheld: 0,
    });
    expect([totals.userRecords, totals.kinesisRecords]).toEqual([records.length, kinesisRecords]);
    expect(totals.userRecords / totals.kinesisRecords).toBeGreaterThan(5);
  });

  it("balances the relay's book", () => {
    const { book } = relay.pipeline;
    expect(book).toMatchObject({
      received: 3_040,
      delivered: 3_040,
      inFlight: 0,
      duplicates: 0,
      imbalance: 0,
    });
  });
});
