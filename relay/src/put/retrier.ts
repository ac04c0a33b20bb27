import type { Clock } from "@tonearm/sdk/ports";
import type { CircuitBreaker } from "./circuit-breaker.ts";
import type { Limiter } from "./limiter.ts";
import type { Waiting } from "./line.ts";
import { entryBytes, shardKeyOf } from "./put-entry.ts";
import { isThrottled, type PutRecords, type PutResult } from "./putter.ts";

/** What the retrier tells. */
export interface RetrierEvents {
  /**
   * Records went to other shards than the map had said. Those that are aggregates are `strays`: whoever is told settles
   * them, once it is known whether consumers get them.
   */
  surprised(strays: readonly Waiting[]): void;
  /** Records are sent again; `code` says why, `call` when the whole call failed. */
  retried(count: number, code: string): void;
  failed(error: unknown): void;
  /** Kinesis refuses a record for ever. */
  refused(waiting: Waiting, reason: string): void;
}

/** What a call that was refused has shown so far, while its records are tried in ever smaller calls. */
interface Search {
  accepted: boolean;
  refusals: number;
}

/** So many refusals in a row without one record taken: it is not the records. */
const REFUSALS_MAX = 24;
/** A record from the spool, whose turn it is, is refused so often before it is given up without other proof. */
const REFUSALS_ALONE = 8;

/** Makes calls and deals with their answers: what failed is to be put again, record by record. */
export class Retrier {
  readonly #put: PutRecords;
  readonly #breaker: CircuitBreaker;
  readonly #limiter: Limiter;
  readonly #clock: Clock;
  readonly #events: RetrierEvents;
  #acceptedMs = Number.NEGATIVE_INFINITY;

  constructor(
    parts: {
      readonly put: PutRecords;
      readonly breaker: CircuitBreaker;
      readonly limiter: Limiter;
      readonly clock: Clock;
    },
    events: RetrierEvents,
  ) {
    this.#put = parts.put;
    this.#breaker = parts.breaker;
    this.#limiter = parts.limiter;
    this.#clock = parts.clock;
    this.#events = events;
  }

  /** One call, start to finish. Never rejects; resolves to the records that must be put again. */
  call(waiting: readonly Waiting[]): Promise<readonly Waiting[]> {
    return this.#call(waiting, { accepted: false, refusals: 0 });
  }

  /** Gives records up: whoever sent them keeps them. */
  giveUp(waiting: readonly Waiting[]): void {
    for (const { entry } of waiting) for (const delivery of entry.deliveries) delivery.entryFailed();
  }

  async #call(waiting: readonly Waiting[], search: Search): Promise<readonly Waiting[]> {
    const sentMs = this.#clock.monotonicMs();
    const answer = await this.#put(waiting.map(({ entry }) => entry));
    switch (answer.kind) {
      case "answered":
        this.#breaker.succeeded();
        return this.#settle(waiting, answer.results, sentMs, search);
      case "refused":
        this.#breaker.succeeded();
        this.#events.failed(answer.error);
        return this.#divide(waiting, answer.error.name, search);
      case "failed":
        this.#events.failed(answer.error);
        this.#breaker.failed();
        return this.#again(waiting, "call");
    }
  }

  /** One record of a call keeps all of it out: the halves are tried until it stands alone. */
  async #divide(waiting: readonly Waiting[], reason: string, search: Search): Promise<readonly Waiting[]> {
    search.refusals++;
    if (waiting.length === 1) return this.#refuse(waiting[0]!, reason, search);
    const middle = waiting.length >>> 1;
    const first = await this.#call(waiting.slice(0, middle), search);
    if (!search.accepted && search.refusals > REFUSALS_MAX) {
      return [...first, ...this.#again(waiting.slice(middle), reason)];
    }
    return [...first, ...(await this.#call(waiting.slice(middle), search))];
  }

  /**
   * A record that is refused alone is given up only when Kinesis takes others: else the fault may be in every call. From
   * the spool it would hold up all others, so that in the end it goes all the same, to the dead letters.
   */
  #refuse(waiting: Waiting, reason: string, search: Search): readonly Waiting[] {
    const refusals = waiting.refusals + 1;
    const takesOthers = search.accepted || this.#acceptedMs >= waiting.sinceMs;
    if (takesOthers || (waiting.entry.lane === "spooled" && refusals >= REFUSALS_ALONE)) {
      this.#events.refused(waiting, reason);
      for (const delivery of waiting.entry.deliveries) delivery.entryRefused(reason);
      return [];
    }
    return this.#again([{ ...waiting, refusals }], reason);
  }

  #settle(
    waiting: readonly Waiting[],
    results: readonly PutResult[],
    sentMs: number,
    search: Search,
  ): readonly Waiting[] {
    const failed = new Map<string, Waiting[]>();
    let surprised = false;
    const strays: Waiting[] = [];
    for (const [i, each] of waiting.entries()) {
      const result = results[i]!;
      const key = shardKeyOf(each.entry);
      if (!result.ok) {
        if (isThrottled(result.code)) this.#limiter.throttled(key, sentMs);
        const group = failed.get(result.code);
        if (group) group.push(each);
        else failed.set(result.code, [each]);
        continue;
      }
      search.accepted = true;
      const strayed = each.entry.shardId !== undefined && result.shardId !== each.entry.shardId;
      surprised ||= strayed;
      this.#limiter.accepted(key, entryBytes(each.entry));
      if (strayed && each.entry.userRecords > 1) strays.push(each);
      else {
        for (const delivery of each.entry.deliveries) delivery.entryDelivered();
        each.entry.free?.();
      }
    }
    if (search.accepted) this.#acceptedMs = this.#clock.monotonicMs();
    if (surprised) this.#events.surprised(strays);
    return [...failed].flatMap(([code, group]) => this.#again(group, code));
  }

  /** An open circuit keeps nobody waiting. */
  #again(waiting: readonly Waiting[], code: string): readonly Waiting[] {
    if (this.#breaker.kind === "open") {
      this.giveUp(waiting);
      return [];
    }
    this.#events.retried(waiting.length, code);
    return waiting;
  }
}
