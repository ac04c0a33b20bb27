import { systemClock } from "@tonearm/sdk/ports";
import type { FleetCounts } from "./fleet-counts.ts";

/** What the relay's status page says, as much of it as a progress line shows. */
interface Status {
  readonly book: { readonly delivered: number; readonly in_flight: number; readonly spooled: number };
  readonly circuit: string;
  readonly put_retries: number;
}

/** Turns a relay's status and a fleet's counts into a line of progress. */
export class RelayWatch {
  readonly #url: string;
  #lastMs = systemClock.monotonicMs();
  #lastDelivered = 0;
  #rate = 0;

  constructor(url: string) {
    this.#url = url;
  }

  async line(counts: FleetCounts): Promise<string> {
    const status = await this.#status();
    if (!status) return `recorded ${counts.recorded}  the relay does not answer`;
    const { book, circuit, put_retries: retries } = status;
    this.#measure(book.delivered);
    return [
      `recorded ${String(counts.recorded).padStart(7)}`,
      `delivered ${String(book.delivered).padStart(7)}`,
      `in flight ${String(book.in_flight).padStart(5)}`,
      `crashes ${String(counts.crashes).padStart(4)}`,
      `put retries ${String(retries).padStart(3)}`,
      `circuit ${circuit}`,
      `${this.#rate.toFixed(0)} events/s`,
    ].join("  ");
  }

  #measure(delivered: number): void {
    const now = systemClock.monotonicMs();
    if (now - this.#lastMs < 100) return;
    this.#rate = ((delivered - this.#lastDelivered) / (now - this.#lastMs)) * 1_000;
    this.#lastMs = now;
    this.#lastDelivered = delivered;
  }

  async #status(): Promise<Status | undefined> {
    try {
      const answer = await fetch(new URL("/status.json", this.#url));
      return (await answer.json()) as Status;
    } catch {
      return undefined;
    }
  }
}
