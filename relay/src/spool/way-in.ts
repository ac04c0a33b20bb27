import type { Clock } from "@tonearm/sdk/ports";
import type { Batch } from "../batch.ts";
import type { Circuit } from "../put/circuit-breaker.ts";
import { Refusal } from "../refusal.ts";
import type { Elsewhere } from "./elsewhere.ts";
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

/** Where a batch is that is not in the stream yet: in this worker's spool, or in another's. */
export type Waits = "spool" | "elsewhere";

/** What the way into the spool stands on. */
export interface WayInParts {
  readonly spool: Spool | undefined;
  /** The other workers' spools, where there are others. */
  readonly elsewhere: Elsewhere | undefined;
  readonly clock: Clock;
  readonly circuit: () => Circuit["kind"];
}

/** The way of a batch into a spool, where there is one, and what its sender is told when it does not lead there. */
export class WayIn {
  readonly #parts: WayInParts;
  readonly #options: WayInOptions;

  constructor(parts: WayInParts, options: WayInOptions) {
    this.#parts = parts;
    this.#options = options;
  }

  /** A device has come to this worker that it has not served before, or not lately. */
  arrived(device: string): void {
    const { elsewhere } = this.#parts;
    if (elsewhere?.isFor(device)) elsewhere.suspect(device);
  }

  /**
   * Stores a batch that must not go straight into the stream: while that takes nothing, and behind others of its device.
   * @param waitMs when the stream may take it, as far as that is known; else 0.
   * @returns where it is; undefined: it may go into the stream.
   * @throws Refusal `stream_unavailable` when it cannot be stored, or its turn does not come in time.
   */
  async detain(batch: Batch, waitMs: () => number): Promise<Waits | undefined> {
    const { spool, elsewhere, circuit } = this.#parts;
    const { device } = batch;
    if (elsewhere?.isFor(device)) {
      const mustWait = circuit() === "open" || (await elsewhere.mustQueue(device));
      return mustWait || circuit() === "open" ? this.store(batch, waitMs()) : undefined;
    }
    if (await this.isHeld(device)) await this.#turn(batch);
    const kind = circuit();
    if (kind === "open" || spool?.holds(device)) return this.store(batch, waitMs());
    // Half open, its probes come from the spool: nobody waits for them. A spool that takes nothing makes this batch the probe.
    if (kind === "half-open" && (await spool?.store(batch)) === "stored") return "spool";
    return undefined;
  }

  /**
   * Stores a batch; resolves when it is durable.
   * @param waitMs when the stream may take it, as far as that is known; else 0.
   * @throws Refusal `stream_unavailable` when it cannot be stored.
   */
  async store(batch: Batch, waitMs: number): Promise<Waits> {
    const { elsewhere } = this.#parts;
    if (elsewhere?.isFor(batch.device)) {
      await elsewhere.store(batch);
      return "elsewhere";
    }
    await this.#storeHere(batch, waitMs);
    return "spool";
  }

  /** Whether batches of a device are in this worker's spool, once those that are about to leave have left. */
  async isHeld(device: string): Promise<boolean> {
    const { spool } = this.#parts;
    if (this.#isEmptying && spool?.holds(device)) await spool.untilFree(device);
    return spool?.holds(device) ?? false;
  }

  /**
   * Stores another worker's batch in this one's spool.
   * @throws Refusal `stream_unavailable` when it cannot be stored, or its turn does not come in time.
   */
  async follow(batch: Batch, waitMs: number): Promise<void> {
    await this.#turn(batch);
    await this.#storeHere(batch, waitMs);
  }

  get #isEmptying(): boolean {
    return this.#parts.circuit() === "closed";
  }

  /** While the spool is being emptied, waits for a batch's turn to follow others of its device. */
  async #turn({ device, records }: Batch): Promise<void> {
    const { spool } = this.#parts;
    if (!this.#isEmptying || !spool?.holds(device)) return;
    const bytes = records.bytes.length;
    if (await spool.mayFollow(bytes, this.#options.deliveryDeadlineMs)) return;
    throw this.#refusal(
      "the relay empties its spool, where batches of this device are; keep the batch and send it again",
      spool.turnMs(bytes) ?? UNAVAILABLE_RETRY_MS,
    );
  }

  async #storeHere(batch: Batch, waitMs: number): Promise<void> {
    const { spool } = this.#parts;
    const stored = (await spool?.store(batch)) ?? "none";
    if (stored === "stored") return;
    const roomMs = stored === "full" ? spool?.rate.waitMs(batch.records.bytes.length, waitMs) : undefined;
    throw this.#refusal(
      `Kinesis does not take records now${NO_SPOOL[stored]}; keep the batch and send it again`,
      roomMs ?? (waitMs || UNAVAILABLE_RETRY_MS),
    );
  }

  #refusal(message: string, waitMs: number): Refusal {
    const retryAfterMs = waitMs * (1 + this.#parts.clock.fraction() / 2);
    return new Refusal("stream_unavailable", message, { retryAfterMs });
  }
}
