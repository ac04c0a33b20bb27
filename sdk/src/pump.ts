import { afterJitterMs, type BackoffOptions, fullJitterMs } from "./backoff.ts";
import type { Cancel, Clock } from "./clock.ts";
import { lastSeqOf } from "./run.ts";
import type { Held, Sender } from "./sender.ts";
import type { Run, RunLimit } from "./store.ts";
import type { Answer, Fault } from "./transport.ts";

export interface PumpOptions extends BackoffOptions {
  readonly flushIntervalMs: number;
  readonly batchEventsMax: number;
  readonly batchBytesMax: number;
}

/** Where batches come from and go to; the pump itself keeps none. */
export interface PumpSource {
  /** The oldest run not acknowledged: stored, or in memory while nothing can be stored. */
  read(limit: RunLimit): Promise<Run | undefined>;
  acknowledge(run: Run, throughSeq: number): Promise<void>;
  /** Gives up the one event of `run`, declared. False when it cannot be declared any more. */
  reject(run: Run, code: string, message: string): Promise<boolean>;
  /** Events waiting to be sent. */
  waiting(): number;
  /** The epoch of this process; older ones are drained without waiting for the flush interval. */
  readonly epoch: string;
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
  /** Something waits; the flush interval runs. */
  | { readonly kind: "scheduled"; readonly cancel: Cancel }
  | { readonly kind: "sending" }
  /** The last attempt failed, or the application held it back; the next one comes by itself. */
  | { readonly kind: "waiting"; readonly cancel: Cancel }
  | { readonly kind: "stopped" };

/** While the relay refuses a batch, smaller ones are cut until the event at fault stands alone. */
interface Cut {
  readonly eventsMax: number;
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
  readonly #abort = new AbortController();
  #state: State = { kind: "idle" };
  #cut: Cut | undefined;
  #failures = 0;
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
  }

  /** Something new can be sent: at once when it fills a batch, else after the flush interval. */
  notify(): void {
    if (this.#state.kind !== "idle" && this.#state.kind !== "scheduled") return;
    const waiting = this.#source.waiting();
    if (this.#urgent ? waiting > 0 : waiting >= this.#options.batchEventsMax) this.sendNow();
    else if (this.#state.kind === "idle" && waiting > 0) {
      this.#state = { kind: "scheduled", cancel: this.#after(this.#options.flushIntervalMs) };
    }
  }

  /** Sends without waiting for the flush interval. A wait that a failure or the relay imposed is kept. */
  sendNow(): void {
    if (this.#state.kind === "scheduled") this.#state.cancel();
    else if (this.#state.kind !== "idle") return;
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

  async #drain(): Promise<void> {
    for (;;) {
      const run = await this.#source.read(this.#limit());
      if (this.#stopped) return;
      if (!run) return this.#rest();
      const answer = await this.#sender.send(run, this.#abort.signal);
      if (this.#stopped) return;
      const waitMs = await this.#handle(run, answer);
      if (this.#stopped) return;
      if (waitMs === 0) continue;
      const kind = answer.kind === "accepted" ? "scheduled" : "waiting";
      this.#state = { kind, cancel: this.#after(waitMs) };
      return;
    }
  }

  /** Nothing could be read. If something waits all the same, it came since, or the store reads it later. */
  #rest(): void {
    if (this.#source.waiting() === 0) this.#state = { kind: "idle" };
    else this.#state = { kind: "scheduled", cancel: this.#after(this.#options.flushIntervalMs) };
  }

  /** Returns how long to wait before the next batch, in ms. */
  async #handle(run: Run, answer: Answer | Held): Promise<number> {
    switch (answer.kind) {
      case "accepted":
        return this.#accepted(run, answer);
      case "rejected":
        return this.#rejected(run, answer.code, answer.message);
      case "retry":
        return this.#failed(run, answer.fault, answer.afterMs);
      case "held":
        return this.#options.flushIntervalMs;
    }
  }

  async #accepted(run: Run, answer: Extract<Answer, { kind: "accepted" }>): Promise<number> {
    const throughSeq = Math.min(answer.throughSeq, lastSeqOf(run));
    if (throughSeq < run.firstSeq) {
      const message = `the relay acknowledged ${answer.throughSeq} for a batch that begins at ${run.firstSeq}`;
      return this.#failed(run, { kind: "refused", message }, undefined);
    }
    this.#failures = 0;
    if (this.#cut && (run.epoch !== this.#cut.epoch || throughSeq >= this.#cut.throughSeq))
      this.#cut = undefined;
    await this.#source.acknowledge(run, throughSeq);
    this.#events.accepted(run, { ...answer, throughSeq });
    const waiting = this.#source.waiting();
    const goOn = this.#urgent || this.#cut || run.epoch !== this.#source.epoch || waiting === 0;
    return goOn || waiting >= this.#options.batchEventsMax ? 0 : this.#options.flushIntervalMs;
  }

  async #rejected(run: Run, code: string, message: string): Promise<number> {
    if (run.events.length > 1) {
      const throughSeq = Math.max(lastSeqOf(run), this.#cut?.epoch === run.epoch ? this.#cut.throughSeq : 0);
      this.#cut = { eventsMax: Math.ceil(run.events.length / 2), epoch: run.epoch, throughSeq };
      return 0;
    }
    this.#cut = undefined;
    if (await this.#source.reject(run, code, message)) return 0;
    return this.#failed(run, { kind: "refused", message: `${code}: ${message}` }, undefined);
  }

  #failed(run: Run, fault: Fault, afterMs: number | undefined): number {
    this.#failures++;
    const jitterMs =
      afterMs === undefined
        ? fullJitterMs(this.#clock, this.#failures, this.#options)
        : afterJitterMs(this.#clock, afterMs, this.#options);
    const waitMs = Math.max(1, jitterMs);
    this.#events.faulted(run, fault, waitMs);
    return waitMs;
  }

  #limit(): RunLimit {
    const { batchEventsMax, batchBytesMax } = this.#options;
    return { eventsMax: this.#cut?.eventsMax ?? batchEventsMax, bytesMax: batchBytesMax };
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
