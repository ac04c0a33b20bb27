/**
 * Reads a stream without a line of ours: AWS's SDK for the records, `aws-kinesis-agg` to take aggregates apart. What the
 * relay's own reading side says is checked against this.
 */
import { createRequire } from "node:module";
import {
  GetRecordsCommand,
  GetShardIteratorCommand,
  type KinesisClient,
  ListShardsCommand,
} from "@aws-sdk/client-kinesis";

export interface IndependentRecord {
  readonly partitionKey: string;
  /** The line, parsed. */
  readonly json: Record<string, unknown>;
  readonly line: string;
  readonly shardId: string;
}

interface AggRecord {
  readonly partitionKey: string;
  readonly data: string;
}
type DeaggregateSync = (
  record: object,
  computeChecksums: boolean,
  done: (error: Error | null | undefined, records?: AggRecord[]) => void,
) => void;

const { deaggregateSync } = createRequire(import.meta.url)("aws-kinesis-agg") as {
  deaggregateSync: DeaggregateSync;
};

/** All user records, shard by shard, in the order of each shard; how many Kinesis records they came in, and their bytes: data and partition keys. */
export async function readIndependently(
  client: KinesisClient,
  streamName: string,
): Promise<{
  readonly records: IndependentRecord[];
  readonly kinesisRecords: number;
  readonly kinesisBytes: number;
}> {
  const { Shards: shards = [] } = await client.send(new ListShardsCommand({ StreamName: streamName }));
  const records: IndependentRecord[] = [];
  let kinesisRecords = 0;
  let kinesisBytes = 0;
  for (const { ShardId: shardId = "" } of shards) {
    for await (const raw of rawRecords(client, streamName, shardId)) {
      kinesisRecords++;
      kinesisBytes += (raw.Data?.length ?? 0) + Buffer.byteLength(raw.PartitionKey ?? "");
      for (const { partitionKey, data } of takeApart(raw.PartitionKey ?? "", raw.Data ?? new Uint8Array(0))) {
        const line = Buffer.from(data, "base64").toString("utf8");
        records.push({ partitionKey, line, json: JSON.parse(line), shardId });
      }
    }
  }
  return { records, kinesisRecords, kinesisBytes };
}

async function* rawRecords(client: KinesisClient, streamName: string, shardId: string) {
  const first = await client.send(
    new GetShardIteratorCommand({
      StreamName: streamName,
      ShardId: shardId,
      ShardIteratorType: "TRIM_HORIZON",
    }),
  );
  let iterator = first.ShardIterator;
  for (let empty = 0; iterator !== undefined && empty < 4; ) {
    const answer = await client.send(new GetRecordsCommand({ ShardIterator: iterator, Limit: 100 }));
    yield* answer.Records ?? [];
    empty = answer.Records?.length ? 0 : empty + 1;
    iterator = answer.NextShardIterator;
  }
}

function takeApart(partitionKey: string, data: Uint8Array): AggRecord[] {
  let parts: AggRecord[] = [];
  let failure: Error | null | undefined;
  const record = { partitionKey, sequenceNumber: "0", data: Buffer.from(data).toString("base64") };
  deaggregateSync(record, true, (error, records) => {
    failure = error ?? failure;
    parts = records ?? parts;
  });
  if (failure) throw failure;
  return parts;
}
