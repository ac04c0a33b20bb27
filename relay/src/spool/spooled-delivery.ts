import { type Batch, countOf, halves } from "../batch.ts";
import type { Log } from "../log.ts";
import type { DeadLetters } from "./dead-letters.ts";
import type { SpooledBatch } from "./spool.ts";
import { encodeSpooledBatch } from "./spooled-batch.ts";

/** What became of a batch from the spool; `dead` counts its events that are among the dead letters now. */
export type Arrival = { readonly kind: "settled"; readonly dead: number } | { readonly kind: "waits" };

/** Tries to put a batch into the stream. `reason` says why it never will be. */
export type TryStream = (batch: Batch, alone: boolean) => Promise<Tried>;

type Tried =
  | { readonly kind: "stream" }
  | { readonly kind: "unavailable" }
  | { readonly kind: "refused" | "too_large"; readonly reason: string };

const WAITS: Arrival = { kind: "waits" };

/**
 * Brings batches from the spool to where they end: into the stream, or to the dead letters. What Kinesis refuses is tried alone,
 * then in halves, until the event at fault stands alone; only that one is given up.
 */
export class SpooledDelivery {
  readonly #tryStream: TryStream;
  readonly #deadLetters: DeadLetters;
  readonly #log: Log;

  constructor(tryStream: TryStream, deadLetters: DeadLetters, log: Log) {
    this.#tryStream = tryStream;
    this.#deadLetters = deadLetters;
    this.#log = log;
  }

  deliver({ batch, bytes }: SpooledBatch): Promise<Arrival> {
    return batch ? this.#deliver(batch, false) : this.#bury(bytes, 0, "undecodable");
  }

  async #deliver(batch: Batch, alone: boolean): Promise<Arrival> {
    const outcome = await this.#tryStream(batch, alone);
    if (outcome.kind === "stream") return { kind: "settled", dead: 0 };
    if (outcome.kind === "unavailable") return WAITS;
    // Another batch in the record may have been the reason.
    if (outcome.kind === "refused" && !alone) return this.#deliver(batch, true);
    const count = countOf(batch);
    if (count === 1) return this.#bury(encodeSpooledBatch(batch), 1, outcome.reason);
    let dead = 0;
    for (const half of halves(batch)) {
      const arrival = countOf(half) === 0 ? undefined : await this.#deliver(half, true);
      if (arrival?.kind === "waits") return arrival;
      dead += arrival?.dead ?? 0;
    }
    return { kind: "settled", dead };
  }

  async #bury(bytes: Uint8Array, events: number, reason: string): Promise<Arrival> {
    if (!(await this.#deadLetters.bury(bytes, reason))) {
      this.#log.error("a dead letter cannot be put aside: it waits in the spool", { reason });
      return WAITS;
    }
    this.#log.error("a dead letter was put aside", { reason, events, bytes: bytes.length });
    return { kind: "settled", dead: events };
  }
}
