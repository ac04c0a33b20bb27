/**
 * How much of each shard this relay may use, learned from what Kinesis answers.
 *
 * Everything is measured in shares: 1 is a whole shard by Kinesis's documents, its bytes and its records a second alike. A
 * record costs as much time of a whole shard as it fills; a shard's balances are filled again at its share.
 *
 * The share begins at 1. Until Kinesis first throttles the shard it doubles while it holds anything back, because there are
 * servers that take more. From then on it grows by little and is cut by a part, which is what makes relays that know
 * nothing of each other come to equal shares. It grows only while it holds something back: what nobody asked for was
 * not tried.
 */
import type { Clock } from "@tonearm/sdk/ports";
import { recent } from "../memory/recent.ts";
import type { Lane } from "./put-entry.ts";

export interface LimiterOptions {
  /** What a whole shard takes in a second: 1 MiB and 1,000 records by Kinesis's documents. */
  readonly shardBytesPerSecond: number;
  readonly shardRecordsPerSecond: number;
}

/** What has been learned of one shard. */
export interface ShardShare {
  /** How much of a shard this relay may use now. */
  readonly share: number;
  /** Accepted of late, a second. */
  readonly bytesPerSecond: number;
  readonly recordsPerSecond: number;
}

interface Shard {
  share: number;
  /** Whether it was throttled ever. */
  met: boolean;
  /** Whether something was held back since the share last changed; by what comes from the spool, only up to a whole shard. */
  held: boolean;
  filledMs: number;
  grownMs: number;
  cutMs: number;
  /** What may go now, in ms of a whole shard; below 0 behind a record that was larger than what was there. */
  bytes: number;
  records: number;
  /** What may come from the spool although live records take everything. */
  reserve: number;
  rate: { atMs: number; bytes: number; records: number };
}

/** What is saved up while nothing goes: a quarter of a second. */
const BURST_MS = 250;
/** Of that, what the spool leaves to live records, so that they need not wait for it. */
const LIVE_PART = 0.5;
/** Of the share, what the spool gets at least, so that it comes to an end. */
const SPOOL_PART = 0.1;
const STEP_MS = 250;
const GROWTH_PER_SECOND = 0.05;
const CUT = 0.8;
const FIRST_CUT = 0.5;
const SHARE_MIN = 0.01;
/** Beyond any shard there is; only servers without limits come near it. */
const SHARE_MAX = 1_024;
const RATE_MS = 5_000;
/** Shards remembered; a stream has at most 10,000 or so, and reshards. */
const SHARDS_MAX = 20_000;

export class Limiter {
  readonly #clock: Clock;
  readonly #bytesPerMs: number;
  readonly #recordsPerMs: number;
  readonly #shards = recent<Shard>(SHARDS_MAX);

  constructor(clock: Clock, options: LimiterOptions) {
    this.#clock = clock;
    this.#bytesPerMs = options.shardBytesPerSecond / 1_000;
    this.#recordsPerMs = options.shardRecordsPerSecond / 1_000;
  }

  /** Takes what a record of `bytes` costs, or nothing, and then it must wait. */
  take(shardId: string, lane: Lane, bytes: number): boolean {
    const shard = this.#shard(shardId);
    const least = this.#leastFor(shard, lane);
    if (least === "reserve") shard.reserve -= this.#costOf(bytes);
    else if (Math.min(shard.bytes, shard.records) <= least) {
      if (lane === "live" || shard.share < 1) shard.held = true;
      return false;
    }
    shard.bytes -= bytes / this.#bytesPerMs;
    shard.records -= 1 / this.#recordsPerMs;
    return true;
  }

  /** How long until the next record may go, in ms; from the spool it may be sooner. */
  waitMs(shardId: string, lane: Lane): number {
    const shard = this.#shard(shardId);
    const least = this.#leastFor(shard, lane);
    if (least === "reserve") return 0;
    const missing = least - Math.min(shard.bytes, shard.records);
    return missing < 0 ? 0 : (missing + EPSILON_MS) / shard.share;
  }

