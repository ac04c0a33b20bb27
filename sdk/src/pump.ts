import { afterJitterMs, type BackoffOptions, fullJitterMs } from "./backoff.ts";
import type { Cancel, Clock } from "./clock.ts";
import type { PumpSource } from "./pump-source.ts";
import { bytesThrough, lastSeqOf } from "./run.ts";
import type { Held, Sender } from "./sender.ts";
import type { Run, RunLimit } from "./store.ts";
import type { Answer, Fault } from "./transport.ts";

export interface PumpOptions extends BackoffOptions {
  readonly flushIntervalMs: number;
  readonly flushIntervalMaxMs: number;
  readonly recoverySpreadMs: number;
  readonly batchEventsMax: number;
  readonly batchBytesMax: number;
}

/** What the pump tells. */
export interface PumpEvents {
  accepted(run: Run, answer: Extract<Answer, { kind: "accepted" }>): void;
  /** A batch is sent again after `waitMs`. */
  faulted(run: Run, fault: Fault, waitMs: number): void;
}

/** The state of delivery, all of it. */
type State =
  | { readonly kind: "idle" }
  /** Something waits; the flush interval runs. `patient`: a full batch waits too, only `flush` and `close` do not. */
  | { readonly kind: "scheduled"; readonly cancel: Cancel; readonly patient: boolean }
  | { readonly kind: "sending" }
  /** The last attempt failed, or the application held it back; the next one comes by itself. */
  | { readonly kind: "waiting"; readonly cancel: Cancel; readonly imposed: boolean }
  | { readonly kind: "stopped" };

/** What comes before the next batch; undefined: nothing does. */
type Pause =
  | { readonly kind: "scheduled" | "waiting"; readonly ms: number; readonly patient?: true }
  | undefined;

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

/** Sends batches, one at a time, and decides what every answer means for the next. */
export class Pump {
  readonly #source: PumpSource;
  readonly #sender: Pick<Sender, "send">;
  readonly #clock: Clock;
  readonly #options: PumpOptions;
  readonly #events: PumpEvents;
  #abort = new AbortController();
  #state: State = { kind: "idle" };
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
  #urgent = false;
  #draining: Promise<void> = Promise.resolve();

  constructor(
    parts: { source: PumpSource; sender: Pick<Sender, "send">; clock: Clock },
    options: PumpOptions,
    events: PumpEvents,
  ) {
    this.#source = parts.source;
    this.#sender = parts.sender;
    this.#clock = parts.clock;
    this.#options = options;
    this.#events = events;
    this.#intervalMs = options.flushIntervalMs;
  }

