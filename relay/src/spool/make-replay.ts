import type { Clock } from "@tonearm/sdk/ports";
import type { Aggregator } from "../aggregate/aggregator.ts";
import { type Batch, countOf } from "../batch.ts";
import type { Book } from "../book.ts";
import type { Log } from "../log.ts";
import { Refusal } from "../refusal.ts";
import { Replay, type Settled } from "./replay.ts";
import type { Spool } from "./spool.ts";
import { SpooledDelivery, type TryStream } from "./spooled-delivery.ts";

/** What the way out of the spool leads through. */
interface ReplayParts {
  readonly spool: Spool;
  readonly clock: Clock;
  readonly log: Log;
  readonly aggregator: Aggregator;
  readonly book: Book;
  /** Whether Kinesis may take something now. */
  readonly mayDeliver: () => boolean;
}

/** Wires the way out of the spool: through the aggregator into the stream, or to the dead letters, and into the book. */
export function makeReplay({ spool, clock, log, aggregator, book, mayDeliver }: ReplayParts): Replay {
  const tryStream: TryStream = async (batch: Batch, alone: boolean) => {
    if (!mayDeliver()) return { kind: "unavailable" };
    try {
      const delivery = aggregator.add(batch, { lane: "spooled", alone });
      const kind = await delivery.outcome;
      if (kind === "refused") return { kind, reason: delivery.refusal ?? kind };
      return kind === "stream" ? { kind } : { kind: "unavailable" };
    } catch (error) {
      if (!(error instanceof Refusal)) throw error;
      return { kind: "too_large", reason: error.code };
    }
  };
  const delivery = new SpooledDelivery(tryStream, spool.deadLetters, log);
  return new Replay(spool, clock, (spooled) => delivery.deliver(spooled), {
    settled: (batches) => countSettled(book, batches),
    mayDeliver,
    handedOver: () => aggregator.flush("spooled"),
  });
}

function countSettled(book: Book, batches: readonly Settled[]): void {
  for (const { spooled, dead } of batches) {
    const alive = (spooled.batch ? countOf(spooled.batch) : 0) - dead;
    if (spooled.inherited) book.inherited += alive;
    else {
      book.unspool("delivered", alive);
      book.unspool("deadLetters", dead);
    }
  }
}
