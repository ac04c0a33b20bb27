import type { Cancel, Clock } from "@tonearm/sdk/ports";
import type { CircuitBreaker } from "./circuit-breaker.ts";
import { entryBytes, type PutEntry } from "./put-entry.ts";

export interface CollectorOptions {
  /** Most records in one call; Kinesis takes 500. */
  readonly putRecordsMax: number;
  /** Most bytes in one call; Kinesis takes 10 MiB, kinesalite 5 MiB of data. */
  readonly putBytesMax: number;
  /** Calls under way at once. */
  readonly putsMax: number;
  /** How long a record waits for others to share its call, in ms. */
  readonly collectMs: number;
}

/** A record on its way, with what has happened to it so far. */
export interface Waiting {
  readonly entry: PutEntry;
  readonly sinceMs: number;
  readonly attempts: number;
}

/** Makes one call; resolves when its answer has been dealt with. */
export type Put = (waiting: readonly Waiting[]) => Promise<void>;

/** Gathers Kinesis records into calls. Under load calls fill by themselves, because records wait for a free place. */
export class Collector {
  readonly #breaker: CircuitBreaker;
  readonly #clock: Clock;
  readonly #options: CollectorOptions;
  readonly #put: Put;
  #queue: Waiting[] = [];
  #calls = 0;
  #cancelTimer: Cancel | undefined;

  constructor(
    parts: { readonly breaker: CircuitBreaker; readonly clock: Clock },
    options: CollectorOptions,
    put: Put,
  ) {
    this.#breaker = parts.breaker;
    this.#clock = parts.clock;
    this.#options = options;
    this.#put = put;
  }

  add(entry: PutEntry): void {
    this.#queue.push({ entry, sinceMs: this.#clock.monotonicMs(), attempts: 0 });
    this.#schedule(this.#options.collectMs);
  }

  /** Puts records back, ahead of newer ones. */
  addAgain(waiting: readonly Waiting[]): void {
    this.#queue.unshift(...waiting);
    this.#schedule(0);
  }

  /** Takes back everything that is not under way: the circuit opened, and nobody should be kept waiting. */
  takeAll(): readonly Waiting[] {
    const taken = this.#queue;
    this.#queue = [];
    return taken;
  }

  /** Records waiting for a call. */
  get waiting(): number {
    return this.#queue.length;
  }

  #schedule(delayMs: number): void {
    if (this.#cancelTimer || this.#queue.length === 0) return;
    this.#cancelTimer = this.#clock.after(
      delayMs,
      () => {
        this.#cancelTimer = undefined;
        this.#callAll();
      },
      true,
    );
  }

  #callAll(): void {
    while (this.#queue.length > 0) {
      const kind = this.#breaker.kind;
      if (kind === "open") {
        this.#schedule(Math.max(1, this.#breaker.waitMs));
        return;
      }
      // A probe is one call with one record, and nothing beside it.
      const places = kind === "half-open" ? 1 : this.#options.putsMax;
      if (this.#calls >= places) return;
      const call = this.#take(kind === "half-open" ? 1 : this.#options.putRecordsMax);
      this.#calls++;
      void this.#put(call).finally(() => {
        this.#calls--;
        this.#callAll();
      });
    }
  }

  #take(recordsMax: number): Waiting[] {
    let bytes = 0;
    let count = 0;
    for (const { entry } of this.#queue) {
      bytes += entryBytes(entry);
      if (count === recordsMax || (bytes > this.#options.putBytesMax && count > 0)) break;
      count++;
    }
    return this.#queue.splice(0, count);
  }
}
