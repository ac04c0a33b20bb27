import type { Clock } from "./clock.ts";
import { Committer, type CommitterOptions, type Wear } from "./committer.ts";
import type { DropLedger } from "./drops.ts";
import { messageOf, TonearmError } from "./errors.ts";
import type { News } from "./news.ts";
import type { Recorder } from "./recorder.ts";
import type { OpenedStore, Store } from "./store.ts";

export interface StorageParts {
  readonly recorder: Recorder;
  readonly drops: DropLedger;
  readonly news: News;
  readonly clock: Clock;
  readonly store: Store;
  readonly makeSpare: () => Store;
  readonly wear: Wear | undefined;
}

export interface StorageOptions extends CommitterOptions {
  readonly device: string;
}

/** The store and what fills it: opened once, and begun once there is something to keep. */
export class Storage {
  readonly #parts: StorageParts;
  readonly #options: StorageOptions;
  readonly #onChange: (bytes: number) => void;
  #store: Store;
  #committer: Committer | undefined;
  #opening: Promise<OpenedStore> | undefined;
  durableEvents = 0;

  /** @param onChange called when events of so many bytes were stored, or none could be: they can be sent now. */
  constructor(parts: StorageParts, options: StorageOptions, onChange: (bytes: number) => void) {
    this.#parts = parts;
    this.#options = options;
    this.#onChange = onChange;
    this.#store = parts.store;
  }

  /** A store in memory once the application's could not be opened. */
  get store(): Store {
    return this.#store;
  }

  get isReplaced(): boolean {
    return this.#store !== this.#parts.store;
  }

  /** Undefined before `begin`. */
  get committer(): Committer | undefined {
    return this.#committer;
  }

  /** Finds what earlier epochs left. */
  open(): Promise<OpenedStore> {
    this.#opening ??= this.#open();
    return this.#opening;
  }

  /** Begins the epoch, if it has not begun, and lets what waits be stored. */
  begin(previous: OpenedStore["previous"]): Committer {
    const { recorder, drops, news, clock, wear } = this.#parts;
    if (!this.#committer) {
      recorder.begin(previous);
      news.emit("epoch", { epoch: recorder.epoch, previous });
      const parts = { recorder, store: this.#store, drops, clock, wear };
      this.#committer = new Committer(parts, this.#options, {
        committed: (throughSeq, count, bytes) => this.#committed(throughSeq, count, bytes),
        failed: (error) => this.#failed(error),
      });
    }
    this.#committer.start();
    return this.#committer;
  }

  /** Gives up every event kept, in memory and on the medium; control records stay. */
  async purge(): Promise<boolean> {
    const { recorder, drops, news } = this.#parts;
    const { previous } = await this.open();
    const purge = await this.#store.planPurge();
    for (const range of purge.ranges) drops.add(range, "consent", "consent was withdrawn");
    recorder.purge();
    // An epoch that nobody has heard of, and that has nothing to tell, stays unheard of.
    if (this.#committer || previous || drops.hasPending || recorder.waitingEvents > 0)
      await this.begin(previous).commitAll();
    const complete = await purge.apply();
    if (!complete) {
      const message = "not every event could be removed from the medium; the next purge tries again";
      news.error(new TonearmError("storage_degraded", message));
    }
    return complete;
  }

  async close(): Promise<void> {
    await this.#committer?.stop();
    if (this.#opening) await this.#store.close();
  }

  async #open(): Promise<OpenedStore> {
    const { device } = this.#options;
    const { epoch } = this.#parts.recorder;
    try {
      return await this.#store.open(device, epoch);
    } catch (error) {
      this.#failed(error);
      this.#store = this.#parts.makeSpare();
      return this.#store.open(device, epoch);
    }
  }

  #committed(throughSeq: number, count: number, bytes: number): void {
    const { news, recorder } = this.#parts;
    const { durable } = this.#store;
    if (durable) {
      this.durableEvents += count;
      if (news.over("storage_degraded"))
        news.emit("degraded", { durable, message: "events are stored again" });
      news.emit("durable", { epoch: recorder.epoch, throughSeq });
    }
    this.#onChange(bytes);
  }

  #failed(cause: unknown): void {
    const { news } = this.#parts;
    const message = `events cannot be stored (${messageOf(cause)}); they go on from memory, and are not durable`;
    if (news.trouble(new TonearmError("storage_degraded", message, cause)))
      news.emit("degraded", { durable: false, message });
    this.#onChange(0);
  }
}
