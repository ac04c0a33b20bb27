import {
  CreateStreamCommand,
  DeleteStreamCommand,
  DescribeStreamSummaryCommand,
  UpdateShardCountCommand,
} from "@aws-sdk/client-kinesis";
import { audit, StreamReader } from "@tonearm/relay/read";
import { systemClock } from "@tonearm/sdk/ports";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { cleanUp, freshDirectory, hurriedTelemetry, until } from "../support/devices.ts";
import { KinesisProxy } from "../support/kinesis-proxy.ts";
import {
  freshStream,
  type KinesisServer,
  SERVERS,
  startServer,
  untilActive,
} from "../support/kinesis-servers.ts";
import { lostOf } from "../support/outage-run.ts";
import { RawDevices } from "../support/raw-devices.ts";
import { startTestRelay, type TestRelay } from "../support/relays.ts";

const LOAD = { count: 12, batchEvents: 10, eventBytes: 200, pauseMs: 10, waitMsMax: 200 };
const QUICK = {
  refreshPauseMs: 200,
  refreshIntervalMs: 1_000,
  failuresToOpen: 2,
  openMs: 200,
  openMsMax: 400,
};

describe.each(SERVERS)("a stream that changes under load, on %s", (name) => {
  let server: KinesisServer;
  let proxy: KinesisProxy;
  beforeAll(async () => {
    server = await startServer(name);
    proxy = await KinesisProxy.start(server.endpoint);
  });
  afterAll(async () => {
    await proxy?.close();
    await server?.stop();
    await cleanUp();
  });

  const someTraffic = async (relay: TestRelay) => {
    const before = relay.pipeline.book.delivered;
    await until("traffic", () => relay.pipeline.book.delivered > before + 300);
  };

  it("that is deleted and made again with other shards costs nothing that came after", async () => {
    const stream = await freshStream(server, 2);
    const relay = await startTestRelay(proxy, stream, { ...QUICK, spool: await freshDirectory() });
    await server.client.send(new DeleteStreamCommand({ StreamName: stream }));
    const isGone = () =>
      server.client.send(new DescribeStreamSummaryCommand({ StreamName: stream })).then(
        () => false,
        () => true,
      );
    await until("the stream is gone", isGone);
    const devices = new RawDevices(relay.url, LOAD);
    await until("the spool takes it", () => relay.pipeline.book.spooled > 300);
    await server.client.send(new CreateStreamCommand({ StreamName: stream, ShardCount: 3 }));
    await untilActive(server.client, stream);
    await until("the relay sees three shards", () => relay.pipeline.shardMap.shape?.shards.length === 3);
    await someTraffic(relay);
    await devices.stop();
    await until("the spool is empty", () => relay.pipeline.book.spooled === 0);
    expect(relay.pipeline.book).toMatchObject({ imbalance: 0, rejected: {}, deadLetters: 0 });
    await relay.stop();
    const { ledger } = await audit(server.client, stream, systemClock);
    expect(lostOf(devices, ledger)).toBe(0);
    expect(Object.keys(Object.fromEntries(devices.answers))).not.toContain("none");
  });

  it("that begins to distribute records by itself gets no aggregate from the next refresh on", async () => {
    const stream = await freshStream(server, 2);
    const relay = await startTestRelay(proxy, stream, QUICK);
    const { meter, shardMap } = relay.pipeline;
    const devices = new RawDevices(relay.url, LOAD);
    await someTraffic(relay);
    expect(meter.userRecords).toBeGreaterThan(meter.records * 2);
    proxy.summary = { RecordDistributionStrategy: "AUTO" };
    await until("the relay knows", () => shardMap.shape?.aggregationOff !== undefined);
    await someTraffic(relay);
    const { records, userRecords } = meter;
    await someTraffic(relay);
    expect(meter.userRecords - userRecords).toBe(meter.records - records);
    proxy.summary = {};
    await until("the relay knows", () => shardMap.shape?.aggregationOff === undefined);
    await someTraffic(relay);
    await devices.stop();
    await relay.stop();
    const { ledger } = await audit(server.client, stream, systemClock);
    expect(lostOf(devices, ledger)).toBe(0);
  });

  it("that takes only small records gets none that is larger, and all of what was sent", async () => {
    const stream = await freshStream(server, 1);
    const relay = await startTestRelay(proxy, stream, QUICK);
    proxy.summary = { MaxRecordSizeInKiB: 8 };
    await until("the relay knows", () => relay.pipeline.shardMap.shape?.recordBytesMax === 8_192);
    const directory = await freshDirectory();
    const telemetry = hurriedTelemetry({ endpoint: relay.url, device: "d1", directory });
    for (let i = 0; i < 200; i++) telemetry.record("tick", { i, text: "x".repeat(300) });
    expect(await telemetry.close({ timeoutMs: 30_000 })).toMatchObject({ delivered: true });
    proxy.summary = {};
    await relay.stop();
    let largest = 0;
    const reader = new StreamReader(server.client, stream, systemClock, { follow: false, fromLatest: false });
    await reader.read(({ bytes }) => {
      largest = Math.max(largest, bytes);
    });
    expect(largest).toBeGreaterThan(4_096);
    expect(largest).toBeLessThanOrEqual(8_192);
    const { totals } = await audit(server.client, stream, systemClock);
    expect([totals.events, totals.missing, totals.dropped]).toEqual([200, 0, 0]);
  });
});

describe("UpdateShardCount under load, on kinesis-local", () => {
  it("up and down loses nothing, repeats nothing, and has the map looked at a few times only", async () => {
    const server = await startServer("kinesis-local");
    const proxy = await KinesisProxy.start(server.endpoint);
    try {
      const stream = await freshStream(server, 2);
      const relay = await startTestRelay(proxy, stream, { ...QUICK, refreshIntervalMs: 60_000 });
      const devices = new RawDevices(relay.url, LOAD);
      for (const count of [4, 8, 4, 2]) {
        const command = {
          StreamName: stream,
          TargetShardCount: count,
          ScalingType: "UNIFORM_SCALING",
        } as const;
        await server.client.send(new UpdateShardCountCommand(command));
        await untilActive(server.client, stream);
        const isSeen = () => relay.pipeline.shardMap.shape?.shards.length === count;
        await until(`the relay sees ${count} shards`, isSeen);
      }
      await until("the load was one", () => devices.events > 500);
      await devices.stop();
      await relay.stop();
      expect(proxy.calls.get("ListShards")).toBeLessThan(40);
      const { ledger, totals } = await audit(server.client, stream, systemClock);
      expect([lostOf(devices, ledger), totals.duplicates, totals.withheld]).toEqual([0, 0, 0]);
    } finally {
      await proxy.close();
      await server.stop();
    }
  });
});
