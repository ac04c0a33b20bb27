import type { Clock } from "@tonearm/sdk/ports";
import { LRUCache } from "lru-cache";
import { Refusal } from "../refusal.ts";
import { type Bucket, type BucketSize, take, waitMsOf } from "./token-bucket.ts";

export interface RateLimitOptions {
  /** Undefined: no limit. */
  readonly device: BucketSize | undefined;
  /** For everything that comes with one write key. Undefined: no limit. */
  readonly key: BucketSize | undefined;
}

/** What a request costs beside its bytes, so that many small ones are not for nothing. */
export const REQUEST_BYTES = 4_096;
/** Buckets remembered; what is forgotten begins anew with a full one. */
const DEVICES_MAX = 100_000;
/** There are two write keys at most, and those of before a few changes. */
const KEYS_MAX = 16;

/**
 * How fast anybody may send, in inflated bytes: one bucket for each device, and one for each write key. Who goes beyond it is
 * refused with when to come again, before anything of the batch is decoded; nobody else notices.
 */
export class RateLimits {
  readonly #clock: Clock;
  readonly #devices = new LRUCache<string, Bucket>({ max: DEVICES_MAX });
  readonly #keys = new LRUCache<string, Bucket>({ max: KEYS_MAX });
  #options: RateLimitOptions;

  constructor(options: RateLimitOptions, clock: Clock) {
    this.#clock = clock;
    this.#options = options;
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
    this.#spend(this.#keys, this.#options.key, key, 0, "write key");
    this.#spend(this.#devices, this.#options.device, device, 0, "device");
  }

  /** Counts a request with `bytes` of body. @throws Refusal `too_many_requests`; then nothing was counted. */
  take(key: string | undefined, device: string, bytes: number): void {
    this.check(key, device);
    this.#spend(this.#keys, this.#options.key, key, REQUEST_BYTES + bytes, "write key");
    this.#spend(this.#devices, this.#options.device, device, REQUEST_BYTES + bytes, "device");
  }

  #spend(
    buckets: LRUCache<string, Bucket>,
    size: BucketSize | undefined,
    name: string | undefined,
    bytes: number,
    whose: string,
  ): void {
    if (!size || name === undefined) return;
    const nowMs = this.#clock.monotonicMs();
    const before = buckets.get(name);
    const waitMs = waitMsOf(before, size, nowMs);
    if (waitMs > 0) {
      const retryAfterMs = waitMs * (1 + this.#clock.fraction());
      const message = `more than ${size.bytesPerSecond} bytes per second come with this ${whose}, the most that it may send`;
      throw new Refusal("too_many_requests", message, { retryAfterMs });
    }
    if (bytes > 0) buckets.set(name, take(before, size, bytes, nowMs));
  }
}
