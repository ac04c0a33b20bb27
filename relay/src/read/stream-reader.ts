import {
  ExpiredIteratorException,
  GetRecordsCommand,
  GetShardIteratorCommand,
  type KinesisClient,
} from "@aws-sdk/client-kinesis";
import { type Clock, sleep } from "@tonearm/sdk/ports";
import { listShards } from "../kinesis/stream-shape.ts";
import { type Deaggregated, deaggregate, type HashKeyRange } from "./deaggregate.ts";

/** One Kinesis record as it was read. */
export interface ReadRecord extends Deaggregated {
  readonly shardId: string;
  readonly sequenceNumber: string;
  /** Data and partition key, in bytes. */
  readonly bytes: number;
}

export interface ReadOptions {
  /** Go on waiting for new records at the end, until `signal` aborts. */
  readonly follow: boolean;
  /** Begin with what comes from now on instead of the oldest record. */
  readonly fromLatest: boolean;
  readonly signal?: AbortSignal;
}

interface ReadableShard {
  readonly shardId: string;
  readonly parents: readonly string[];
  readonly range: HashKeyRange;
}

/** About how many bytes of records one answer should have: some servers do not cut their answers by themselves. */
const ANSWER_BYTES = 4_194_304;
const RECORDS_PER_CALL_MAX = 200;
/** What records are taken to be as long as nothing is known of them: as large as most streams let them be. */
const RECORD_BYTES_PRESUMED = 1_048_576;
/** A shard allows five reads per second. */
const FOLLOW_PAUSE_MS = 250;
const THROTTLED_PAUSE_MS = 500;
const CALL_ATTEMPTS = 6;
const REFRESH_PAUSE_MS = 2_000;
/** Empty answers at the end of an open shard before it counts as read: some servers give one too early. */
const EMPTY_ANSWERS = 3;

/**
 * Reads a stream, all shards side by side, a shard only after its parents, so that the records of a key come in their
 * order. Ends when every shard is read to its end as of then; with `follow` it goes on. Memory holds one answer per
 * shard, of a few MiB.
 */
export class StreamReader {
  readonly #client: KinesisClient;
  readonly #streamName: string;
  readonly #clock: Clock;
  readonly #options: ReadOptions;

  constructor(client: KinesisClient, streamName: string, clock: Clock, options: ReadOptions) {
    this.#client = client;
    this.#streamName = streamName;
    this.#clock = clock;
    this.#options = options;
  }

