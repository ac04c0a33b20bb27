import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { cleanUp, freshDirectory, hurriedTelemetry, until } from "../support/devices.ts";
import { freshStream, type KinesisServer, SERVERS, startServer } from "../support/kinesis-servers.ts";
import { startTestRelay } from "../support/relays.ts";
import { verdictsOf } from "../support/verdicts.ts";

const NOWHERE = "http://127.0.0.1:9";

describe.each(SERVERS)("restarts, on %s", (name) => {
  let server: KinesisServer;
  beforeAll(async () => {
    server = await startServer(name);
  });
  afterAll(async () => {
    await server?.stop();
    await cleanUp();
  });

  it("a device that was offline through three lives delivers all of them, oldest first, each epoch complete", async () => {
    const stream = await freshStream(server, 2);
    const directory = await freshDirectory();
    const epochs: string[] = [];
    for (let life = 0; life < 3; life++) {
      const telemetry = hurriedTelemetry({ endpoint: NOWHERE, device: "d1", directory });
      for (let i = 0; i < 200; i++) telemetry.record("tick", { life, i });
      epochs.push(telemetry.epoch);
      expect(await telemetry.close({ timeoutMs: 100 })).toMatchObject({ durable: true, delivered: false });
    }
    const relay = await startTestRelay(server, stream);
    const last = hurriedTelemetry({ endpoint: relay.url, device: "d1", directory });
    expect(await last.close({ timeoutMs: 30_000 })).toEqual({
      durable: true,
      delivered: true,
      pendingEvents: 0,
    });
    await relay.stop();
    const { epochs: reports, events, duplicates } = await verdictsOf(server.client, stream);
    expect(events).toHaveLength(600);
    expect(duplicates).toBe(0);
    for (const epoch of [...epochs, last.epoch]) expect(reports.get(epoch)?.verdict).toBe("COMPLETE");
    expect([...reports.keys()]).toHaveLength(4);
  });

  it("a relay that is replaced under load costs nothing, at most duplicates that the key removes", async () => {
    const stream = await freshStream(server, 2);
    const directory = await freshDirectory();
    let relay = await startTestRelay(server, stream);
    const port = Number(new URL(relay.url).port);
    const telemetry = hurriedTelemetry({ endpoint: relay.url, device: "d1", directory });
    let recorded = 0;
    for (let round = 0; round < 4; round++) {
      for (let i = 0; i < 300; i++) telemetry.record("tick", { n: recorded++ });
      await until("something is accepted", () => telemetry.stats().acceptedEvents > round * 100);
      await relay.stop();
      for (let i = 0; i < 300; i++) telemetry.record("tick", { n: recorded++ });
      relay = await startTestRelay(server, stream, { port });
    }
    expect(await telemetry.close({ timeoutMs: 30_000 })).toMatchObject({ delivered: true });
    await relay.stop();
    const { epochs, events } = await verdictsOf(server.client, stream);
    expect(epochs.get(telemetry.epoch)).toMatchObject({ verdict: "COMPLETE", missing: [] });
    expect(new Set(events.map(({ n }) => n)).size).toBe(recorded);
  });

  it("an epoch is UNPROVEN until its device closes it or comes back", async () => {
    const stream = await freshStream(server, 1);
    const directory = await freshDirectory();
    const relay = await startTestRelay(server, stream);
    const telemetry = hurriedTelemetry({ endpoint: relay.url, device: "d1", directory });
    telemetry.record("tick", {});
    expect(await telemetry.flush()).toMatchObject({ delivered: true });
    expect((await verdictsOf(server.client, stream)).epochs.get(telemetry.epoch)?.verdict).toBe("UNPROVEN");
    await telemetry.close();
    expect((await verdictsOf(server.client, stream)).epochs.get(telemetry.epoch)?.verdict).toBe("COMPLETE");
    await relay.stop();
  });
});
