import type { Clock } from "@tonearm/sdk/ports";
import type { CircuitBreaker } from "./circuit-breaker.ts";
import type { Waiting } from "./collector.ts";
import type { PutRecords, PutResult } from "./putter.ts";

export interface RetrierOptions {
  /** First bound of the random wait before a record is sent again, in ms; it doubles with each attempt. */
  readonly retryBaseMs: number;
  readonly retryMaxMs: number;
  /** After this long a record is given up and its senders are told to keep it, in ms. */
  readonly deliveryDeadlineMs: number;
}

/** What the retrier tells. */
export interface RetrierEvents {
  /** A record went to another shard than the map had said. */
  surprised(): void;
  /** Records are sent again; `code` says why, `call` when the whole call failed. */
  retried(count: number, code: string): void;
  failed(error: unknown): void;
  /** Their wait is over: they are to be put again, ahead of newer ones. */
  again(waiting: readonly Waiting[]): void;
}

/** Makes calls and deals with their answers: only records that failed are sent again, after a random wait. */
export class Retrier {
  readonly #put: PutRecords;
  readonly #breaker: CircuitBreaker;
  readonly #clock: Clock;
  readonly #options: RetrierOptions;
  readonly #events: RetrierEvents;

  constructor(
    parts: { readonly put: PutRecords; readonly breaker: CircuitBreaker; readonly clock: Clock },
    options: RetrierOptions,
    events: RetrierEvents,
  ) {
    this.#put = parts.put;
    this.#breaker = parts.breaker;
    this.#clock = parts.clock;
    this.#options = options;
    this.#events = events;
  }

  /** One call, start to finish. Never rejects. */
  async call(waiting: readonly Waiting[]): Promise<void> {
    const answer = await this.#put(waiting.map(({ entry }) => entry));
    if (answer.kind === "failed") {
      this.#events.failed(answer.error);
      this.#breaker.failed();
      this.#again(waiting, "call");
      return;
    }
    this.#breaker.succeeded();
    this.#settle(waiting, answer.results);
  }

  /** Gives records up: whoever sent them keeps them. */
  giveUp(waiting: readonly Waiting[]): void {
    for (const { entry } of waiting) for (const delivery of entry.deliveries) delivery.entryFailed();
  }

  #settle(waiting: readonly Waiting[], results: readonly PutResult[]): void {
    const failed = new Map<string, Waiting[]>();
    let surprised = false;
    for (const [i, each] of waiting.entries()) {
      const result = results[i]!;
      if (!result.ok) {
        failed.set(result.code, [...(failed.get(result.code) ?? []), each]);
        continue;
      }
      surprised ||= result.shardId !== each.entry.shardId;
      for (const delivery of each.entry.deliveries) delivery.entryDelivered();
    }
    if (surprised) this.#events.surprised();
    for (const [code, group] of failed) this.#again(group, code);
  }

  #again(waiting: readonly Waiting[], code: string): void {
    const { deliveryDeadlineMs, retryBaseMs, retryMaxMs } = this.#options;
    const now = this.#clock.monotonicMs();
    const late = waiting.filter(({ sinceMs }) => now - sinceMs >= deliveryDeadlineMs);
    this.giveUp(late);
    const again = waiting
      .filter((each) => !late.includes(each))
      .map((each) => ({ ...each, attempts: each.attempts + 1 }));
    if (again.length === 0) return;
    this.#events.retried(again.length, code);
    // An open circuit takes them back at once; the wait is for a call that will be made.
    if (this.#breaker.kind === "open") {
      this.giveUp(again);
      return;
    }
    const attempts = Math.max(...again.map((each) => each.attempts));
    const bound = Math.min(retryMaxMs, retryBaseMs * 2 ** Math.min(attempts - 1, 30));
    this.#clock.after(this.#clock.fraction() * bound, () => this.#events.again(again), true);
  }
}
