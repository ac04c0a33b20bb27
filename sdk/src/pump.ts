import { afterJitterMs, type BackoffOptions, fullJitterMs } from "./backoff.ts";
import type { Cancel, Clock } from "./clock.ts";
import type { Held, PumpSource } from "./pump-source.ts";
import { lastSeqOf, sizeThrough } from "./run.ts";
import type { Run, RunLimit } from "./store.ts";
import type { Accepted, Answer, Fault } from "./transport.ts";

export interface PumpOptions extends BackoffOptions {
  readonly flushIntervalMs: number;
  readonly flushIntervalMaxMs: number;
  readonly recoverySpreadMs: number;
  readonly batchEventsMax: number;
  readonly batchBytesMax: number;
}

/** The state of delivery, all of it. */
type State =
  | { readonly kind: "idle" | "sending" | "stopped" }
  | {
      /** `scheduled`: the flush interval runs. `waiting`: the last attempt failed, or the application held it back. */
      readonly kind: "scheduled" | "waiting";
      /** A full batch, or a network that is back, does not shorten it; of `scheduled` ones only `flush` and `close` do. */
      readonly isFirm: boolean;
      readonly cancel: Cancel;
    };

/** Whether a pause comes before the next batch. */
type IsPaused = boolean;

/** Attempts that failed for so long were an outage, from which everybody returns at the same time: 60 s. */
const OUTAGE_MS = 60_000;
/** After an outage the first batch only asks whether it is over. */
const PROBE_EVENTS_MAX = 50;

/** Codes by which the relay speaks of one event beyond doubt. */
const CERTAIN_CODES = ["invalid_event", "batch_too_large"];
/** Any other refusal may be the doing of a proxy in between, and meet every event: so often it is tried before one is given up. */
const TRIES_MAX = 5;

/** A batch goes on behind so many numbers given up; each takes a byte or five in it. */
const GAP_MAX = 100;

/** While the relay refuses a batch, smaller ones are cut until the event at fault stands alone. */
interface Cut {
  eventsMax: number;
  readonly epoch: string;
  readonly throughSeq: number;
}

/** Somebody waits until everything of this epoch up to `seq` is acknowledged. */
interface Waiter {
  readonly seq: number;
  readonly end: (reached: boolean) => void;
}

/** Sends batches, one at a time, and decides what every answer means for the next. */
export class Pump {
  readonly #source: PumpSource;
  readonly #clock: Clock;
  readonly #options: PumpOptions;
  #state: State = { kind: "idle" };
  #abort = new AbortController();
  #interrupted = false;
  #cut: Cut | undefined;
  #failures = 0;
  /** Doubtful refusals of single events since something was accepted. */
  #doubts = 0;
  /** Single events given up since something was accepted. */
  #refusals = 0;
  /** When the attempts since the last success began to fail. */
  #failingSinceMs: number | undefined;
  /** The flush interval in force: the application's, or a longer one that the relay asked for. */
  #intervalMs: number;
  /** Bytes stored since this process began and not acknowledged; evictions are not counted off until nothing waits. */
  #unsentBytes = 0;
  /** How far this epoch is acknowledged. */
  #reachedSeq = 0;
  /** While there are any, whatever waits is sent at once. */
  readonly #waiters = new Set<Waiter>();
  #draining: Promise<void> = Promise.resolve();

  constructor(source: PumpSource, clock: Clock, options: PumpOptions) {
    this.#source = source;
    this.#clock = clock;
    this.#options = options;
    this.#intervalMs = options.flushIntervalMs;
  }

