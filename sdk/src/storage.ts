import { fullJitterMs } from "./backoff.ts";
import type { Cancel } from "./clock.ts";
import { messageOf, TonearmError } from "./errors.ts";
import type { News } from "./news.ts";
import type { CheckedOptions } from "./options.ts";
import type { Ports, StoreNews } from "./ports.ts";
import type { Recorder } from "./recorder.ts";
import type { Eviction, OpenedStore, Store } from "./store.ts";

interface StorageParts {
  readonly recorder: Recorder;
  readonly news: News;
  readonly ports: Ports;
  readonly options: CheckedOptions;
  readonly tell: StoreNews;
  /** Called when events of so many bytes were stored, or none could be: they can be sent now. */
  readonly onChange: (bytes: number) => void;
}

interface State {
  /**
   * `armed`: the commit interval runs. `rationed`: a commit is due, and waits until the medium may be written to again.
   * `degraded`: the store took nothing; storing is tried again.
   */
  readonly kind: "idle" | "armed" | "rationed" | "committing" | "degraded";
  readonly cancel?: Cancel;
}

/** One write takes at most this much, so that a long backlog does not become one long write: 256 KiB. */
const COMMIT_CHUNK_BYTES = 262_144;

/** What the declaration of an eviction takes in the store, about. */
const DECLARATION_BYTES = 200;

/**
 * The store and what fills it: opened once, begun once there is something to keep. Then events move there in groups:
 * when enough wait, or when the oldest has waited long enough. One timer at most, one commit at a time, nothing per event.
 */
export class Storage {
  readonly #parts: StorageParts;
  /** A store in memory once the application's could not be opened. */
  store: Store;
  isReplaced = false;
  /** Whether the epoch has begun. */
  begun = false;
  durableEvents = 0;
  /** The highest number that the store has taken. */
  committedSeq = 0;
  #opening: Promise<OpenedStore> | undefined;
  #isOpen = false;
  #state: State = { kind: "idle" };
  #failures = 0;
  #isEager = false;
  #running: Promise<void> = Promise.resolve();
  #eviction:
    | { readonly eviction: Eviction; readonly declaredSeq: number; readonly declarations: number }
    | undefined;

  constructor(parts: StorageParts) {
    this.#parts = parts;
    this.store = parts.ports.makeStore(parts.tell);
  }

  /** Finds what earlier epochs left. */
  open(): Promise<OpenedStore> {
    this.#opening ??= this.#open();
    return this.#opening;
  }

  /** Begins the epoch, if it has not begun, and lets what waits be stored. */
  begin(previous: OpenedStore["previous"]): void {
    const { recorder, news } = this.#parts;
    if (!this.begun) {
      this.begun = true;
      recorder.begin(previous);
      news.emit("epoch", { epoch: recorder.epoch, previous });
    }
    this.#isOpen = true;
    this.notify();
  }

