import type { Clock } from "@tonearm/sdk/ports";
import { LRUCache } from "lru-cache";
import type { Batch } from "../batch.ts";
import { Refusal } from "../refusal.ts";
import type { Keepers } from "../workers/colleagues.ts";

/** What a sender waits when its device's keeper says nothing, in ms. */
const SILENT_RETRY_MS = 2_000;

/**
 * The spools of the other workers, as this one uses them. Every device has its place in one worker's spool, so that what comes
 * of it over any connection, and after any restart, queues behind what is there already.
 */
export class Elsewhere {
  readonly #keepers: Keepers;
  readonly #clock: Clock;
  /** Devices that may have batches in their keepers' spools, each with the number of its last suspicion. */
  readonly #suspects: LRUCache<string, number>;
  #suspicions = 0;

  /** @param devicesMax of whom it is remembered that they may have batches; the others go straight into the stream. */
  constructor(keepers: Keepers, clock: Clock, devicesMax: number) {
    this.#keepers = keepers;
    this.#clock = clock;
    this.#suspects = new LRUCache({ max: devicesMax });
  }

  /** Whether a device's place is in another worker's spool. */
  isFor(device: string): boolean {
    return this.#keepers.isElsewhere(device);
  }

  /** A device has come from another worker, or from nowhere: it may have left something. */
  suspect(device: string): void {
    this.#suspects.set(device, ++this.#suspicions);
  }

  /** Whether a device must queue behind batches in its keeper's spool. A keeper that says nothing may have some. */
  async mustQueue(device: string): Promise<boolean> {
    const suspicion = this.#suspects.get(device);
    if (suspicion === undefined) return false;
    if ((await this.#keepers.isHeld(device)) !== false) return true;
    // While it was asked, another batch of the device may have gone there.
    if (this.#suspects.get(device) === suspicion) this.#suspects.delete(device);
    return false;
  }

  /** @throws Refusal `stream_unavailable` when the keeper does not store the batch, or does not say so. */
  async store(batch: Batch): Promise<void> {
    this.suspect(batch.device);
    const kept = await this.#keepers.keep(batch);
    if (kept?.kind === "stored") return;
    const silence =
      "the worker that keeps batches of this device says nothing; keep the batch and send it again";
    const retryAfterMs = SILENT_RETRY_MS * (1 + this.#clock.fraction() / 2);
    throw new Refusal("stream_unavailable", kept?.message ?? silence, {
      retryAfterMs: kept?.retryAfterMs ?? retryAfterMs,
    });
  }
}
