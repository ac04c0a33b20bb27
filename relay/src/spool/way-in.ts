import type { Clock } from "@tonearm/sdk/ports";
import type { Batch } from "../batch.ts";
import { Refusal } from "../refusal.ts";
import type { Spool } from "./spool.ts";

export interface WayInOptions {
  /** So long a batch waits for its turn behind others of its device, in ms. */
  readonly deliveryDeadlineMs: number;
}

/** What a refused sender waits when nothing better is known, in ms. */
const UNAVAILABLE_RETRY_MS = 2_000;
/** Why the relay cannot keep a batch for its sender. */
const NO_SPOOL = {
  none: "",
  full: ", and the spool is full",
  failed: ", and the spool's disk fails",
} as const;

/** The way of a batch into the spool, where there is one, and what its sender is told when it does not lead there. */
export class WayIn {
  readonly #spool: Spool | undefined;
  readonly #clock: Clock;
  readonly #options: WayInOptions;

  constructor(spool: Spool | undefined, clock: Clock, options: WayInOptions) {
    this.#spool = spool;
    this.#clock = clock;
    this.#options = options;
  }

  /**
   * While the spool is being emptied, waits until a device has nothing in it any more, or until it is its turn to put
   * something behind that.
   * @param isEmptying whether Kinesis takes what is in the spool.
   * @throws Refusal `stream_unavailable` when its turn does not come in time.
   */
  async queueUp({ device, records }: Batch, isEmptying: () => boolean): Promise<void> {
    const spool = this.#spool;
    if (!isEmptying() || !spool?.holds(device)) return;
    await spool.untilFree(device);
    if (!isEmptying() || !spool.holds(device)) return;
    const bytes = records.bytes.length;
    if (await spool.mayFollow(bytes, this.#options.deliveryDeadlineMs)) return;
    throw this.#refusal(
      "the relay empties its spool, where batches of this device are; keep the batch and send it again",
      spool.turnMs(bytes) ?? UNAVAILABLE_RETRY_MS,
    );
  }

  /**
   * Stores a batch; resolves when it is durable.
   * @param waitMs when the stream may take it, as far as that is known; else 0.
   * @throws Refusal `stream_unavailable` when it cannot be stored.
   */
  async store(batch: Batch, waitMs: number): Promise<"spool"> {
    const stored = (await this.#spool?.store(batch)) ?? "none";
    if (stored === "stored") return "spool";
    const roomMs =
      stored === "full" ? this.#spool?.rate.waitMs(batch.records.bytes.length, waitMs) : undefined;
    throw this.#refusal(
      `Kinesis does not take records now${NO_SPOOL[stored]}; keep the batch and send it again`,
      roomMs ?? (waitMs || UNAVAILABLE_RETRY_MS),
    );
  }

  #refusal(message: string, waitMs: number): Refusal {
    const retryAfterMs = waitMs * (1 + this.#clock.fraction() / 2);
    return new Refusal("stream_unavailable", message, { retryAfterMs });
  }
}