  /** Called after every record: decides whether a commit is due. Cheap. */
  notify(): void {
    const { kind } = this.#state;
    if (!this.#isOpen || kind === "committing" || kind === "degraded") return;
    const { recorder, options, ports } = this.#parts;
    const { events, bytes } = recorder.queue;
    if ((this.#isEager && events > 0) || this.#isFilling) this.#begin();
    else if (kind === "rationed") return;
    else if (events >= options.commitEventsMax || bytes >= options.commitBytesMax) this.#due();
    else if (kind === "idle" && (events > 0 || recorder.drops.pending.length > 0)) {
      const cancel = ports.clock.after(options.commitIntervalMs, () => this.#due(), true);
      this.#state = { kind: "armed", cancel };
    }
  }

  /** While eager, nothing waits for company: whatever is recorded may be the last that is heard of this process. */
  setEager(isEager: boolean): void {
    this.#isEager = isEager;
    this.notify();
  }

  /** Commits everything that waits now. Resolves when it is stored, or when the store refused it. */
  async commitAll(): Promise<void> {
    if (!this.#isOpen) return;
    const { recorder } = this.#parts;
    recorder.declareDrops();
    const target = recorder.lastSeq;
    const before = this.committedSeq;
    const joined = this.#state.kind === "committing";
    if (!joined) this.#begin();
    await this.#running;
    // A commit that was under way may have taken only what was there when it began.
    const goOn = joined || this.committedSeq > before;
    if (goOn && this.committedSeq < target && !this.degraded && recorder.queue.events > 0)
      await this.commitAll();
  }

  /** Whether events must be sent from memory because the store does not take them. */
  get degraded(): boolean {
    return this.#state.kind === "degraded";
  }

  /** Gives up every event kept, in memory and on the medium; control records stay. */
  async purge(): Promise<boolean> {
    const { recorder, news } = this.#parts;
    const { drops, queue } = recorder;
    const { previous } = await this.open();
    const purge = await this.store.planPurge();
    for (const range of purge.ranges) drops.add(range, "consent", "consent was withdrawn");
    recorder.purge();
    // An epoch that nobody has heard of, and that has nothing to tell, stays unheard of.
    if (this.begun || previous || drops.pending.length > 0 || queue.events > 0) {
      this.begin(previous);
      await this.commitAll();
    }
    const complete = await purge.apply();
    if (!complete) {
      const message = "not every event could be removed from the medium; the next purge tries again";
      news.error(new TonearmError("storage_degraded", message));
    }
    return complete;
  }

  /** Ends after the group that is being stored. */
  async stop(): Promise<void> {
    this.#isOpen = false;
    this.#state.cancel?.();
    await this.#running;
    this.#state = { kind: "idle" };
  }

  async close(): Promise<void> {
    await this.stop();
    if (this.#opening) await this.store.close();
  }

  async #open(): Promise<OpenedStore> {
    const { recorder, options } = this.#parts;
    try {
      return await this.store.open(options.device, recorder.epoch);
    } catch (error) {
      return this.#replace(error);
    }
  }

  /** Goes on with a store in memory. */
  #replace(error: unknown): Promise<OpenedStore> {
    const { recorder, options, ports, tell } = this.#parts;
    this.#failed(error);
    this.isReplaced = true;
    this.store = ports.makeSpare(tell);
    return this.store.open(options.device, recorder.epoch);
  }

  /** Whether so much waits that it must be stored, whatever that costs the medium. */
  get #isFilling(): boolean {
    const { recorder, options } = this.#parts;
    return recorder.queue.bytes >= options.bufferBytesMax / 2;
  }

  /** Commits now, or when the medium can bear it. */
  #due(): void {
    const { recorder, ports } = this.#parts;
    const cancel = this.#isFilling ? undefined : ports.wear?.wait(recorder.queue.bytes, () => this.#begin());
    if (cancel) {
      this.#state.cancel?.();
      this.#state = { kind: "rationed", cancel };
    } else this.#begin();
  }

  #begin(): void {
    this.#state.cancel?.();
    this.#state = { kind: "committing" };
    this.#running = this.#run();
  }

  async #run(): Promise<void> {
    const { recorder, ports, options } = this.#parts;
    // Takes what is there now: later events are either due by themselves or wait their interval.
    const target = recorder.lastSeq;
    let failure: { readonly error: unknown } | undefined;
    let before: number;
    do {
      before = this.committedSeq;
      failure = await this.#commitOnce();
      // What waits may be held back: then nothing was taken, and nothing will be.
      // Nor does an eviction wait for the next group: until its declaration is stored, the cap is exceeded.
    } while (
      !failure &&
      this.#isOpen &&
      this.committedSeq > before &&
      (this.#eviction || this.committedSeq < target)
    );
    if (!this.#isOpen) return;
    if (failure) {
      const delayMs = fullJitterMs(ports.clock, ++this.#failures, options);
      this.#state = { kind: "degraded", cancel: ports.clock.after(delayMs, () => this.#begin()) };
      this.#failed(failure.error);
    } else {
      this.#state = { kind: "idle" };
      this.notify();
    }
  }

  /** Stores one group; returns what kept it from being stored. */
  async #commitOnce(): Promise<{ readonly error: unknown } | undefined> {
    const { recorder, news, onChange } = this.#parts;
    await this.#makeRoom();
    recorder.declareDrops();
    const entries = recorder.peek(COMMIT_CHUNK_BYTES);
    const last = entries.at(-1);
    if (!last) return undefined;
    const appended = await this.store.append(entries);
    if (!appended.ok) return this.#refused(appended);
    this.#failures = 0;
    this.committedSeq = last.seq;
    const bytes = recorder.queue.release(last.seq);
    await this.#applyEviction();
    const { durable } = this.store;
    if (durable) {
      this.durableEvents += entries.length;
      if (news.over("storage_degraded"))
        news.emit("degraded", { durable, message: "events are stored again" });
      news.emit("durable", { epoch: recorder.epoch, throughSeq: last.seq });
    }
    onChange(bytes);
    return undefined;
  }

  /** A store that is somebody else's by now is left to them: they send what is in it, and may have told that this epoch has ended. */
  async #refused(refusal: { readonly error: unknown }): Promise<{ readonly error: unknown } | undefined> {
    const { error } = refusal;
    if (!(error instanceof TonearmError && error.code === "directory_locked")) return refusal;
    void this.store.close().catch(() => undefined);
    this.#eviction = undefined;
    await this.#replace(error);
    this.#parts.recorder.goOn();
    return this.#commitOnce();
  }

  /**
   * Declares what has to go so that all that waits fits: it is stored before the declaration is.
   * @param declarations so many of evictions just applied drive nothing out: each that did would need another.
   */
  async #makeRoom(declarations = 0): Promise<void> {
    if (this.#eviction) return;
    // A burst may have only just begun: all of it is counted.
    await Promise.resolve();
    const { recorder } = this.#parts;
    const { events, bytes } = recorder.queue;
    const eviction = await this.store.planEviction(
      bytes - declarations * DECLARATION_BYTES,
      events - declarations,
    );
    // After `$close` nothing can be declared, so nothing may go: the cap is exceeded by a little.
    if (!eviction || recorder.closed) return;
    const { ranges } = eviction;
    for (const range of ranges) recorder.drops.add(range, "store_full", "the store reached its cap");
    recorder.declareDrops();
    const declaredSeq = recorder.lastSeq;
    this.#eviction = { eviction, declaredSeq, declarations: declarations + ranges.length };
  }

  /** Lets go of what was declared, once the declaration is stored. */
  async #applyEviction(): Promise<void> {
    if (!this.#eviction || this.#eviction.declaredSeq > this.committedSeq) return;
    const { eviction, declarations } = this.#eviction;
    this.#eviction = undefined;
    const { bytes } = this.store.backlog();
    await eviction.apply();
    // What waited when this was planned is stored now, and some of it may have to go. Where nothing came free, nothing will.
    const freed = bytes - this.store.backlog().bytes;
    if (this.#isOpen && freed > declarations * DECLARATION_BYTES) await this.#makeRoom(declarations);
  }

  #failed(cause: unknown): void {
    const { news, onChange } = this.#parts;
    const message = `events cannot be stored (${messageOf(cause)}); they go on from memory, and are not durable`;
    if (news.trouble(new TonearmError("storage_degraded", message, cause)))
      news.emit("degraded", { durable: false, message });
    onChange(0);
  }
}
