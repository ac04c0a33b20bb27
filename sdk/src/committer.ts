import { type BackoffOptions, fullJitterMs } from "./backoff.ts";
import type { Cancel, Clock } from "./clock.ts";
import type { DropLedger } from "./drops.ts";
import type { Recorder } from "./recorder.ts";
import type { Eviction, Store } from "./store.ts";

/** Rations writing where the medium wears out. */
export interface Wear {
  /**
   * Calls back when a commit of about so many bytes can be borne, or when the process is about to end.
   * @returns undefined when it can be borne now; then it does not call.
   */
  wait(bytes: number, callback: () => void): Cancel | undefined;
}

export interface CommitterOptions extends BackoffOptions {
  readonly bufferBytesMax: number;
  readonly commitIntervalMs: number;
  readonly commitEventsMax: number;
  readonly commitBytesMax: number;
}

/** What the committer tells. */
export interface CommitterEvents {
  /** Everything up to `throughSeq` is in the store, the last `count` events, of `bytes` in all, since just now. */
  committed(throughSeq: number, count: number, bytes: number): void;
  /** The store took nothing. Events stay in memory; storing is tried again. */
  failed(error: unknown): void;
}

type State =
  /** The store is not open yet, or nothing waits. */
  | { readonly kind: "idle" }
  | { readonly kind: "armed"; readonly cancel: Cancel }
  /** A commit is due, and waits until the medium may be written to again. */
  | { readonly kind: "rationed"; readonly cancel: Cancel }
  | { readonly kind: "committing" }
  | { readonly kind: "degraded"; readonly cancel: Cancel };

/** One write takes at most this much, so that a long backlog does not become one long write: 256 KiB. */
const COMMIT_CHUNK_BYTES = 262_144;

/** What the declaration of an eviction takes in the store, about. */
const DECLARATION_BYTES = 200;

/**
 * Moves events from memory to the store in groups: when enough wait, or when the oldest has waited long enough. One
 * timer at most, one commit at a time, nothing per event.
 */
export class Committer {
  readonly #recorder: Recorder;
  readonly #store: Store;
  readonly #drops: DropLedger;
  readonly #clock: Clock;
  readonly #wear: Wear | undefined;
  readonly #options: CommitterOptions;
  readonly #events: CommitterEvents;
  #state: State = { kind: "idle" };
  #open = false;
  #failures = 0;
  #eager = false;
  #committedSeq = 0;
  #running: Promise<void> = Promise.resolve();
  #eviction:
    | { readonly eviction: Eviction; readonly declaredSeq: number; readonly declarations: number }
    | undefined;

  constructor(
    parts: { recorder: Recorder; store: Store; drops: DropLedger; clock: Clock; wear?: Wear | undefined },
    options: CommitterOptions,
    events: CommitterEvents,
  ) {
    this.#recorder = parts.recorder;
    this.#store = parts.store;
    this.#drops = parts.drops;
    this.#clock = parts.clock;
    this.#wear = parts.wear;
    this.#options = options;
    this.#events = events;
  }

  /** The store is open: what waits may be committed. */
  start(): void {
    this.#open = true;
    this.notify();
  }

