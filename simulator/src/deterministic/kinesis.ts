import type { LoadShape, PutAnswer, PutEntry, PutRecords, PutResult, Shard } from "@tonearm/relay/testing";
import { hashKeyOf } from "@tonearm/relay/testing";
import type { Random } from "../listening/random.ts";
import type { Process } from "./machine.ts";
import type { Trace } from "./trace.ts";

/** A record as it came into the stream. */
export interface StreamedRecord {
  readonly entry: PutEntry;
  readonly shard: Shard;
  /** Which process of a relay put it. */
  readonly by: string;
}

/** What lies between a relay and Kinesis. */
export interface Link {
  readonly isCut: boolean;
}

/** How Kinesis behaves. All of it may change at any moment. */
export interface KinesisState {
  /** Nobody reaches it. */
  isAway: boolean;
  /** Share of calls that fail as a whole before anything is put. */
  failedCallShare: number;
  /** Share of calls whose records are put, and whose answer is lost. */
  lostAnswerShare: number;
  /** Share of calls that take so long that they are put when nobody waits for them any more. */
  lateCallShare: number;
  /** Share of records that fail inside a call. */
  failedRecordShare: number;
  /** Share of records of a shard that others' traffic has throttled, by shard. */
  readonly throttledShare: Map<string, number>;
}

/** Limits of the service: per shard and second, per record, and per call. */
const SHARD_BYTES_PER_S = 1_048_576;
const SHARD_RECORDS_PER_S = 1_000;
const RECORD_BYTES_MAX = 1_048_576;
const CALL_RECORDS_MAX = 500;
const CALL_BYTES_MAX = 10_485_760;
/** As the relay's own default; a call that takes longer has failed. */
const CALL_TIMEOUT_MS = 8_000;
const LATE_MS_MAX = 60_000;
const LATENCY_MEAN_MS = 15;
const SHARDS_MAX = 16;
const HASH_KEYS = 2n ** 128n;

interface Bucket {
  bytes: number;
  records: number;
  atMs: number;
}

/** A stream of Kinesis, played by its documented rules: shards, limits, throttling, partial failures, resharding, AUTO. */
export class Kinesis {
  readonly state: KinesisState = {
    isAway: false,
    failedCallShare: 0,
    lostAnswerShare: 0,
    lateCallShare: 0,
    failedRecordShare: 0,
    throttledShare: new Map(),
  };
  /** Whether the stream distributes records over its shards by itself, whatever their keys. */
  isAuto = false;
  records = 0;
  readonly #random: Random;
  readonly #trace: Trace;
  readonly #onRecord: (record: StreamedRecord) => void;
  readonly #buckets = new Map<string, Bucket>();
  #shards: Shard[];
  #made = 0;

