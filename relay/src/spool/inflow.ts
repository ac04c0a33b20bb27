import type { Cancel, Clock } from "@tonearm/sdk/ports";

/** Of what leaves the spool, what may come in again: it becomes empty in twice the time at most, whatever comes. */
const PART = 0.5;
/** What may come in before anything has left, in bytes; no more than that is saved up. */
const CREDIT_MAX = 1_048_576;

interface Waiting {
  readonly bytes: number;
  readonly resolve: (isLetIn: boolean) => void;
  readonly cancel: Cancel;
}

/**
 * What may go into the spool while it is being emptied: batches of devices that have others in it. Under a load as large as
 * the stream takes they would else fill it as fast as it empties, and stay behind it for as long as the load lasts. They wait, first
 * come, first served.
 */
export class Inflow {
  readonly #clock: Clock;
  readonly #waitingBytesMax: number;
  /** Insertion order is the line. */
  readonly #line = new Set<Waiting>();
  #waitingBytes = 0;
  #credit = CREDIT_MAX;

  /** @param waitingBytesMax of all batches that wait together; one more is not let in. */
  constructor(clock: Clock, waitingBytesMax: number) {
    this.#clock = clock;
    this.#waitingBytesMax = waitingBytesMax;
  }

  /** So many bytes have left the spool. */
  drained(bytes: number): void {
    this.#credit = Math.min(CREDIT_MAX, this.#credit + bytes * PART);
    for (const waiting of this.#line) {
      if (this.#credit <= 0) return;
      this.#credit -= waiting.bytes;
      this.#leave(waiting, true);
    }
  }

  /** Waits for its turn, `waitMsMax` at most; resolves to whether it has come. Like a bucket, any credit lets any batch in. */
  enter(bytes: number, waitMsMax: number): Promise<boolean> {
    if (this.#credit > 0) {
      this.#credit -= bytes;
      return Promise.resolve(true);
    }
    if (this.#waitingBytes + bytes > this.#waitingBytesMax) return Promise.resolve(false);
    return new Promise((resolve) => {
      const cancel = this.#clock.after(waitMsMax, () => this.#leave(waiting, false), true);
      const waiting = { bytes, resolve, cancel };
      this.#line.add(waiting);
      this.#waitingBytes += bytes;
    });
  }

  /** Lets everybody in who waits: the spool is not being emptied any more. */
  letAllIn(): void {
    for (const waiting of this.#line) this.#leave(waiting, true);
  }

  /** How long a batch of `bytes` would wait, in ms, when the spool empties at `bytesPerSecond`. */
  waitMs(bytes: number, bytesPerSecond: number): number {
    const missing = this.#waitingBytes + bytes - Math.min(0, this.#credit);
    return (missing * 1_000) / (bytesPerSecond * PART);
  }

  #leave(waiting: Waiting, isLetIn: boolean): void {
    waiting.cancel();
    this.#line.delete(waiting);
    this.#waitingBytes -= waiting.bytes;
    waiting.resolve(isLetIn);
  }
}