  /**
   * Something new can be sent: at once when it fills a batch, else after the flush interval.
   * @param bytes how many bytes of events were stored.
   */
  notify(bytes = 0): void {
    this.#unsentBytes += bytes;
    const state = this.#state;
    if (state.kind !== "idle" && (state.kind !== "scheduled" || (state.patient && !this.#urgent))) return;
    const waiting = this.#source.waiting();
    if (this.#urgent ? waiting > 0 : this.#fillsBatch(waiting)) this.sendNow();
    else if (state.kind === "idle" && waiting > 0) this.#schedule(this.#intervalMs, false);
  }

  /** Sends without waiting for the flush interval. A wait that a failure or the relay imposed is kept. */
  sendNow(): void {
    if (this.#state.kind === "scheduled") this.#state.cancel();
    else if (this.#state.kind !== "idle") return;
    this.#state = { kind: "sending" };
    this.#draining = this.#drain();
  }

  /** The process may end at any moment: what can be had without waiting is given to the transport before this returns. */
  leave(bytesMax: number): void {
    const state = this.#state;
    if (state.kind !== "idle" && (state.kind !== "scheduled" || state.patient)) return;
    const run = this.#source.heldBack() ? undefined : this.#source.peek({ ...this.#limit(), bytesMax });
    if (!run) return;
    if (state.kind === "scheduled") state.cancel();
    this.#state = { kind: "sending" };
    this.#draining = this.#drain(run);
  }

  /** The network may be back: a wait that only a failure imposed, not the relay or the application, ends now. */
  tryNow(): void {
    if (this.#state.kind !== "waiting" || this.#state.imposed) return;
    this.#state.cancel();
    this.#state = { kind: "sending" };
    this.#draining = this.#drain();
  }

  /** While urgent, whatever waits is sent at once: somebody waits for it. */
  setUrgent(urgent: boolean): void {
    this.#urgent = urgent;
    if (urgent) this.sendNow();
  }

  get state(): State["kind"] {
    return this.#state.kind;
  }

  /** Ends at once, in the middle of a request if need be: what is not acknowledged stays in the store. */
  async stop(): Promise<void> {
    if (this.#state.kind === "scheduled" || this.#state.kind === "waiting") this.#state.cancel();
    this.#state = { kind: "stopped" };
    this.#abort.abort();
    await this.#draining;
  }

  /** Breaks off the request under way and resolves when nothing is. What came of it still counts, if it came in time. */
  async interrupt(): Promise<void> {
    this.#abort.abort();
    await this.#draining;
    if (!this.#stopped) this.#abort = new AbortController();
  }

  async #drain(first?: Run): Promise<void> {
    for (let next = first; ; next = undefined) {
      if (!next && !this.#urgent && this.#source.waiting() > 0 && this.#source.heldBack()) {
        return this.#schedule(this.#intervalMs, true);
      }
      const run = next ?? (await this.#source.read(this.#limit()));
      if (this.#stopped) return;
      if (!run || this.#abort.signal.aborted) return this.#rest();
      const answer = await this.#sender.send(run, this.#abort.signal);
      if (this.#stopped) return;
      if (this.#abort.signal.aborted && answer.kind !== "accepted") return this.#rest();
      const pause = await this.#handle(run, answer);
      if (this.#stopped) return;
      if (!pause) continue;
      if (pause.kind === "waiting") {
        const imposed = answer.kind === "retry" ? answer.afterMs !== undefined : answer.kind === "held";
        this.#state = { kind: "waiting", cancel: this.#after(pause.ms), imposed };
      } else this.#schedule(pause.ms, pause.patient ?? false);
      return;
    }
  }

  /** Nothing could be read. If something waits all the same, it came since, or the store reads it later. */
  #rest(): void {
    if (this.#source.waiting() === 0) this.#state = { kind: "idle" };
    else this.#schedule(this.#intervalMs, false);
  }

  #schedule(delayMs: number, patient: boolean): void {
    this.#state = { kind: "scheduled", cancel: this.#after(delayMs), patient };
  }

  async #handle(run: Run, answer: Answer | Held): Promise<Pause> {
    switch (answer.kind) {
      case "accepted":
        return this.#accepted(run, answer);
      case "rejected":
        return this.#rejected(run, answer.code, answer.message);
      case "retry":
        return this.#failed(run, answer.fault, answer.afterMs);
      case "held":
        return { kind: "waiting", ms: this.#intervalMs };
    }
  }

  async #accepted(run: Run, answer: Extract<Answer, { kind: "accepted" }>): Promise<Pause> {
    const throughSeq = Math.min(answer.throughSeq, lastSeqOf(run));
    if (throughSeq < run.firstSeq) {
      const message = `the relay acknowledged ${answer.throughSeq} for a batch that begins at ${run.firstSeq}`;
      return this.#failed(run, { kind: "refused", message }, undefined);
    }
    const isBack = this.#isOutage;
    this.#failures = 0;
    this.#doubts = 0;
    this.#failingSinceMs = undefined;
    const { flushIntervalMs, flushIntervalMaxMs, recoverySpreadMs, batchEventsMax } = this.#options;
    this.#intervalMs = Math.max(flushIntervalMs, Math.min(answer.flushIntervalMs ?? 0, flushIntervalMaxMs));
    const isOwn = run.epoch === this.#source.epoch;
    if (this.#cut && (run.epoch !== this.#cut.epoch || throughSeq >= this.#cut.throughSeq))
      this.#cut = undefined;
    // The event at fault and its neighbours are behind.
    else if (this.#cut && this.#refusals > 0) this.#cut.eventsMax = batchEventsMax;
    this.#refusals = 0;
    // What is acknowledged may be gone afterwards.
    const sentBytes = bytesThrough(run, throughSeq);
    await this.#source.acknowledge(run, throughSeq);
    this.#events.accepted(run, { ...answer, throughSeq });
    const waiting = this.#source.waiting();
    if (isOwn) this.#countOff(waiting === 0 ? this.#unsentBytes : sentBytes);
    if (this.#urgent || waiting === 0) return undefined;
    if (isBack && recoverySpreadMs > 0) {
      return { kind: "scheduled", ms: this.#clock.fraction() * recoverySpreadMs, patient: true };
    }
    if (this.#cut || !isOwn || this.#fillsBatch(waiting)) return undefined;
    return { kind: "scheduled", ms: this.#intervalMs };
  }

  async #rejected(run: Run, code: string, message: string): Promise<Pause> {
    const { epoch } = run;
    const throughSeq = Math.max(lastSeqOf(run), this.#cut?.epoch === epoch ? this.#cut.throughSeq : 0);
    if (run.events.length > 1) {
      this.#cut = { eventsMax: Math.ceil(run.events.length / 2), epoch, throughSeq };
      return undefined;
    }
    const certain = CERTAIN_CODES.includes(code) || ++this.#doubts % TRIES_MAX === 0;
    if (certain && (await this.#source.reject(run, code, message))) {
      this.#cut = { eventsMax: 1, epoch, throughSeq };
      if (++this.#refusals % TRIES_MAX > 0) return undefined;
    }
    return this.#failed(run, { kind: "refused", message: `${code}: ${message}` }, undefined);
  }

  #failed(run: Run, fault: Fault, afterMs: number | undefined): Pause {
    this.#failures++;
    this.#failingSinceMs ??= this.#clock.monotonicMs();
    // Who asks for no wait at all, over and over, is not to be asked over and over.
    const ms = Math.max(
      1,
      fullJitterMs(this.#clock, this.#failures, this.#options),
      afterMs === undefined ? 0 : afterJitterMs(this.#clock, afterMs, this.#options),
    );
    this.#events.faulted(run, fault, ms);
    return { kind: "waiting", ms };
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

  #countOff(bytes: number): void {
    this.#unsentBytes = Math.max(0, this.#unsentBytes - bytes);
  }

  get #isOutage(): boolean {
    return (
      this.#failingSinceMs !== undefined && this.#clock.monotonicMs() - this.#failingSinceMs >= OUTAGE_MS
    );
  }

  #after(delayMs: number): Cancel {
    return this.#clock.after(delayMs, () => {
      if (this.#stopped) return;
      this.#state = { kind: "sending" };
      this.#draining = this.#drain();
    });
  }

  get #stopped(): boolean {
    return this.#state.kind === "stopped";
  }
}
