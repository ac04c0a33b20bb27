import { randomBytes } from "node:crypto";
import type { Telemetry } from "@tonearm/sdk";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { cleanUp, freshDirectory, hurriedTelemetry, until } from "../support/devices.ts";
import { freshStream, type KinesisServer, SERVERS, startServer } from "../support/kinesis-servers.ts";
import { startTestRelay } from "../support/relays.ts";
import { verdictsOf } from "../support/verdicts.ts";

const MIB = 1_048_576;

/** Lets what waits in memory reach the store; nobody is there to deliver to. */
async function stored(telemetry: Telemetry): Promise<void> {
  await telemetry.flush({ timeoutMs: 1 });
  await until("everything is stored", () => telemetry.stats().waitingEvents === 0);
}

describe.each(SERVERS)("overflow, on %s", (name) => {
  let server: KinesisServer;
  beforeAll(async () => {
    server = await startServer(name);
  });
  afterAll(async () => {
    await server?.stop();
    await cleanUp();
  });

  it("a device offline for too long drops its oldest events, and the stream says exactly which", async () => {
    const stream = await freshStream(server, 1);
    const directory = await freshDirectory();
    const offline = hurriedTelemetry({
      endpoint: "http://127.0.0.1:9",
      device: "d1",
      directory,
      storeBytesMax: MIB,
      segmentBytes: 65_536,
    });
    // Text that packs badly, or all of it would fit.
    const recorded: number[] = [];
    for (let i = 0; i < 8_000; i++) {
      const result = offline.record("tick", { i, text: randomBytes(225).toString("base64") });
      if (result.status === "recorded") recorded.push(result.seq);
      if (i % 200 === 0) await stored(offline);
    }
    expect(await offline.close({ timeoutMs: 50 })).toMatchObject({ durable: true, delivered: false });
    const dropped = offline.stats().dropped.store_full ?? 0;
    expect(dropped).toBeGreaterThan(1_000);
    expect(offline.stats().storedBytes).toBeLessThan(1.3 * MIB);

    const relay = await startTestRelay(server, stream);
    const online = hurriedTelemetry({ endpoint: relay.url, device: "d1", directory });
    expect(await online.close({ timeoutMs: 60_000 })).toMatchObject({ delivered: true });
    await relay.stop();
    const { epochs, events } = await verdictsOf(server.client, stream);
    // Nothing undeclared is missing, and the newest are there.
    expect(epochs.get(offline.epoch)).toMatchObject({
      verdict: "COMPLETE",
      dropped,
      events: 8_000 - dropped,
    });
    expect(events.length + dropped).toBe(recorded.length);
    expect(Math.max(...events.map(({ i }) => i as number))).toBe(7_999);
  });

  it("a device offline for too long keeps what is critical, and a few declarations account for the rest", async () => {
    const stream = await freshStream(server, 1);
    const directory = await freshDirectory();
    const offline = hurriedTelemetry({
      endpoint: "http://127.0.0.1:9",
      device: "d1",
      directory,
      storeBytesMax: MIB,
      segmentBytes: 65_536,
    });
    const priorities = ["bulk", "critical", "bulk", "bulk", "normal", "bulk", "bulk", "bulk"] as const;
    for (let i = 0; i < 10_000; i++) {
      const priority = priorities[i % priorities.length]!;
      offline.record(priority, { i, text: randomBytes(225).toString("base64") }, { priority });
      if (i % 200 === 0) await stored(offline);
    }
    await offline.close({ timeoutMs: 50 });
    const dropped = offline.stats().dropped.store_full ?? 0;
    expect(dropped).toBeGreaterThan(3_000);

    const relay = await startTestRelay(server, stream);
    const online = hurriedTelemetry({ endpoint: relay.url, device: "d1", directory });
    expect(await online.close({ timeoutMs: 60_000 })).toMatchObject({ delivered: true });
    await relay.stop();
    const { epochs, events } = await verdictsOf(server.client, stream);
    const countOf = (type: string) => events.filter((each) => each.type === type).length;
    expect([countOf("critical"), countOf("normal")]).toEqual([1_250, 1_250]);
    expect(countOf("bulk")).toBe(7_500 - dropped);
    const report = epochs.get(offline.epoch)!;
    expect(report).toMatchObject({ verdict: "COMPLETE", dropped, missing: [] });
    expect(report.controlRecords).toBeLessThan(200);
  });

  it("a burst beyond the buffer is dropped by number and declared", async () => {
    const stream = await freshStream(server, 1);
    const relay = await startTestRelay(server, stream);
    const telemetry = hurriedTelemetry({
      endpoint: relay.url,
      device: "d1",
      directory: await freshDirectory(),
      bufferBytesMax: 65_536,
    });
    let refused = 0;
    for (let i = 0; i < 2_000; i++) {
      if (telemetry.record("burst", { i, text: "x".repeat(100) }).status === "dropped") refused++;
    }
    expect(refused).toBeGreaterThan(1_000);
    expect(await telemetry.close({ timeoutMs: 30_000 })).toMatchObject({ delivered: true });
    await relay.stop();
    const { epochs, events } = await verdictsOf(server.client, stream);
    expect(epochs.get(telemetry.epoch)).toMatchObject({ verdict: "COMPLETE", dropped: refused });
    expect(events).toHaveLength(2_000 - refused);
  });
});