  /** Called after every record: decides whether a commit is due. Cheap. */
  notify(): void {
    const { kind } = this.#state;
    if (!this.#open || kind === "committing" || kind === "degraded") return;
    const { waitingEvents, waitingBytes } = this.#recorder;
    const { commitEventsMax, commitBytesMax, commitIntervalMs, bufferBytesMax } = this.#options;
    if (this.#eager && waitingEvents > 0) {
      this.#begin();
    } else if (kind === "rationed") {
      if (waitingBytes >= bufferBytesMax / 2) this.#begin();
    } else if (waitingEvents >= commitEventsMax || waitingBytes >= commitBytesMax) {
      this.#due();
    } else if (kind === "idle" && (waitingEvents > 0 || this.#drops.hasPending)) {
      const cancel = this.#clock.after(commitIntervalMs, () => this.#due(), true);
      this.#state = { kind: "armed", cancel };
    }
  }

  /** While eager, nothing waits for company: whatever is recorded may be the last that is heard of this process. */
  setEager(eager: boolean): void {
    this.#eager = eager;
    this.notify();
  }

  /** Commits everything that waits now. Resolves when it is stored, or when the store refused it. */
  async commitAll(): Promise<void> {
    if (!this.#open) return;
    this.#recorder.declareDrops();
    const target = this.#recorder.lastSeq;
    const before = this.#committedSeq;
    const joined = this.#state.kind === "committing";
    if (!joined) this.#begin();
    await this.#running;
    // A commit that was under way may have taken only what was there when it began.
    const goOn = joined || this.#committedSeq > before;
    if (goOn && this.#committedSeq < target && !this.degraded && this.#recorder.waitingEvents > 0)
      await this.commitAll();
  }

  /** Whether events must be sent from memory because the store does not take them. */
  get degraded(): boolean {
    return this.#state.kind === "degraded";
  }

  /** The highest number that the store has taken. */
  get committedSeq(): number {
    return this.#committedSeq;
  }

  /** Ends after the group that is being stored. */
  async stop(): Promise<void> {
    this.#open = false;
    this.#cancel();
    await this.#running;
    this.#state = { kind: "idle" };
  }

  /** Commits now, or when the medium can bear it. A buffer that is half full waits for nothing. */
  #due(): void {
    const { waitingBytes } = this.#recorder;
    const isFilling = waitingBytes >= this.#options.bufferBytesMax / 2;
    const cancel = isFilling ? undefined : this.#wear?.wait(waitingBytes, () => this.#begin());
    if (!cancel) {
      this.#begin();
      return;
    }
    this.#cancel();
    this.#state = { kind: "rationed", cancel };
  }

  #cancel(): void {
    if ("cancel" in this.#state) this.#state.cancel();
  }

  #begin(): void {
    this.#cancel();
    this.#state = { kind: "committing" };
    this.#running = this.#run();
  }

  async #run(): Promise<void> {
    // Takes what is there now: later events are either due by themselves or wait their interval.
    const target = this.#recorder.lastSeq;
    let failure: { readonly error: unknown } | undefined;
    let before: number;
    do {
      before = this.#committedSeq;
      failure = await this.#commitOnce();
      // What waits may be held back: then nothing was taken, and nothing will be.
      // Nor does an eviction wait for the next group: until its declaration is stored, the cap is exceeded.
    } while (
      !failure &&
      this.#open &&
      this.#committedSeq > before &&
      (this.#eviction || this.#committedSeq < target)
    );
    if (!this.#open) return;
    if (!failure) {
      this.#state = { kind: "idle" };
      this.notify();
      return;
    }
    const delayMs = fullJitterMs(this.#clock, ++this.#failures, this.#options);
    this.#state = { kind: "degraded", cancel: this.#clock.after(delayMs, () => this.#begin()) };
    this.#events.failed(failure.error);
  }

  /** Stores one group; returns what kept it from being stored. */
  async #commitOnce(): Promise<{ readonly error: unknown } | undefined> {
    await this.#makeRoom();
    this.#recorder.declareDrops();
    const entries = this.#recorder.peek(COMMIT_CHUNK_BYTES);
    const last = entries.at(-1);
    if (!last) return undefined;
    const appended = await this.#store.append(entries);
    if (!appended.ok) return appended;
    this.#failures = 0;
    this.#committedSeq = last.seq;
    const bytes = this.#recorder.release(last.seq);
    await this.#applyEviction();
    this.#events.committed(last.seq, entries.length, bytes);
    return undefined;
  }

  /**
   * Declares what has to go so that all that waits fits: it is stored before the declaration is.
   * @param declarations so many of evictions just applied drive nothing out: each that did would need another.
   */
  async #makeRoom(declarations = 0): Promise<void> {
    if (this.#eviction) return;
    // A burst may have only just begun: all of it is counted.
    await Promise.resolve();
    const { waitingBytes, waitingEvents } = this.#recorder;
    const eviction = await this.#store.planEviction(
      waitingBytes - declarations * DECLARATION_BYTES,
      waitingEvents - declarations,
    );
    // After `$close` nothing can be declared, so nothing may go: the cap is exceeded by a little.
    if (!eviction || this.#recorder.closed) return;
    for (const range of eviction.ranges) this.#drops.add(range, "store_full", "the store reached its cap");
    this.#recorder.declareDrops();
    this.#eviction = {
      eviction,
      declaredSeq: this.#recorder.lastSeq,
      declarations: declarations + eviction.ranges.length,
    };
  }

  /** Lets go of what was declared, once the declaration is stored. */
  async #applyEviction(): Promise<void> {
    if (!this.#eviction || this.#eviction.declaredSeq > this.#committedSeq) return;
    const { eviction, declarations } = this.#eviction;
    this.#eviction = undefined;
    const { bytes } = this.#store.backlog();
    await eviction.apply();
    // What waited when this was planned is stored now, and some of it may have to go. Where nothing came free, nothing will.
    const freed = bytes - this.#store.backlog().bytes;
    if (this.#open && freed > declarations * DECLARATION_BYTES) await this.#makeRoom(declarations);
  }
}
