import { type Batch, countOf } from "../batch.ts";
import type { Book } from "../book.ts";
import { Refusal } from "../refusal.ts";
import type { Kept } from "../workers/colleagues.ts";
import type { WayIn } from "./way-in.ts";

/** How the relay is, for who comes from another worker. */
export interface KeeperState {
  /** Whether the spool takes anything: not before the start, nor at the end. */
  readonly isOpen: () => boolean;
  /** When the stream may take it, as far as that is known, in ms. */
  readonly waitMs: () => number;
}

const CLOSED: Kept = {
  kind: "refused",
  message: "the worker that keeps batches of this device is not there now; keep the batch and send it again",
  retryAfterMs: 1_000,
};

/** Keeps in this worker's spool what other workers have received of the devices that have their place here. */
export class Keeper {
  readonly #wayIn: WayIn;
  readonly #book: Book;
  readonly #state: KeeperState;

  constructor(wayIn: WayIn, book: Book, state: KeeperState) {
    this.#wayIn = wayIn;
    this.#book = book;
    this.#state = state;
  }

  /** Whether batches of `device` are here, once those that are about to leave have left. */
  async isHeld(device: string): Promise<boolean> {
    return !this.#state.isOpen() || (await this.#wayIn.isHeld(device));
  }

  /** Stores a batch behind others of its device. */
  async keep(batch: Batch): Promise<Kept> {
    if (!this.#state.isOpen()) return CLOSED;
    try {
      await this.#wayIn.follow(batch, this.#state.waitMs());
    } catch (error) {
      if (!(error instanceof Refusal)) throw error;
      return { kind: "refused", message: error.message, retryAfterMs: error.retryAfterMs ?? 0 };
    }
    this.#book.takeOver(countOf(batch));
    return { kind: "stored" };
  }
}