  constructor(shards: number, random: Random, trace: Trace, onRecord: (record: StreamedRecord) => void) {
    this.#random = random;
    this.#trace = trace;
    this.#onRecord = onRecord;
    const width = HASH_KEYS / BigInt(shards);
    this.#shards = Array.from({ length: shards }, (_, i) => {
      const isLast = i === shards - 1;
      return this.#shard(width * BigInt(i), isLast ? HASH_KEYS - 1n : width * BigInt(i + 1) - 1n);
    });
  }

  /** From now on everything works. */
  heal(): void {
    const { state } = this;
    Object.assign(state, { isAway: false, failedCallShare: 0, lostAnswerShare: 0 });
    Object.assign(state, { lateCallShare: 0, failedRecordShare: 0 });
    state.throttledShare.clear();
  }

  /** Splits a shard, or merges two neighbours. */
  reshard(): void {
    const shards = this.#shards;
    const at = this.#random.integer(0, shards.length - 1);
    const first = shards[at]!;
    const second = shards[at + 1];
    const { startingHashKey: from, endingHashKey: to } = first;
    const isSplit = shards.length < SHARDS_MAX && (!second || this.#random.chance(0.5));
    if (isSplit) {
      const middle = (from + to) / 2n;
      shards.splice(at, 1, this.#shard(from, middle), this.#shard(middle + 1n, to));
    } else if (second) shards.splice(at, 2, this.#shard(from, second.endingHashKey));
    this.#trace.say("kinesis", `${isSplit ? "split" : "merged"}, ${shards.length} shards`);
  }

  /** From now on records go to any shard. */
  becomeAuto(): void {
    this.isAuto = true;
    this.#trace.say("kinesis", "distributes records by itself");
  }

  /** Lets others' traffic throttle a shard. */
  throttle(share: number): void {
    this.state.throttledShare.set(this.#random.pick(this.#shards).shardId, share);
  }

  /** The stream as a relay's process reaches it over `link`; `by` is the process's name. */
  putFor(process: Process, link: Link, by: string): PutRecords {
    return (entries) =>
      new Promise((resolve) => {
        const fail = (afterMs: number, why: string) =>
          void process
            .later(afterMs, (): PutAnswer => ({ kind: "failed", error: new Error(why) }))
            .then(resolve);
        const { state } = this;
        const random = this.#random;
        if (state.isAway || link.isCut) {
          fail(random.chance(0.5) ? 1 : CALL_TIMEOUT_MS, "unreachable");
          return;
        }
        if (random.chance(state.failedCallShare)) {
          fail(
            random.chance(0.8) ? random.exponential(LATENCY_MEAN_MS) : CALL_TIMEOUT_MS,
            "simulated failure",
          );
          return;
        }
        const isLost = random.chance(state.lostAnswerShare);
        const isLate = random.chance(state.lateCallShare);
        if (isLost || isLate) fail(CALL_TIMEOUT_MS, "no answer");
        const latencyMs = isLate ? random.fraction() * LATE_MS_MAX : random.exponential(LATENCY_MEAN_MS);
        // What is on its way arrives, whatever becomes of who sent it, and of the memory that it was sent from.
        const sent = entries.map((entry) => ({ ...entry, data: Buffer.from(entry.data) }));
        const arrived = process.later(latencyMs, () => this.#put(sent, by));
        if (!isLost && !isLate) resolve(arrived);
      });
  }

  /** The shape of the stream as a relay's process is told it. */
  shapeFor(process: Process, link: Link): LoadShape {
    const { state } = this;
    return () =>
      process.later(this.#random.exponential(LATENCY_MEAN_MS), () => {
        if (state.isAway || link.isCut || this.#random.chance(state.failedCallShare))
          throw new Error("unreachable");
        return {
          shards: [...this.#shards],
          isAuto: this.isAuto,
          aggregationOff: this.isAuto ? "the stream distributes records by itself (AUTO)" : undefined,
          recordBytesMax: RECORD_BYTES_MAX,
        };
      });
  }

  #put(entries: readonly PutEntry[], by: string): PutAnswer {
    let bytes = 0;
    for (const { data, partitionKey } of entries) bytes += data.length + partitionKey.length;
    const isRefused =
      entries.length > CALL_RECORDS_MAX ||
      bytes > CALL_BYTES_MAX ||
      entries.some(({ data, partitionKey }) => data.length + partitionKey.length > RECORD_BYTES_MAX);
    if (isRefused) return { kind: "refused", error: new Error("ValidationException") };
    const results = entries.map((entry) => this.#putOne(entry, by));
    const taken = results.filter(({ ok }) => ok).length;
    this.#trace.say("kinesis", `put ${taken} of ${entries.length}, ${bytes} bytes`);
    return { kind: "answered", results };
  }

  #putOne(entry: PutEntry, by: string): PutResult {
    const { state } = this;
    const hashKey =
      entry.explicitHashKey === undefined ? hashKeyOf(entry.partitionKey) : BigInt(entry.explicitHashKey);
    const shard = this.isAuto
      ? this.#random.pick(this.#shards)
      : this.#shards.find(({ endingHashKey }) => hashKey <= endingHashKey)!;
    const throttled = state.throttledShare.get(shard.shardId) ?? 0;
    if (
      this.#random.chance(throttled) ||
      !this.#hasRoom(shard, entry.data.length + entry.partitionKey.length)
    )
      return { ok: false, code: "ProvisionedThroughputExceededException" };
    if (this.#random.chance(state.failedRecordShare)) return { ok: false, code: "InternalFailure" };
    this.records++;
    this.#onRecord({ entry, shard, by });
    return { ok: true, shardId: shard.shardId };
  }

  /** A shard takes so many bytes and records in a second. */
  #hasRoom({ shardId }: Shard, bytes: number): boolean {
    const { nowMs } = this.#trace;
    const bucket = this.#buckets.get(shardId) ?? { bytes: 0, records: 0, atMs: nowMs };
    this.#buckets.set(shardId, bucket);
    const passedMs = nowMs - bucket.atMs;
    bucket.atMs = nowMs;
    bucket.bytes = Math.max(0, bucket.bytes - (passedMs / 1_000) * SHARD_BYTES_PER_S);
    bucket.records = Math.max(0, bucket.records - (passedMs / 1_000) * SHARD_RECORDS_PER_S);
    if (bucket.bytes + bytes > SHARD_BYTES_PER_S || bucket.records + 1 > SHARD_RECORDS_PER_S) return false;
    bucket.bytes += bytes;
    bucket.records++;
    return true;
  }

  #shard(startingHashKey: bigint, endingHashKey: bigint): Shard {
    return { shardId: `shard-${this.#made++}`, startingHashKey, endingHashKey };
  }
}
