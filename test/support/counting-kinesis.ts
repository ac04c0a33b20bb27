/**
 * A Kinesis in a process of its own that keeps nothing: what comes is taken apart at once, and of each device it is remembered
 * which numbers came. So it can be given more events than any server could keep. It takes whatever comes.
 */
import { type ChildProcess, fork } from "node:child_process";
import { createHash } from "node:crypto";
import { once } from "node:events";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { deaggregate, Ledger, type StreamRecord } from "@tonearm/relay/read";
import { type KinesisSpelling, spellingOf } from "./kinesis-spelling.ts";

/** What came of what the devices had been told is safe. */
interface Count {
  /** Each counted once. */
  readonly events: number;
  readonly duplicates: number;
  /** Acknowledged, and did not come. */
  readonly lost: number;
  /** Records that are not what a device sent, or that consumers would not get. */
  readonly spoilt: number;
}

export interface CountingKinesis {
  readonly endpoint: string;
  /** @param acked up to which number each device was acknowledged. */
  count(acked: ReadonlyMap<string, number>): Promise<Count>;
  stop(): void;
}

/** The name of its only stream. */
export const COUNTED_STREAM = "counted";

export async function startCountingKinesis(): Promise<CountingKinesis> {
  const child = fork(import.meta.filename, ["serve"], {
    execArgv: ["--conditions=source"],
    stdio: ["ignore", 2, 2, "ipc"],
  });
  const { port } = (await messageOf(child)) as { port: number };
  return {
    endpoint: `http://127.0.0.1:${port}`,
    count: (acked) => {
      child.send([...acked]);
      return messageOf(child) as Promise<Count>;
    },
    stop: () => child.disconnect(),
  };
}

async function messageOf(child: ChildProcess): Promise<unknown> {
  const gone = once(child, "exit").then(([code]) => {
    throw new Error(`the counting Kinesis ended with ${code}`);
  });
  gone.catch(() => undefined);
  return ((await Promise.race([once(child, "message"), gone])) as [unknown])[0];
}

interface PutRecordsInput {
  readonly Records: readonly {
    readonly PartitionKey: string;
    readonly ExplicitHashKey?: string;
    readonly Data: unknown;
  }[];
}

const SHARDS = 4;
const SHARD_KEYS = 2n ** 128n / BigInt(SHARDS);

const shards = Array.from({ length: SHARDS }, (_, i) => ({
  ShardId: `shardId-${String(i).padStart(12, "0")}`,
  HashKeyRange: {
    StartingHashKey: String(SHARD_KEYS * BigInt(i)),
    EndingHashKey: String(SHARD_KEYS * BigInt(i + 1) - 1n),
  },
  SequenceNumberRange: { StartingSequenceNumber: "1" },
}));

class Counter {
  readonly #ledger = new Ledger();
  #duplicates = 0;
  #spoilt = 0;
  #sequence = 0;

  answer(name: string, spelling: KinesisSpelling, body: Buffer): object | undefined {
    if (name === "ListShards") return { Shards: shards };
    if (name === "DescribeStreamSummary") {
      const summary = { StreamStatus: "ACTIVE", OpenShardCount: SHARDS, MaxRecordSizeInKiB: 1_024 };
      return { StreamDescriptionSummary: summary };
    }
    if (name !== "PutRecords") return undefined;
    const { Records: records } = spelling.decode(body) as PutRecordsInput;
    const results = records.map((record) => {
      const { PartitionKey: partitionKey, ExplicitHashKey: explicit } = record;
      const shard = Number(hashKeyOf(partitionKey, explicit) / SHARD_KEYS);
      this.#take(partitionKey, spelling.bytesOf(record.Data), shard);
      return { SequenceNumber: String(++this.#sequence), ShardId: shards[shard]!.ShardId };
    });
    return { FailedRecordCount: 0, Records: results };
  }

  count(acked: ReadonlyMap<string, number>): Count {
    let events = 0;
    const absent = new Map(acked);
    for (const { device, events: came, lastSeq, missing } of this.#ledger.reports()) {
      events += came;
      const through = acked.get(device) ?? 0;
      const holes = missing.reduce(
        (sum, [from, to]) => sum + Math.max(0, Math.min(to, through) - from + 1),
        0,
      );
      absent.set(device, holes + Math.max(0, through - lastSeq));
    }
    const lost = absent.values().reduce((sum, each) => sum + each, 0);
    return { events, duplicates: this.#duplicates, lost, spoilt: this.#spoilt };
  }

  /** By KCL's rules, so that what counts is what a consumer gets. */
  #take(partitionKey: string, data: Buffer, shard: number): void {
    const startingHashKey = SHARD_KEYS * BigInt(shard);
    const range = { startingHashKey, endingHashKey: startingHashKey + SHARD_KEYS - 1n };
    const { userRecords, withheld } = deaggregate({ partitionKey, data }, range);
    this.#spoilt += withheld?.count ?? 0;
    for (const { partitionKey: device, data: line } of userRecords) {
      const record = JSON.parse(
        Buffer.from(line.buffer, line.byteOffset, line.length).toString(),
      ) as StreamRecord;
      // A raw device says an event's number in its data too.
      if (record.device !== device || record.n !== record.seq) this.#spoilt++;
      else if (!this.#ledger.add(record)) this.#duplicates++;
    }
  }
}

const hashKeyOf = (partitionKey: string, explicit: string | undefined): bigint =>
  BigInt(explicit ?? `0x${createHash("md5").update(partitionKey).digest("hex")}`);

function serve(): void {
  const counter = new Counter();
  const server = createServer((request, response) => void receive(counter, request, response));
  server.keepAliveTimeout = 60_000;
  server.listen(0, "127.0.0.1", () => process.send!({ port: (server.address() as AddressInfo).port }));
  process.on("message", (acked) => process.send!(counter.count(new Map(acked as [string, number][]))));
  // Whatever ends who started it ends this too.
  process.on("disconnect", () => process.exit());
}

async function receive(counter: Counter, request: IncomingMessage, response: ServerResponse): Promise<void> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  const name = String(request.headers["x-amz-target"]).split(".")[1] ?? "";
  const spelling = spellingOf(request.headers["content-type"]);
  const answer = counter.answer(name, spelling, Buffer.concat(chunks));
  const body = spelling.encode(answer ?? { __type: "UnknownOperationException" });
  const headers = { "content-type": spelling.contentType, "content-length": body.length };
  response.writeHead(answer ? 200 : 400, headers).end(body);
}

if (process.argv[2] === "serve") serve();
