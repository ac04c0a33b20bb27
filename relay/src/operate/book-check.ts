import type { Clock } from "@tonearm/sdk/ports";
import type { Book } from "../book.ts";
import { type Log, Throttled } from "../log.ts";

const LOG_INTERVAL_MS = 60_000;

/** Holds the book against its invariant, whenever somebody looks and when the relay ends. */
export class BookCheck {
  /** Checks that found it wrong. */
  mismatches = 0;
  readonly #book: Book;
  readonly #log: Log;
  readonly #trouble: Throttled;

  constructor(book: Book, clock: Clock, log: Log) {
    this.#book = book;
    this.#log = log;
    this.#trouble = new Throttled(LOG_INTERVAL_MS, () => clock.monotonicMs());
  }

  /** @returns the imbalance in events, 0 when the book is right; a mismatch is counted, and logged as an error. */
  run(): number {
    const book = this.#book;
    const { received, delivered, spooled, inFlight, duplicates, rejectedEvents: rejected } = book;
    const { deadLetters, damaged, moved, imbalance } = book;
    const columns = { received, delivered, spooled, inFlight, duplicates, rejected, deadLetters, damaged };
    // A sum can be right over columns that cannot be.
    if (imbalance === 0 && Object.values(columns).every((count) => count >= 0)) return 0;
    this.mismatches++;
    this.#trouble.run((suppressed) =>
      this.#log.error("the book does not balance", { imbalance, moved, ...columns, suppressed }),
    );
    return imbalance;
  }
}
