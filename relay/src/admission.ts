import type { Clock } from "@tonearm/sdk/ports";
import { Refusal } from "./refusal.ts";

export interface AdmissionOptions {
  /** Bytes of user records under way at once. */
  readonly bytesInFlightMax: number;
  /** Requests of one epoch under way at once, waiting ones included; a good client has one. */
  readonly requestsPerEpochMax: number;
}

/** Bytes of a request that is being read. */
export interface Hold {
  take(bytes: number): void;
  giveBack(): void;
}

const NOBODY = Promise.resolve();

/** Waits that a full relay asks for, in ms. */
const OVERLOADED_RETRY_MS = 2_000;

/** Decides whether a batch may come in now, and lets the batches of one epoch in one after another. */
export class Admission {
  readonly #options: AdmissionOptions;
  readonly #clock: Clock;
  readonly #lines = new Map<string, { length: number; last: Promise<unknown> }>();
  #bytes = 0;
  #closed = false;

  constructor(options: AdmissionOptions, clock: Clock) {
    this.#options = options;
    this.#clock = clock;
  }

  get bytesInFlight(): number {
    return this.#bytes;
  }

  get isClosed(): boolean {
    return this.#closed;
  }

  /** From now on nothing comes in. */
  close(): void {
    this.#closed = true;
  }

  /**
   * Runs `task` when it is this batch's turn. A batch that comes again while its first copy is still under way waits
   * for it, and then finds it accepted. What waits behind a batch that fails is refused too: an answer says that everything
   * up to a number is safe, and must not pass over what is not.
   * @throws Refusal `shutting_down`, `overloaded` or `too_many_requests`.
   */
  async admit<T>(epochKey: string, bytes: number, task: () => Promise<T>): Promise<T> {
    if (this.#closed) throw this.#refuse("shutting_down", "the relay is shutting down");
    if (this.#bytes + bytes > this.#options.bytesInFlightMax && this.#bytes > 0) {
      throw this.#refuse("overloaded", `the relay holds ${this.#bytes} bytes, as many as it may`);
    }
    const before = this.#lines.get(epochKey);
    const line = before ?? { length: 0, last: NOBODY };
    if (line.length >= this.#options.requestsPerEpochMax) {
      throw this.#refuse(
        "too_many_requests",
        `${line.length} requests of this epoch are under way; send one at a time`,
      );
    }
    line.length++;
    this.#bytes += bytes;
    if (!before) this.#lines.set(epochKey, line);
    // Whoever is alone, as nearly everybody is, waits for nothing.
    const result = before ? before.last.then(task, () => this.#refuseBehind()) : task();
    line.last = result;
    try {
      return await result;
    } finally {
      this.#bytes -= bytes;
      if (--line.length === 0) this.#lines.delete(epochKey);
    }
  }

  /** Resolves when the requests of the epoch that are under way now have ended; those that come meanwhile are not waited for. */
  async idle(epochKey: string): Promise<void> {
    await this.#lines.get(epochKey)?.last.catch(() => undefined);
  }

  /**
   * Counts what a request holds before its batch can be admitted. `take` throws a Refusal `overloaded` when the relay holds
   * too much, `giveBack` ends the count.
   */
  hold(): Hold {
    let held = 0;
    return {
      take: (bytes) => {
        if (this.#bytes + bytes > this.#options.bytesInFlightMax && this.#bytes > held) {
          throw this.#refuse("overloaded", `the relay holds ${this.#bytes} bytes, as many as it may`);
        }
        held += bytes;
        this.#bytes += bytes;
      },
      giveBack: () => {
        this.#bytes -= held;
        held = 0;
      },
    };
  }

  #refuseBehind(): never {
    throw this.#refuse("too_many_requests", "the request before this one failed; send that first");
  }

  #refuse(code: "shutting_down" | "overloaded" | "too_many_requests", message: string): Refusal {
    const retryAfterMs = OVERLOADED_RETRY_MS * (1 + this.#clock.fraction());
    return new Refusal(code, message, { retryAfterMs });
  }
}
