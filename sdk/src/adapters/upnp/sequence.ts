import type { Cancel, Clock } from "../../clock.ts";

/** So long one that is missing may be on its way: each notification has a connection of its own. */
const LATE_MS = 1_000;
/** More than this do not wait for it. */
const AHEAD_MAX = 16;
/** Numbers are of 32 bits; 0 is the first one's, and after the greatest comes 1. */
const GREATEST = 0xffff_ffff;

interface SequenceOptions<T> {
  readonly onNext: (notification: T) => void;
  /** Told when one does not come. Those behind it are handed over then. */
  readonly onMissing: () => void;
}

/** The notifications of one subscription in the order in which they were sent, each once. */
export class Sequence<T> {
  readonly #clock: Clock;
  readonly #options: SequenceOptions<T>;
  /** The number that is due. */
  #due = 0;
  #ahead = new Map<number, T>();
  #cancel: Cancel | undefined;

  constructor(clock: Clock, options: SequenceOptions<T>) {
    this.#clock = clock;
    this.#options = options;
  }

  /** @param seq its number; one without a number is taken as it comes. */
  take(seq: number | undefined, notification: T): void {
    // There are renderers that call each one the first.
    const isRestless = seq === 0 && this.#due === 1;
    if (seq === undefined || isRestless) {
      this.#options.onNext(notification);
    } else if (this.#isAhead(seq)) {
      this.#ahead.set(seq, notification);
      this.#handOver();
      if (this.#ahead.size > AHEAD_MAX) this.#giveUp();
    }
  }

  close(): void {
    this.#cancel?.();
    this.#cancel = undefined;
    this.#ahead.clear();
  }

  /** Due, or to come; what is older has been handed over. */
  #isAhead(seq: number): boolean {
    return (seq - this.#due + GREATEST) % GREATEST < GREATEST / 2;
  }

  #handOver(): void {
    for (let next = this.#ahead.get(this.#due); next !== undefined; next = this.#ahead.get(this.#due)) {
      this.#ahead.delete(this.#due);
      this.#due = this.#due === GREATEST ? 1 : this.#due + 1;
      this.#options.onNext(next);
    }
    if (this.#ahead.size === 0) {
      this.#cancel?.();
      this.#cancel = undefined;
    } else {
      this.#cancel ??= this.#clock.after(LATE_MS, () => this.#giveUp());
    }
  }

  /** Goes on behind what is missing. */
  #giveUp(): void {
    this.#cancel?.();
    this.#cancel = undefined;
    const distances = Array.from(this.#ahead.keys(), (seq) => (seq - this.#due + GREATEST) % GREATEST);
    this.#due += Math.min(...distances);
    if (this.#due > GREATEST) this.#due -= GREATEST;
    this.#handOver();
    this.#options.onMissing();
  }
}
