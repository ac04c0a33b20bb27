import type { Clock } from "@tonearm/sdk/ports";
import { type Recent, recent } from "../memory/recent.ts";
import { Refusal } from "../refusal.ts";
import { type BucketKind, type Peers, SharedSpending, type Spent } from "./shared-spending.ts";
import { type Bucket, type BucketSize, take, waitMsOf } from "./token-bucket.ts";

export interface RateLimitOptions {
  /** Undefined: no limit. */
  readonly device: BucketSize | undefined;
  /** For everything that comes with one write key. Undefined: no limit. */
  readonly write_key: BucketSize | undefined;
}

/** What a request costs beside its bytes, so that many small ones are not for nothing. */
export const REQUEST_BYTES = 4_096;
/** Buckets remembered; what is forgotten begins anew with a full one. */
const DEVICES_MAX = 100_000;
/** There are two write keys at most, and those of before a few changes. */
const KEYS_MAX = 16;

/**
 * How fast anybody may send: one bucket for each device, and one for each write key. Who goes beyond it is refused with when to
 * come again, before anything of the batch is decoded; nobody else notices.
 */
export class RateLimits {
  /** Requests refused, by whose bucket was empty. */
  readonly refused: Record<BucketKind, number> = { device: 0, write_key: 0 };
  readonly #clock: Clock;
  readonly #buckets: Readonly<Record<BucketKind, Recent<Bucket>>> = {
    device: recent(DEVICES_MAX),
    write_key: recent(KEYS_MAX),
  };
  readonly #shared: SharedSpending | undefined;
  #options: RateLimitOptions;

  /** @param peers the other workers, where this is one of several. */
  constructor(options: RateLimitOptions, clock: Clock, peers?: Peers) {
    this.#clock = clock;
    this.#options = options;
    this.#shared = peers && new SharedSpending(peers, clock);
  }

  /** From now on these limits; what was sent stays counted. */
  replace(options: RateLimitOptions): void {
    this.#options = options;
  }

  /**
   * Whether something may be sent now, without counting it: before a body is read.
   * @throws Refusal `too_many_requests`.
   */
  check(key: string | undefined, device: string | undefined): void {
    this.#require("write_key", key);
    this.#require("device", device);
  }

  /** Counts a request with `bytes` of body. @throws Refusal `too_many_requests`; then nothing was counted. */
  take(key: string | undefined, device: string, bytes: number): void {
    this.check(key, device);
    this.add(key, device, REQUEST_BYTES + bytes);
  }

  /** Counts bytes of what has been let in already. */
  add(key: string | undefined, device: string, bytes: number): void {
    this.#spend("write_key", key, bytes);
    this.#spend("device", device, bytes);
  }

  /** Counts what other workers let in. */
  addOthers(spent: readonly Spent[]): void {
    for (const { kind, name, bytes } of spent) this.#takeFrom(kind, name, bytes);
  }

  #require(kind: BucketKind, name: string | undefined): void {
    const size = this.#options[kind];
    if (!size || name === undefined) return;
    const waitMs = waitMsOf(this.#buckets[kind].get(name), size, this.#clock.monotonicMs());
    if (waitMs === 0) return;
    this.refused[kind]++;
    const retryAfterMs = waitMs * (1 + this.#clock.fraction());
    const message = `more than ${size.bytesPerSecond} bytes per second come with this ${IN_WORDS[kind]}, the most that it may send`;
    throw new Refusal("too_many_requests", message, { retryAfterMs });
  }

  #spend(kind: BucketKind, name: string | undefined, bytes: number): void {
    const size = this.#options[kind];
    if (!size || name === undefined || bytes <= 0) return;
    this.#takeFrom(kind, name, bytes);
    this.#shared?.note(kind, name, bytes, size.bytesPerSecond);
  }

  #takeFrom(kind: BucketKind, name: string, bytes: number): void {
    const size = this.#options[kind];
    const buckets = this.#buckets[kind];
    if (size) buckets.set(name, take(buckets.get(name), size, bytes, this.#clock.monotonicMs()));
  }
}

const IN_WORDS = { device: "device", write_key: "write key" } as const;
