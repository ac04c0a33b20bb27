import type { Clock } from "@tonearm/sdk/ports";

/** How much of what is known a drain of this long leaves: half of it. */
const HALF_LIFE_MS = 5_000;
/** No sender is told to wait longer, whatever the sums say. */
const WAIT_MS_MAX = 300_000;

/** How fast the spool empties, and when senders that found it full may come again. */
export class DrainRate {
  readonly #clock: Clock;
  #drainedMs = Number.NEGATIVE_INFINITY;
  /** What left it, and in what time; both fade. */
  #bytes = 0;
  #ms = 0;
  /** When the room for everybody who was sent away so far will have been made. */
  #roomMs = 0;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Measured while it last drained; undefined as long as it never has. */
  get bytesPerSecond(): number | undefined {
    return this.#ms === 0 ? undefined : (this.#bytes / this.#ms) * 1_000;
  }

  /** So many bytes, which were read at `readMs`, have left it. */
  drained(bytes: number, readMs: number): void {
    const now = this.#clock.monotonicMs();
    const tookMs = now - Math.max(readMs, this.#drainedMs);
    this.#drainedMs = now;
    const kept = 0.5 ** (tookMs / HALF_LIFE_MS);
    this.#bytes = this.#bytes * kept + bytes;
    this.#ms = this.#ms * kept + tookMs;
  }

  /**
   * How long a sender of `bytes` that found the spool full is to stay away, in ms: until room for it and for all who were
   * sent away before it has been made. Undefined as long as nobody knows how fast that goes.
   * @param closedMs how long Kinesis is away at least.
   */
  waitMs(bytes: number, closedMs: number): number | undefined {
    const rate = this.bytesPerSecond;
    if (!rate) return undefined;
    const now = this.#clock.monotonicMs();
    const room = Math.max(this.#roomMs, now + closedMs) + (bytes * 1_000) / rate;
    this.#roomMs = Math.min(room, now + WAIT_MS_MAX);
    return this.#roomMs - now;
  }
}
