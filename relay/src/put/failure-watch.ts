import type { Clock } from "@tonearm/sdk/ports";

export interface FailureWatchOptions {
  /** Calls that must fail in a row. */
  readonly failuresToOpen: number;
  /** Or this share of the calls of the last `failureWindowMs`, in percent, when there were `failureCallsMin` of them. */
  readonly failurePercentToOpen: number;
  readonly failureWindowMs: number;
  readonly failureCallsMin: number;
}

interface Slot {
  /** Which stretch of time it stands for. */
  number: number;
  calls: number;
  failures: number;
}

/** The window moves on by a tenth of itself. */
const SLOTS = 10;

/**
 * What opens the circuit, apart from what an open circuit means: so many calls that failed in a row, or too many of the calls
 * of a while. It is told of whole calls only; a throttled shard fails records, not calls.
 */
export class FailureWatch {
  readonly #clock: Clock;
  readonly #options: FailureWatchOptions;
  readonly #slots: Slot[] = Array.from({ length: SLOTS }, () => ({ number: -1, calls: 0, failures: 0 }));
  #inARow = 0;

  constructor(clock: Clock, options: FailureWatchOptions) {
    this.#clock = clock;
    this.#options = options;
  }

  succeeded(): void {
    this.#inARow = 0;
    this.#slot().calls++;
  }

  /** Returns whether this failure is one too many. */
  failed(): boolean {
    const { failuresToOpen, failureCallsMin, failurePercentToOpen } = this.#options;
    const slot = this.#slot();
    slot.calls++;
    slot.failures++;
    if (++this.#inARow >= failuresToOpen) return true;
    const { calls, failures } = this.recent;
    return calls >= failureCallsMin && failures * 100 >= failurePercentToOpen * calls;
  }

  /** What went before says nothing any more. */
  reset(): void {
    this.#inARow = 0;
    for (const slot of this.#slots) Object.assign(slot, { number: -1, calls: 0, failures: 0 });
  }

  /** The calls of the window, and how many of them failed. */
  get recent(): { readonly calls: number; readonly failures: number } {
    const oldest = this.#number() - SLOTS;
    let calls = 0;
    let failures = 0;
    for (const slot of this.#slots) {
      if (slot.number <= oldest) continue;
      calls += slot.calls;
      failures += slot.failures;
    }
    return { calls, failures };
  }

  #number(): number {
    return Math.floor((this.#clock.monotonicMs() * SLOTS) / this.#options.failureWindowMs);
  }

  #slot(): Slot {
    const number = this.#number();
    const slot = this.#slots[number % SLOTS]!;
    if (slot.number !== number) Object.assign(slot, { number, calls: 0, failures: 0 });
    return slot;
  }
}
