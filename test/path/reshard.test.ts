import {
  DescribeStreamSummaryCommand,
  type KinesisClient,
  ListShardsCommand,
  MergeShardsCommand,
  type Shard,
  SplitShardCommand,
} from "@aws-sdk/client-kinesis";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { cleanUp, freshDirectory, hurriedTelemetry, until } from "../support/devices.ts";
import {
  freshStream,
  type KinesisServer,
  SERVERS,
  startServer,
  untilActive,
} from "../support/kinesis-servers.ts";
import { startTestRelay } from "../support/relays.ts";
import { verdictsOf } from "../support/verdicts.ts";

async function openShards(client: KinesisClient, stream: string): Promise<Shard[]> {
  const { Shards: shards = [] } = await client.send(new ListShardsCommand({ StreamName: stream }));
  return shards
    .filter(({ SequenceNumberRange }) => SequenceNumberRange?.EndingSequenceNumber === undefined)
    .toSorted((a, b) =>
      BigInt(a.HashKeyRange!.StartingHashKey!) < BigInt(b.HashKeyRange!.StartingHashKey!) ? -1 : 1,
    );
}

async function split(
  client: KinesisClient,
  stream: string,
  { ShardId, HashKeyRange: range }: Shard,
): Promise<void> {
  const middle = (BigInt(range!.StartingHashKey!) + BigInt(range!.EndingHashKey!)) / 2n;
  const command = { StreamName: stream, ShardToSplit: ShardId!, NewStartingHashKey: String(middle) };
  await client.send(new SplitShardCommand(command));
  await untilActive(client, stream);
}

async function merge(client: KinesisClient, stream: string, one: Shard, other: Shard): Promise<void> {
  const command = { StreamName: stream, ShardToMerge: one.ShardId!, AdjacentShardToMerge: other.ShardId! };
  await client.send(new MergeShardsCommand(command));
  await untilActive(client, stream);
}

describe.each(SERVERS)("resharding under load, on %s", (name) => {
  let server: KinesisServer;
  beforeAll(async () => {
    server = await startServer(name);
  });
  afterAll(async () => {
    await server?.stop();
    await cleanUp();
  });

  it("loses nothing and repeats nothing through splits and merges, and follows the stream's shape", async () => {
    const { client } = server;
    const stream = await freshStream(server, 2);
    const relay = await startTestRelay(server, stream, { refreshPauseMs: 200, refreshIntervalMs: 60_000 });
    const devices = await Promise.all(
      Array.from({ length: 12 }, async (_, i) =>
        hurriedTelemetry({ endpoint: relay.url, device: `d${i}`, directory: await freshDirectory() }),
      ),
    );
    let recording = true;
    let recorded = 0;
    const load = (async () => {
      while (recording) {
        for (const telemetry of devices)
          for (let i = 0; i < 3; i++) telemetry.record("tick", { n: recorded++ });
        await new Promise((resolve) => setTimeout(resolve, 10));
      }
    })();
    const someTraffic = async () => {
      const before = relay.pipeline.book.delivered;
      await until("traffic", () => relay.pipeline.book.delivered > before + 300);
    };

    await someTraffic();
    for (const shard of await openShards(client, stream)) await split(client, stream, shard);
    await someTraffic();
    await until("the relay sees four shards", () => relay.pipeline.shardMap.shape?.shards.length === 4);
    const [first, second] = await openShards(client, stream);
    await merge(client, stream, first!, second!);
    await someTraffic();
    await until("the relay sees three shards", () => relay.pipeline.shardMap.shape?.shards.length === 3);
    const [widest] = await openShards(client, stream);
    await split(client, stream, widest!);
    await someTraffic();
    recording = false;
    await load;
    const closed = await Promise.all(devices.map((telemetry) => telemetry.close({ timeoutMs: 60_000 })));
    expect(closed.every(({ delivered }) => delivered)).toBe(true);
    await relay.stop();

    const { epochs, events, duplicates, missing } = await verdictsOf(client, stream);
    expect([missing, duplicates, events.length]).toEqual([0, 0, recorded]);
    expect([...epochs.values()].map(({ verdict }) => verdict)).toEqual(Array(12).fill("COMPLETE"));
    const { StreamDescriptionSummary: summary } = await client.send(
      new DescribeStreamSummaryCommand({ StreamName: stream }),
    );
    expect(summary?.OpenShardCount).toBe(4);
  });
});
