/**
 * A Kinesis for the benchmark, in a process of its own: answers the relay's calls, and keeps what it is given. What came is
 * taken apart and checked afterwards, by code that is not the relay's. Told `away`, it refuses every record until it is told `back`.
 */
import { createHash } from "node:crypto";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { type Kept, type Reckoning, reckon } from "./reckoning.ts";

interface PutRecordsInput {
  readonly Records: readonly {
    readonly PartitionKey: string;
    readonly ExplicitHashKey?: string;
    readonly Data: string;
  }[];
}

/** What the endpoint tells when it is asked. */
export interface Report extends Reckoning {
  readonly putCalls: number;
}

const SHARDS = 4;
const HASH_KEYS = 2n ** 128n;
const SHARD_KEYS = HASH_KEYS / BigInt(SHARDS);

const kept: Kept[] = [];
let putCalls = 0;
let isAway = false;
let nextSequence = 1n;

const shardIdOf = (shard: number): string => `shardId-${String(shard).padStart(12, "0")}`;

const shards = Array.from({ length: SHARDS }, (_, i) => ({
  ShardId: shardIdOf(i),
  HashKeyRange: {
    StartingHashKey: String(SHARD_KEYS * BigInt(i)),
    EndingHashKey: String(SHARD_KEYS * BigInt(i + 1) - 1n),
  },
  SequenceNumberRange: { StartingSequenceNumber: "1" },
}));

const operations: Readonly<Record<string, (input: unknown) => object>> = {
  ListShards: () => ({ Shards: shards }),
  DescribeStreamSummary: () => ({
    StreamDescriptionSummary: { StreamStatus: "ACTIVE", OpenShardCount: SHARDS, MaxRecordSizeInKiB: 1_024 },
  }),
  PutRecords: (input) => putRecords(input as PutRecordsInput),
};

const server = createServer((request, response) => void receive(request, response));
server.keepAliveTimeout = 60_000;
server.listen(0, "127.0.0.1", () => process.send!({ port: (server.address() as AddressInfo).port }));
process.on("message", (message) => {
  isAway = message === "away";
  if (message === "report") process.send!({ ...reckon(kept.splice(0)), putCalls } satisfies Report);
});
// Whatever ends the benchmark ends this too.
process.on("disconnect", () => process.exit());

async function receive(request: IncomingMessage, response: ServerResponse): Promise<void> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  const name = String(request.headers["x-amz-target"]).split(".")[1] ?? "";
  if (isAway && name === "PutRecords") {
    answer(response, 500, { __type: "InternalFailure", message: "away" });
    return;
  }
  const operation = operations[name];
  if (operation) answer(response, 200, operation(JSON.parse(Buffer.concat(chunks).toString("latin1"))));
  else answer(response, 400, { __type: "UnknownOperationException", message: name });
}

function answer(response: ServerResponse, status: number, json: object): void {
  const body = JSON.stringify(json);
  response.writeHead(status, {
    "content-type": "application/x-amz-json-1.1",
    "content-length": body.length,
  });
  response.end(body);
}

function putRecords({ Records: records }: PutRecordsInput): object {
  putCalls++;
  const results = records.map(({ PartitionKey: partitionKey, ExplicitHashKey: hashKey, Data: data }) => {
    const shardId = shardIdOf(Number(hashKeyOf(partitionKey, hashKey) / SHARD_KEYS));
    kept.push({ partitionKey, data });
    return { SequenceNumber: String(nextSequence++), ShardId: shardId };
  });
  return { FailedRecordCount: 0, Records: results };
}

const hashKeyOf = (partitionKey: string, explicit: string | undefined): bigint =>
  explicit === undefined
    ? BigInt(`0x${createHash("md5").update(partitionKey).digest("hex")}`)
    : BigInt(explicit);
