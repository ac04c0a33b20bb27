import type { Clock } from "@tonearm/sdk/ports";
import { type Log, Throttled } from "./log.ts";

const INTERVAL_MS = 5_000;

/** Says what goes wrong between the relay and Kinesis: often enough to be seen, not as often as it happens. */
export class TroubleLog {
  readonly #log: Log;
  readonly #throttled: Throttled;

  constructor(log: Log, clock: Clock) {
    this.#log = log;
    this.#throttled = new Throttled(INTERVAL_MS, () => clock.monotonicMs());
  }

  /** A call of PutRecords failed as a whole. */
  callFailed(error: unknown): void {
    this.#warn("PutRecords failed", error);
  }

  /** The stream could not be looked at; `isKnown` says whether it ever was. */
  lookFailed(error: unknown, isKnown: boolean): void {
    this.#warn(
      isKnown
        ? "the shard map could not be refreshed"
        : "the stream cannot be reached; batches go into the spool",
      error,
    );
  }

  #warn(message: string, error: unknown): void {
    this.#throttled.run((suppressed) => this.#log.warn(message, { error: String(error), suppressed }));
  }
}