  /**
   * Something new can be sent: at once when it fills a batch, else after the flush interval.
   * @param bytes how many bytes of events were stored.
   */
  notify(bytes: number): void {
    this.#unsentBytes += bytes;
    if (!this.#isFree && !(this.#state.kind === "scheduled" && this.#isUrgent)) return;
    const waiting = this.#source.waiting();
    if (this.#isUrgent ? waiting > 0 : this.#fillsBatch(waiting)) this.#send();
    else if (this.#state.kind === "idle") this.#rest();
  }

  /** Sends without waiting for the flush interval. A wait that a failure or the relay imposed is kept. */
  sendNow(): void {
    const { kind } = this.#state;
    if (kind === "idle" || kind === "scheduled") this.#send();
  }

  /**
   * The process may end at any moment: what can be had without waiting is given to the transport before this returns.
   * @param overtakes beside a request under way as well, which may end with the process; nobody hears its answer.
   */
  leave(bytesMax: number, overtakes: boolean): void {
    const isBusy = overtakes && this.#state.kind === "sending";
    if (!(this.#isFree || isBusy) || this.#source.heldBack()) return;
    const run = this.#source.peek({ ...this.#limit(), bytesMax });
    if (run && isBusy) void this.#source.send(run, this.#abort);
    else if (run) this.#send(run);
  }

  /** The network may be back: a wait that only a failure imposed, not the relay or the application, ends now. */
  tryNow(): void {
    if (this.#state.kind === "waiting" && !this.#state.isFirm) this.#send();
  }

  /** Sends now; resolves to whether all of this epoch up to `seq` is acknowledged, at the latest after `timeoutMs`. */
  reaches(seq: number, timeoutMs: number): Promise<boolean> {
    if (this.#reachedSeq >= seq || timeoutMs <= 0) return Promise.resolve(this.#reachedSeq >= seq);
    return new Promise((resolve) => {
      const end = (reached: boolean) => {
        this.#waiters.delete(waiter);
        cancel();
        resolve(reached);
      };
      const waiter = { seq, end };
      const cancel = this.#clock.after(timeoutMs, () => end(false), true);
      this.#waiters.add(waiter);
      this.sendNow();
    });
  }

  get state(): State["kind"] {
    return this.#state.kind;
  }

  /** Ends at once, in the middle of a request if need be: what is not acknowledged stays in the store. */
  async stop(): Promise<void> {
    if ("cancel" in this.#state) this.#state.cancel();
    this.#state = { kind: "stopped" };
    await this.interrupt();
  }

  /** Breaks off the request under way and resolves when nothing is. What came of it still counts, if it came in time. */
  async interrupt(): Promise<void> {
    this.#interrupted = true;
    this.#abort.abort();
    await this.#draining;
    this.#interrupted = false;
  }

  #send(first?: Run): void {
    if ("cancel" in this.#state) this.#state.cancel();
    this.#state = { kind: "sending" };
    // Whatever fails in the middle, nothing but its end may end delivery.
    this.#draining = this.#drain(first).catch((error: unknown) => {
      this.#pause("waiting", fullJitterMs(this.#clock, ++this.#failures, this.#options), false);
      this.#source.broke(error);
    });
  }

  async #drain(first?: Run): Promise<void> {
    for (let next = first; ; next = undefined) {
      if (!next && !this.#isUrgent && this.#source.waiting() > 0 && this.#source.heldBack()) {
        this.#pause("scheduled", this.#intervalMs, true);
        return;
      }
      const run = next ?? (await this.#source.read(this.#limit()));
      if (!run || this.#interrupted) return this.#rest();
      this.#abort = new AbortController();
      const answer = await this.#source.send(run, this.#abort);
      if (this.#interrupted && answer.kind !== "accepted") return this.#rest();
      if (await this.#handle(run, answer)) return;
    }
  }

  /** Nothing could be read. If something waits all the same, it came since, or the store reads it later. */
  #rest(): void {
    if (this.#source.waiting() > 0) this.#pause("scheduled", this.#intervalMs, false);
    else if (this.#state.kind !== "stopped") this.#state = { kind: "idle" };
  }

  #pause(kind: "scheduled" | "waiting", ms: number, isFirm: boolean): IsPaused {
    if (this.#state.kind !== "stopped")
      this.#state = { kind, isFirm, cancel: this.#clock.after(ms, () => this.#send()) };
    return true;
  }

  async #handle(run: Run, answer: Answer | Held): Promise<IsPaused> {
    switch (answer.kind) {
      case "accepted":
        return this.#accepted(run, answer);
      case "rejected":
        return this.#rejected(run, answer.code, answer.message);
      case "retry":
        return this.#failed(run, answer.fault, answer.afterMs);
      case "held":
        return this.#pause("waiting", this.#intervalMs, true);
    }
  }

  async #accepted(run: Run, answer: Accepted): Promise<IsPaused> {
    const throughSeq = Math.min(answer.throughSeq, lastSeqOf(run));
    if (throughSeq < run.firstSeq) {
      const message = `the relay acknowledged ${answer.throughSeq} for a batch that begins at ${run.firstSeq}`;
      return this.#failed(run, { kind: "refused", message });
    }
    const isBack = this.#isOutage;
    this.#failures = 0;
    this.#doubts = 0;
    this.#failingSinceMs = undefined;
    const { flushIntervalMs, flushIntervalMaxMs, recoverySpreadMs, batchEventsMax } = this.#options;
    this.#intervalMs = Math.max(flushIntervalMs, Math.min(answer.flushIntervalMs ?? 0, flushIntervalMaxMs));
    const isOwn = run.epoch === this.#source.epoch;
    if (run.epoch !== this.#cut?.epoch || throughSeq >= this.#cut.throughSeq) this.#cut = undefined;
    // The event at fault and its neighbours are behind.
    else if (this.#refusals > 0) this.#cut.eventsMax = batchEventsMax;
    this.#refusals = 0;
    // What is acknowledged may be gone afterwards.
    const { bytes } = sizeThrough(run, throughSeq);
    await this.#source.acknowledge(run, { ...answer, throughSeq });
    const waiting = this.#source.waiting();
    if (isOwn) {
      this.#unsentBytes = waiting === 0 ? 0 : Math.max(0, this.#unsentBytes - bytes);
      this.#reachedSeq = Math.max(this.#reachedSeq, throughSeq);
      for (const { seq, end } of this.#waiters) if (seq <= throughSeq) end(true);
    }
    if (this.#isUrgent || waiting === 0) return false;
    if (isBack && recoverySpreadMs > 0)
      return this.#pause("scheduled", this.#clock.fraction() * recoverySpreadMs, true);
    if (this.#cut || !isOwn || this.#fillsBatch(waiting)) return false;
    return this.#pause("scheduled", this.#intervalMs, false);
  }

  async #rejected(run: Run, code: string, message: string): Promise<IsPaused> {
    const { epoch } = run;
    const throughSeq = Math.max(lastSeqOf(run), this.#cut?.epoch === epoch ? this.#cut.throughSeq : 0);
    const { length } = run.events;
    if (length > 1) {
      this.#cut = { eventsMax: Math.ceil(length / 2), epoch, throughSeq };
      return false;
    }
    const certain = CERTAIN_CODES.includes(code) || ++this.#doubts % TRIES_MAX === 0;
    if (certain && (await this.#source.reject(run, code, message))) {
      this.#cut = { eventsMax: 1, epoch, throughSeq };
      if (++this.#refusals % TRIES_MAX > 0) return false;
    }
    return this.#failed(run, { kind: "refused", message: `${code}: ${message}` });
  }

  #failed(run: Run, fault: Fault, afterMs?: number): IsPaused {
    this.#failures++;
    this.#failingSinceMs ??= this.#clock.monotonicMs();
    // Who asks for no wait at all, over and over, is not to be asked over and over.
    const ms = Math.max(
      1,
      fullJitterMs(this.#clock, this.#failures, this.#options),
      afterMs === undefined ? 0 : afterJitterMs(this.#clock, afterMs, this.#options),
    );
    this.#source.faulted(run, fault, ms);
    return this.#pause("waiting", ms, afterMs !== undefined);
  }

  #limit(): RunLimit {
    const { batchEventsMax, batchBytesMax } = this.#options;
    const eventsMax = this.#cut?.eventsMax ?? batchEventsMax;
    return {
      eventsMax: this.#isOutage ? Math.min(eventsMax, PROBE_EVENTS_MAX) : eventsMax,
      bytesMax: batchBytesMax,
      gapMax: GAP_MAX,
    };
  }

  #fillsBatch(waiting: number): boolean {
    const { batchEventsMax, batchBytesMax } = this.#options;
    return waiting >= batchEventsMax || this.#unsentBytes >= batchBytesMax;
  }

  /** Whether a batch may be sent before its time. */
  get #isFree(): boolean {
    const { kind } = this.#state;
    return kind === "idle" || (kind === "scheduled" && !this.#state.isFirm);
  }

  get #isUrgent(): boolean {
    return this.#waiters.size > 0;
  }

  get #isOutage(): boolean {
    return this.#clock.monotonicMs() - (this.#failingSinceMs ?? Infinity) >= OUTAGE_MS;
  }
}
