import type { Cancel, Clock } from "../clock.ts";
import { type Release, takeLock } from "./locks.ts";

/** How often the uploader looks for epochs that it does not know of, in ms. */
const SWEEP_MS = 10_000;

/**
 * Waits to be the one instance of a database that takes over what dead ones left, and then looks for it again and
 * again. When it dies itself, its lock goes to the next.
 */
export class Uploader {
  readonly #locks: LockManager;
  readonly #name: string;
  readonly #clock: Clock;
  readonly #sweep: (until: AbortSignal) => Promise<void>;
  #abort: AbortController | undefined;
  #release: Release | undefined;
  #cancel: Cancel | undefined;

  /** @param sweep looks once, takes what it finds or waits for it, and does not throw. */
  constructor(locks: LockManager, name: string, clock: Clock, sweep: (until: AbortSignal) => Promise<void>) {
    this.#locks = locks;
    this.#name = name;
    this.#clock = clock;
    this.#sweep = sweep;
  }

  /** Queues for the lock. */
  start(): void {
    const abort = new AbortController();
    this.#abort = abort;
    takeLock(this.#locks, this.#name, { signal: abort.signal }).then(
      (release) => {
        if (abort.signal.aborted) return release?.();
        this.#release = release;
        return this.#look(abort.signal);
      },
      () => undefined,
    );
  }

  /** Leaves the queue, or gives the lock back. */
  stop(): void {
    this.#abort?.abort();
    this.#cancel?.();
    this.#release?.();
    this.#release = undefined;
  }

  async #look(signal: AbortSignal): Promise<void> {
    await this.#sweep(signal);
    if (!signal.aborted) this.#cancel = this.#clock.after(SWEEP_MS, () => void this.#look(signal));
  }
}
