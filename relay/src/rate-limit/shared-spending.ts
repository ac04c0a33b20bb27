import type { Clock } from "@tonearm/sdk/ports";

/** Whose bucket it is. */
export type BucketKind = "device" | "write_key";

/** What was taken from a bucket in one of several workers. */
export interface Spent {
  readonly kind: BucketKind;
  readonly name: string;
  readonly bytes: number;
}

/** The way to the other workers, which have buckets of the same names. */
export interface Peers {
  /** How many workers there are, this one included. */
  readonly count: number;
  tellSpent(spent: readonly Spent[]): void;
}

/** How often workers tell each other, in ms: for so long one may not know yet what another let in. */
const TELL_MS = 250;

/**
 * What is let in here, told to the other workers: with a connection to each of them nobody sends faster than with one. Of
 * whom no more came than a worker's part of the rate is not told: all those parts together are the rate.
 */
export class SharedSpending {
  readonly #peers: Peers;
  readonly #clock: Clock;
  readonly #spent = new Map<string, { readonly spent: Spent; readonly freeBytes: number }>();

  constructor(peers: Peers, clock: Clock) {
    this.#peers = peers;
    this.#clock = clock;
  }

  /** Takes note that `bytes` were taken from a bucket that fills at `bytesPerSecond`. */
  note(kind: BucketKind, name: string, bytes: number, bytesPerSecond: number): void {
    if (this.#spent.size === 0) this.#clock.after(TELL_MS, () => this.#tell());
    const key = `${kind} ${name}`;
    const before = this.#spent.get(key)?.spent.bytes ?? 0;
    const freeBytes = (bytesPerSecond * TELL_MS) / 1_000 / this.#peers.count;
    this.#spent.set(key, { spent: { kind, name, bytes: before + bytes }, freeBytes });
  }

  #tell(): void {
    const told = this.#spent.values().filter(({ spent, freeBytes }) => spent.bytes > freeBytes);
    const spent = Array.from(told, (each) => each.spent);
    this.#spent.clear();
    if (spent.length > 0) this.#peers.tellSpent(spent);
  }
}
