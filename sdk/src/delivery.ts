import type { Clock } from "./clock.ts";
import type { DropLedger } from "./drops.ts";
import { messageOf, TonearmError } from "./errors.ts";
import type { News } from "./news.ts";
import type { PumpEvents } from "./pump.ts";
import type { PumpSource } from "./pump-source.ts";
import type { Recorder } from "./recorder.ts";
import { eventsThrough, isControl } from "./run.ts";
import type { Sender } from "./sender.ts";
import type { Storage } from "./storage.ts";
import type { Run, RunLimit, StoreCaps } from "./store.ts";
import type { Answer, Fault } from "./transport.ts";
import { Watermark } from "./watermark.ts";

interface DeliveryOptions extends StoreCaps {
  readonly holdBack: (() => boolean) | undefined;
  readonly bufferBytesMax: number;
}

export interface DeliveryParts {
  readonly recorder: Recorder;
  readonly drops: DropLedger;
  readonly news: News;
  readonly sender: Sender;
  readonly clock: Clock;
  readonly options: DeliveryOptions;
  readonly storage: Storage;
}

/** The pump's other side: what it reads, and what answers do to the store, the books and the listeners. */
export class Delivery implements PumpSource, PumpEvents {
  readonly epoch: string;
  readonly #parts: DeliveryParts;
  readonly #beganMs: number;
  #ownEpochReached = false;
  #holdBackFailed = false;
  /** While consent is missing nothing is read, so nothing is sent. */
  held = true;
  acceptedEvents = 0;
  retries = 0;
  /** How far this epoch is acknowledged. */
  readonly delivered: Watermark;

  constructor(parts: DeliveryParts) {
    this.#parts = parts;
    this.epoch = parts.recorder.epoch;
    this.#beganMs = parts.clock.monotonicMs();
    this.delivered = new Watermark(parts.clock);
  }

  async read(limit: RunLimit): Promise<Run | undefined> {
    if (this.held) return undefined;
    const { recorder, drops } = this.#parts;
    const { store, committer } = this.#parts.storage;
    const droppedBefore = drops.total;
    const stored = await store.read(limit);
    // Damage was met. An acknowledgement of what lies behind it may remove the file, and with it all that told of it.
    if (drops.total > droppedBefore) await committer?.commitAll();
    // After `$close` nothing can be declared: the next instance meets the same damage.
    if (this.held || (recorder.closed && drops.hasPending)) return undefined;
    if (!stored || stored.epoch === this.epoch) this.#ownEpochReached = true;
    return stored ?? (committer?.degraded ? recorder.peekRun(limit) : undefined);
  }

  /** What is stored and in memory, and after it what is not stored yet. */
  peek(limit: RunLimit): Run | undefined {
    const { recorder, storage } = this.#parts;
    const fresh = storage.committer && !this.held ? storage.store.fresh?.() : undefined;
    return fresh && recorder.peekRun(limit, fresh);
  }

  waiting(): number {
    if (this.held) return 0;
    const { store, committer } = this.#parts.storage;
    return store.backlog().events + (committer?.degraded ? this.#parts.recorder.waitingEvents : 0);
  }

  /** Events that nobody has acknowledged: stored, or in memory while nothing can or may be stored. */
  get pendingEvents(): number {
    const { recorder, storage } = this.#parts;
    return this.held ? storage.store.backlog().events + recorder.waitingEvents : this.waiting();
  }

  /** A store more than half full is drained all the same: bytes that are paid for are better than events given up. */
  heldBack(): boolean {
    const { options, recorder, news, storage } = this.#parts;
    const { holdBack, storeBytesMax, storeEventsMax, bufferBytesMax } = options;
    if (!holdBack || recorder.waitingBytes > bufferBytesMax / 2) return false;
    const { events, bytes } = storage.store.backlog();
    if (bytes > storeBytesMax / 2 || events > storeEventsMax / 2) return false;
    try {
      return holdBack();
    } catch (error) {
      const message = `holdBack failed (${messageOf(error)}); nothing is held back by it`;
      if (!this.#holdBackFailed) news.error(new TonearmError("hook_failed", message, error));
      this.#holdBackFailed = true;
      return false;
    }
  }

  /** How long the oldest event has waited; those of earlier epochs since this instance began. */
  get oldestMs(): number {
    const { clock, storage, recorder } = this.#parts;
    const earlier = !this.#ownEpochReached && storage.store.backlog().events > 0;
    const sinceMs = earlier ? this.#beganMs : recorder.ages.oldestMs;
    return sinceMs === undefined ? 0 : clock.monotonicMs() - sinceMs;
  }

  async acknowledge({ epoch }: Run, throughSeq: number): Promise<void> {
    const { recorder } = this.#parts;
    const { store, committer } = this.#parts.storage;
    await store.acknowledge(epoch, throughSeq);
    if (epoch !== this.epoch) return;
    // While nothing can be stored, what was sent came from memory.
    if (committer!.degraded) recorder.release(throughSeq);
    recorder.ages.forget(throughSeq, recorder.lastSeq);
    this.delivered.raise(throughSeq);
  }

  /** Gives up one event that no relay will take, once that is declared. Control records are the declarations: they stay. */
  async reject(run: Run, code: string, message: string): Promise<boolean> {
    const { recorder, drops, news, storage } = this.#parts;
    if (recorder.closed || isControl(run.events[0]!)) return false;
    const { epoch, firstSeq } = run;
    news.emit("reject", { epoch, seq: firstSeq, code, message });
    drops.add({ epoch, fromSeq: firstSeq, toSeq: firstSeq }, "rejected", `${code}: ${message}`);
    await storage.committer!.commitAll();
    await this.acknowledge(run, firstSeq);
    return true;
  }

  accepted(run: Run, answer: Extract<Answer, { kind: "accepted" }>): void {
    const { recorder, news, sender } = this.#parts;
    const { throughSeq, durable, bodyBytes, serverTimeMs } = answer;
    this.acceptedEvents += eventsThrough(run, throughSeq);
    news.over("relay_refused", "relay_unreachable");
    if (serverTimeMs !== undefined) recorder.learnTime(serverTimeMs);
    sender.debug(run, () => `acknowledged through ${throughSeq}, it is in the ${durable}`);
    news.emit("accepted", { epoch: run.epoch, fromSeq: run.firstSeq, throughSeq, durable, bodyBytes });
  }

  faulted(run: Run, fault: Fault, waitMs: number): void {
    const { news, sender } = this.#parts;
    this.retries++;
    sender.debug(run, () => `again in ${Math.round(waitMs)} ms, because ${fault.message}`);
    if (fault.kind === "busy") return;
    const code = fault.kind === "refused" ? "relay_refused" : "relay_unreachable";
    news.trouble(new TonearmError(code, `${fault.message}; events are kept, and sent again later`));
  }
}