  /** How long `bytes` that wait for a shard will take, in ms. */
  drainMs(shardId: string, bytes: number, records: number): number {
    const shard = this.#shard(shardId);
    return Math.max(bytes / this.#bytesPerMs, records / this.#recordsPerMs) / shard.share;
  }

  /** Kinesis took a record. */
  accepted(shardId: string, bytes: number): void {
    const shard = this.#shard(shardId);
    const rate = this.#fade(shard);
    rate.bytes += (bytes * 1_000) / RATE_MS;
    rate.records += 1_000 / RATE_MS;
    this.#grow(shard);
  }

  /**
   * Kinesis throttled a record of a call made at `sentMs`. Calls made before the last cut say nothing new: they were too
   * many by the old share.
   */
  throttled(shardId: string, sentMs: number): void {
    const shard = this.#shard(shardId);
    if (sentMs < shard.cutMs) return;
    const now = this.#clock.monotonicMs();
    // What the last doubling tried was too much: half of it had been taken.
    shard.share = Math.max(SHARE_MIN, shard.share * (shard.met ? CUT : FIRST_CUT));
    Object.assign(shard, { met: true, held: false, cutMs: now, grownMs: now });
    shard.bytes = Math.min(shard.bytes, 0);
    shard.records = Math.min(shard.records, 0);
  }

  /** What is known of a shard; undefined when nothing ever went there. */
  share(shardId: string): ShardShare | undefined {
    const shard = this.#shards.peek(shardId);
    if (!shard) return undefined;
    const { bytes, records } = this.#fade(shard);
    return { share: shard.share, bytesPerSecond: bytes, recordsPerSecond: records };
  }

  #leastFor(shard: Shard, lane: Lane): number | "reserve" {
    if (lane === "live") return 0;
    return shard.reserve > 0 && Math.min(shard.bytes, shard.records) > -BURST_MS * shard.share
      ? "reserve"
      : BURST_MS * shard.share * LIVE_PART;
  }

  #costOf(bytes: number): number {
    return Math.max(bytes / this.#bytesPerMs, 1 / this.#recordsPerMs);
  }

  /** The shard, its balances filled up to now. */
  #shard(shardId: string): Shard {
    const now = this.#clock.monotonicMs();
    const known = this.#shards.get(shardId);
    if (!known) {
      const fresh = newShard(now);
      this.#shards.set(shardId, fresh);
      return fresh;
    }
    const filled = (now - known.filledMs) * known.share;
    const most = BURST_MS * known.share;
    known.filledMs = now;
    known.bytes = Math.min(most, known.bytes + filled);
    known.records = Math.min(most, known.records + filled);
    known.reserve = Math.min(most * SPOOL_PART, known.reserve + filled * SPOOL_PART);
    return known;
  }

  #grow(shard: Shard): void {
    const now = this.#clock.monotonicMs();
    const sinceMs = now - shard.grownMs;
    if (!shard.held || sinceMs < STEP_MS) return;
    const more = shard.met ? (GROWTH_PER_SECOND * Math.min(sinceMs, 1_000)) / 1_000 : shard.share;
    shard.share = Math.min(SHARE_MAX, shard.share + more);
    shard.grownMs = now;
    shard.held = false;
  }

  #fade({ rate }: Shard): Shard["rate"] {
    const now = this.#clock.monotonicMs();
    const left = Math.exp((rate.atMs - now) / RATE_MS);
    rate.atMs = now;
    rate.bytes *= left;
    rate.records *= left;
    return rate;
  }
}

/** A wait that ends exactly when the balance is 0 would find nothing to go on. */
const EPSILON_MS = 0.5;

function newShard(now: number): Shard {
  return {
    share: 1,
    met: false,
    held: false,
    filledMs: now,
    grownMs: now,
    cutMs: Number.NEGATIVE_INFINITY,
    bytes: BURST_MS,
    records: BURST_MS,
    reserve: 0,
    rate: { atMs: now, bytes: 0, records: 0 },
  };
}
