/**
 * A Kinesis for the benchmark, in a process of its own: answers the relay's calls, and keeps what it is given. What came is
 * taken apart and checked afterwards, by code that is not the relay's. Told `away`, it refuses every record until it is told
 * `back`; told `forget`, it forgets what came. With the argument `json` it speaks no CBOR.
 */
import { createHash } from "node:crypto";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { Encoder } from "cbor-x";
import { type Kept, type Reckoning, reckon } from "./reckoning.ts";

interface PutRecordsInput {
  readonly Records: readonly {
    readonly PartitionKey: string;
    readonly ExplicitHashKey?: string;
    /** Base64 in JSON, bytes in CBOR. */
    readonly Data: string | Uint8Array;
  }[];
}

/** What the endpoint tells when it is asked. */
export interface Report extends Reckoning {
  readonly putCalls: number;
}

const CBOR = "application/x-amz-cbor-1.1";
/** Plain maps, as Kinesis writes them. */
const cbor = new Encoder({ useRecords: false, variableMapSize: true });
const speaksCbor = process.argv[2] !== "json";

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
  if (message === "forget") kept.length = 0;
  if (message === "report") process.send!({ ...reckon(kept.splice(0)), putCalls } satisfies Report);
});
// Whatever ends the benchmark ends this too.
process.on("disconnect", () => process.exit());

async function receive(request: IncomingMessage, response: ServerResponse): Promise<void> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  const name = String(request.headers["x-amz-target"]).split(".")[1] ?? "";
  const media = String(request.headers["content-type"]);
  const operation = operations[name];
  if (media === CBOR && !speaksCbor) answer(response, media, 415, { __type: "SerializationException" });
  else if (!operation) answer(response, media, 400, { __type: "UnknownOperationException" });
  else if (isAway && name === "PutRecords") answer(response, media, 500, { __type: "InternalFailure" });
  else answer(response, media, 200, operation(decoded(media, Buffer.concat(chunks))));
}

const decoded = (media: string, body: Buffer): unknown =>
  media === CBOR ? cbor.decode(body) : JSON.parse(body.toString("latin1"));

function answer(response: ServerResponse, media: string, status: number, value: object): void {
  const body = media === CBOR ? cbor.encode(value) : Buffer.from(JSON.stringify(value));
  response.writeHead(status, { "content-type": media, "content-length": body.length });
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