  /** Calls `onRecord` for every record; records of one shard come one after another. */
  async read(onRecord: (record: ReadRecord) => void | Promise<void>): Promise<void> {
    const done = new Map<string, Promise<void>>();
    for (let first = true; ; first = false) {
      const shards = await this.#shards();
      // Parents first, so that their promises exist; they have lower ids, ids being counted up.
      for (const shard of shards.toSorted((a, b) => (a.shardId < b.shardId ? -1 : 1))) {
        if (done.has(shard.shardId)) continue;
        const parents = shard.parents
          .map((parent) => done.get(parent))
          .filter((parent) => parent !== undefined);
        // A shard that appears while we read holds nothing older than that.
        const fromLatest = first && this.#options.fromLatest;
        done.set(shard.shardId, this.#readAfter(parents, shard, fromLatest, onRecord));
      }
      const all = Promise.all(done.values());
      if (this.#options.follow && !this.#options.signal?.aborted) {
        await Promise.race([all, sleep(this.#clock, REFRESH_PAUSE_MS, this.#options.signal)]);
        continue;
      }
      await all;
      // A shard that was split while it was read has children that nobody has read yet.
      if ((await this.#shards()).every(({ shardId }) => done.has(shardId))) return;
    }
  }

  async #readAfter(
    parents: readonly Promise<void>[],
    shard: ReadableShard,
    fromLatest: boolean,
    onRecord: (record: ReadRecord) => void | Promise<void>,
  ): Promise<void> {
    await Promise.all(parents);
    let iterator = await this.#iterator(shard.shardId, fromLatest ? "LATEST" : "TRIM_HORIZON");
    let emptyAnswers = 0;
    let last: string | undefined;
    let recordBytes = RECORD_BYTES_PRESUMED;
    while (iterator !== undefined && !this.#options.signal?.aborted) {
      const answer = await this.#getRecords(iterator, shard.shardId, last, limitFor(recordBytes));
      if (answer.Records?.length) recordBytes = Math.max(recordBytes / 2, largestOf(answer.Records));
      for (const { PartitionKey = "", Data = new Uint8Array(0), SequenceNumber = "" } of answer.Records ??
        []) {
        last = SequenceNumber;
        const parts = deaggregate({ partitionKey: PartitionKey, data: Data }, shard.range);
        const bytes = Data.length + PartitionKey.length;
        await onRecord({ ...parts, shardId: shard.shardId, sequenceNumber: SequenceNumber, bytes });
      }
      iterator = answer.NextShardIterator;
      emptyAnswers = answer.Records?.length ? 0 : emptyAnswers + 1;
      if (emptyAnswers === 0 || iterator === undefined) continue;
      const atEnd = (answer.MillisBehindLatest ?? 0) === 0;
      if (!this.#options.follow && atEnd && emptyAnswers >= EMPTY_ANSWERS) return;
      if (this.#options.follow) await sleep(this.#clock, FOLLOW_PAUSE_MS, this.#options.signal);
    }
  }

  async #shards(): Promise<ReadableShard[]> {
    const shards = await this.#patiently(() => listShards(this.#client, this.#streamName));
    return shards.map(({ ShardId = "", ParentShardId, AdjacentParentShardId, HashKeyRange: range }) => ({
      shardId: ShardId,
      parents: [ParentShardId, AdjacentParentShardId].filter((parent) => parent !== undefined),
      range: {
        startingHashKey: BigInt(range?.StartingHashKey ?? 0),
        endingHashKey: BigInt(range?.EndingHashKey ?? 0),
      },
    }));
  }

  /** @param from where to begin: a kind of position, or the sequence number of the last record read. */
  async #iterator(shardId: string, from: string): Promise<string | undefined> {
    const isNumber = /^\d+$/.test(from);
    const command = new GetShardIteratorCommand({
      StreamName: this.#streamName,
      ShardId: shardId,
      ShardIteratorType: isNumber ? "AFTER_SEQUENCE_NUMBER" : (from as "LATEST" | "TRIM_HORIZON"),
      ...(isNumber && { StartingSequenceNumber: from }),
    });
    return (await this.#patiently(() => this.#client.send(command))).ShardIterator;
  }

  /** One call; an iterator that has grown old (5 minutes) is renewed behind the last record. */
  async #getRecords(iterator: string, shardId: string, last: string | undefined, limit: number) {
    const get = (ShardIterator: string) =>
      this.#client.send(new GetRecordsCommand({ ShardIterator, Limit: limit }));
    try {
      return await this.#patiently(() => get(iterator));
    } catch (error) {
      if (!(error instanceof ExpiredIteratorException)) throw error;
      const renewed = await this.#iterator(shardId, last ?? "TRIM_HORIZON");
      return this.#patiently(() => get(renewed ?? iterator));
    }
  }

  /** Waits out throttling and passing faults, a bounded number of times. */
  async #patiently<T>(call: () => Promise<T>): Promise<T> {
    for (let attempt = 1; ; attempt++) {
      try {
        return await call();
      } catch (error) {
        if (!isPassing(error) || attempt === CALL_ATTEMPTS) throw error;
        await sleep(this.#clock, THROTTLED_PAUSE_MS * attempt, this.#options.signal);
      }
    }
  }
}

/** Throttling, faults of the server, and faults of the way to it; a missing region or key does not pass. */
function isPassing(error: unknown): boolean {
  if (!(error instanceof Error)) return false;
  if (/ThroughputExceeded|LimitExceeded|Throttling/.test(error.name)) return true;
  const { $metadata, code } = error as { $metadata?: { httpStatusCode?: number }; code?: unknown };
  const status = $metadata?.httpStatusCode;
  if (status !== undefined) return status >= 500;
  return error.name === "TimeoutError" || typeof code === "string";
}

/**
 * How many records to ask for. The largest that was seen decides, and is forgotten by halves: a shard of small records is
 * soon read in large steps, and one large record among them makes the next steps small.
 */
function limitFor(recordBytes: number): number {
  return Math.max(1, Math.min(RECORDS_PER_CALL_MAX, Math.floor(ANSWER_BYTES / recordBytes)));
}

function largestOf(records: readonly { readonly Data?: Uint8Array | undefined }[]): number {
  return records.reduce((largest, { Data }) => Math.max(largest, Data?.length ?? 0), 0);
}
