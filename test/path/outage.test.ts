import { systemClock } from "@tonearm/sdk/ports";
import { FaultProxy, NO_FAULTS, Random } from "@tonearm/simulator/testing";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { cleanUp, freshDirectory, hurriedTelemetry, until } from "../support/devices.ts";
import { freshStream, type KinesisServer, SERVERS, startServer } from "../support/kinesis-servers.ts";
import { startTestRelay } from "../support/relays.ts";
import { verdictsOf } from "../support/verdicts.ts";

/** A circuit that opens and closes within a test's patience. */
const NERVOUS = {
  failuresToOpen: 2,
  openMs: 200,
  openMsMax: 400,
  deliveryDeadlineMs: 2_000,
  putTimeoutMs: 2_000,
};

describe.each(SERVERS)("outages, on %s", (name) => {
  let server: KinesisServer;
  let proxy: FaultProxy;
  beforeAll(async () => {
    server = await startServer(name);
    proxy = await FaultProxy.start(new URL(server.endpoint), new Random("outage"), systemClock, NO_FAULTS);
  });
  afterAll(async () => {
    await proxy?.close();
    await server?.stop();
    await cleanUp();
  });

  it("while the relay is away, devices keep everything and deliver it afterwards, once", async () => {
    const stream = await freshStream(server, 2);
    let relay = await startTestRelay(server, stream);
    const port = Number(new URL(relay.url).port);
    const directory = await freshDirectory();
    const telemetry = hurriedTelemetry({ endpoint: relay.url, device: "d1", directory });
    telemetry.record("before", {});
    expect(await telemetry.flush()).toMatchObject({ delivered: true });
    await relay.stop();
    for (let i = 0; i < 1_000; i++) telemetry.record("during", { i });
    expect(await telemetry.flush({ timeoutMs: 500 })).toMatchObject({ durable: true, delivered: false });
    await until("a few attempts", () => telemetry.stats().retries > 3);
    relay = await startTestRelay(server, stream, { port });
    expect(await telemetry.close({ timeoutMs: 30_000 })).toMatchObject({ delivered: true });
    await relay.stop();
    const { epochs, events, duplicates } = await verdictsOf(server.client, stream);
    expect(epochs.get(telemetry.epoch)?.verdict).toBe("COMPLETE");
    expect([events.length, duplicates]).toEqual([1_001, 0]);
  });

  it("while Kinesis is away and there is no spool, devices are told when to come again and lose nothing", async () => {
    const stream = await freshStream(server, 2);
    const relay = await startTestRelay({ endpoint: proxy.url }, stream, NERVOUS);
    const telemetry = hurriedTelemetry({
      endpoint: relay.url,
      device: "d1",
      directory: await freshDirectory(),
    });
    telemetry.record("before", {});
    await telemetry.flush();
    proxy.setOnline(false);
    for (let i = 0; i < 500; i++) telemetry.record("during", { i });
    await until("the circuit opens", () => relay.pipeline.breaker.kind === "open");
    await until("batches are refused", () => (relay.pipeline.book.rejected.stream_unavailable ?? 0) > 0);
    expect(relay.pipeline.book.imbalance).toBe(0);
    proxy.setOnline(true);
    expect(await telemetry.close({ timeoutMs: 30_000 })).toMatchObject({ delivered: true });
    await relay.stop();
    const { epochs, events } = await verdictsOf(server.client, stream);
    expect(epochs.get(telemetry.epoch)?.verdict).toBe("COMPLETE");
    expect(new Set(events.map(({ i }) => i)).size).toBe(501);
  });

  it("while Kinesis is away, a relay with a spool takes everything in, and survives a restart with it", async () => {
    const stream = await freshStream(server, 2);
    const options = { ...NERVOUS, spool: await freshDirectory() };
    let relay = await startTestRelay({ endpoint: proxy.url }, stream, options);
    const port = Number(new URL(relay.url).port);
    const telemetry = hurriedTelemetry({
      endpoint: relay.url,
      device: "d1",
      directory: await freshDirectory(),
    });
    telemetry.record("before", {});
    await telemetry.flush();
    proxy.setOnline(false);
    const wheres = new Set<string>();
    telemetry.on("accepted", ({ durable }) => wheres.add(durable));
    for (let i = 0; i < 500; i++) telemetry.record("during", { i });
    expect(await telemetry.flush({ timeoutMs: 20_000 })).toMatchObject({ delivered: true });
    expect([...wheres]).toEqual(["spool"]);
    expect(relay.pipeline.book).toMatchObject({ imbalance: 0 });
    expect(relay.pipeline.book.spooled).toBeGreaterThanOrEqual(500);
    await relay.stop();
    proxy.setOnline(true);
    relay = await startTestRelay({ endpoint: proxy.url }, stream, { ...options, port });
    expect(await telemetry.close({ timeoutMs: 30_000 })).toMatchObject({ delivered: true });
    await until("the spool is empty", () => relay.pipeline.spooled.batches === 0);
    await relay.stop();
    const { epochs, events } = await verdictsOf(server.client, stream);
    expect(epochs.get(telemetry.epoch)?.verdict).toBe("COMPLETE");
    expect(new Set(events.map(({ i }) => i)).size).toBe(501);
  });
});
