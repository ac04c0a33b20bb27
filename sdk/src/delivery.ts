import { type BeforeSend, type BeforeSendResult, headersOf } from "./before-send.ts";
import { type Clock, within } from "./clock.ts";
import { TonearmError } from "./errors.ts";
import type { News } from "./news.ts";
import { isPromise } from "./promised.ts";
import type { Held, PumpSource } from "./pump-source.ts";
import type { Recorder } from "./recorder.ts";
import { isControl, lastSeqOf, sizeThrough } from "./run.ts";
import type { Storage } from "./storage.ts";
import type { Run, RunLimit, StoreCaps } from "./store.ts";
import type { Accepted, Answer, Fault, Transport } from "./transport.ts";

interface DeliveryOptions extends StoreCaps {
  readonly beforeSend: BeforeSend | undefined;
  readonly holdBack: (() => boolean) | undefined;
  readonly debug: ((line: string) => void) | undefined;
  readonly requestTimeoutMs: number;
  readonly bufferBytesMax: number;
}

interface DeliveryParts {
  readonly recorder: Recorder;
  readonly news: News;
  readonly clock: Clock;
  readonly transport: Transport;
  readonly options: DeliveryOptions;
  readonly storage: Storage;
}

/** The pump's other side: what it reads, how it goes out, and what answers do to the store, the books and the listeners. */
export class Delivery implements PumpSource {
  readonly epoch: string;
  readonly #parts: DeliveryParts;
  readonly #beganMs: number;
  #ownEpochReached = false;
  /** The event given up last, and the number of its declaration. */
  #givenUp: { readonly epoch: string; readonly seq: number; readonly declaredSeq: number } | undefined;
  /** While consent is missing nothing is read, so nothing is sent. */
  held = true;
  acceptedEvents = 0;
  /** Events in the request under way. */
  inFlightEvents = 0;
  /** Bodies of requests begun so far, compressed, those sent again included. */
  sentBytes = 0;
  retries = 0;

  constructor(parts: DeliveryParts) {
    this.#parts = parts;
    this.epoch = parts.recorder.epoch;
    this.#beganMs = parts.clock.monotonicMs();
  }

  async read(limit: RunLimit): Promise<Run | undefined> {
    if (this.held) return undefined;
    const { recorder, storage } = this.#parts;
    const { drops } = recorder;
    const droppedBefore = drops.total;
    const stored = await storage.store.read(limit);
    // Damage was met. An acknowledgement of what lies behind it may remove the file, and with it all that told of it.
    if (drops.total > droppedBefore) await storage.commitAll();
    // After `$close` nothing can be declared: the next instance meets the same damage.
    if (this.held || (recorder.closed && drops.pending.length > 0)) return undefined;
    if (!stored || stored.epoch === this.epoch) this.#ownEpochReached = true;
    return stored ?? (storage.degraded ? recorder.peekRun(limit) : undefined);
  }

  /** What is stored and in memory, and after it what is not stored yet. */
  peek(limit: RunLimit): Run | undefined {
    const { recorder, storage } = this.#parts;
    const fresh = storage.begun && !this.held ? storage.store.fresh?.() : undefined;
    return fresh && recorder.peekRun(limit, fresh);
  }

  waiting(): number {
    if (this.held) return 0;
    const { recorder, storage } = this.#parts;
    return storage.store.backlog().events + (storage.degraded ? recorder.queue.events : 0);
  }

  /** Events that nobody has acknowledged: stored, or in memory while nothing can or may be stored. */
  get pendingEvents(): number {
    const { recorder, storage } = this.#parts;
    return this.held ? storage.store.backlog().events + recorder.queue.events : this.waiting();
  }

  /** A store more than half full is drained all the same: bytes that are paid for are better than events given up. */
  heldBack(): boolean {
    const { options, recorder, news, storage } = this.#parts;
    const { holdBack, storeBytesMax, storeEventsMax, bufferBytesMax } = options;
    const { events, bytes } = storage.store.backlog();
    const isHalfFull =
      bytes > storeBytesMax / 2 || events > storeEventsMax / 2 || recorder.queue.bytes > bufferBytesMax / 2;
    try {
      const isHeld: unknown = !isHalfFull && holdBack?.();
      if (isPromise(isHeld)) throw new Error("it returned a promise, expected true or false");
      return !!isHeld;
    } catch (error) {
      news.failed("holdBack", error, "nothing is held back by it");
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

  async send(run: Run, abort: AbortController): Promise<Answer | Held> {
    const { clock, news, options, transport } = this.#parts;
    const { requestTimeoutMs, beforeSend } = options;
    const throughSeq = lastSeqOf(run);
    const { events, bytes } = sizeThrough(run, throughSeq);
    const batch = { epoch: run.epoch, fromSeq: run.firstSeq, throughSeq, events, bytes };
    this.#debug(run, `cut, ${events} events in ${bytes} bytes`);
    // Nothing is awaited without need: a page that is left has only this moment.
    const asked = beforeSend ? this.#ask(() => beforeSend(batch), abort.signal) : {};
    const headers = asked instanceof Promise ? await asked : asked;
    // The hook itself may have withdrawn consent.
    if (!headers || abort.signal.aborted) {
      this.#debug(run, "held back until the next interval");
      return { kind: "held" };
    }
    this.inFlightEvents = events;
    const beganMs = clock.monotonicMs();
    const late = () => abort.abort(new Error(`no whole answer within ${requestTimeoutMs} ms`));
    const cancel = clock.after(requestTimeoutMs, late);
    const left = (bodyBytes: number, encoding: string) => {
      this.sentBytes += bodyBytes;
      news.emit("sent", { ...batch, bodyBytes, encoding });
      this.#debug(run, `sent, ${bodyBytes} bytes of ${encoding}`);
    };
    const answer = await transport.send(run, abort.signal, { headers, left });
    cancel();
    this.inFlightEvents = 0;
    this.#debug(run, `${answer.kind} after ${Math.round(clock.monotonicMs() - beganMs)} ms`);
    return answer;
  }

  /** The headers to add; undefined when the application holds the batch back, or its hook fails, or holds up an end. */
  #ask(hook: () => ReturnType<BeforeSend>, signal: AbortSignal) {
    const { clock, news, options } = this.#parts;
    const heard = (given: BeforeSendResult) => {
      const headers = headersOf(given);
      news.over("beforeSend");
      return headers;
    };
    const failed = (error: unknown) =>
      news.failed("beforeSend", error, "the batch is held back until the next interval") as undefined;
    try {
      const given = hook();
      if (!isPromise(given)) return heard(given);
      const aborted = new Promise<false>((resolve) => {
        const end = () => resolve(false);
        // What has been aborted tells nobody again.
        if (signal.aborted) end();
        else signal.addEventListener("abort", end);
      });
      return within(clock, options.requestTimeoutMs, Promise.race([given, aborted]), "no answer")
        .then(heard)
        .catch(failed);
    } catch (error) {
      return failed(error);
    }
  }

  async acknowledge(run: Run, answer: Accepted): Promise<void> {
    const { recorder, news } = this.#parts;
    const { throughSeq, durable, bodyBytes, serverTimeMs } = answer;
    // What is acknowledged may be gone afterwards.
    this.acceptedEvents += sizeThrough(run, throughSeq).events;
    await this.#forget(run.epoch, throughSeq);
    news.over("relay_refused", "relay_unreachable");
    if (serverTimeMs !== undefined) recorder.learnTime(serverTimeMs);
    this.#debug(run, `acknowledged through ${throughSeq}, it is in the ${durable}`);
    news.emit("accepted", { epoch: run.epoch, fromSeq: run.firstSeq, throughSeq, durable, bodyBytes });
  }

  /**
   * Gives up one event that no relay will take, once that is declared: what is stored waits until its declaration is, too. Control
   * records are the declarations: they stay.
   */
  async reject(run: Run, code: string, message: string): Promise<boolean> {
    const { recorder, news, storage } = this.#parts;
    if (recorder.closed || isControl(run.events[0]!)) return false;
    const { epoch, firstSeq: seq } = run;
    if (this.#givenUp?.epoch !== epoch || this.#givenUp.seq !== seq) {
      news.emit("reject", { epoch, seq, code, message });
      recorder.drops.add({ epoch, fromSeq: seq, toSeq: seq }, "rejected", `${code}: ${message}`);
      recorder.declareDrops();
      this.#givenUp = { epoch, seq, declaredSeq: recorder.lastSeq };
    }
    const { declaredSeq } = this.#givenUp;
    await storage.commitAll();
    const isStored = epoch !== this.epoch || seq <= storage.committedSeq;
    if (isStored && storage.committedSeq < declaredSeq) return false;
    await this.#forget(epoch, seq);
    return true;
  }

  faulted(run: Run, fault: Fault, waitMs: number): void {
    this.retries++;
    this.#debug(run, `again in ${Math.round(waitMs)} ms, because ${fault.message}`);
    if (fault.kind === "busy") return;
    const message = `${fault.message}; events are kept, and sent again later`;
    this.#parts.news.trouble(new TonearmError(`relay_${fault.kind}`, message));
  }

  broke(error: unknown): void {
    this.#parts.news.failed("delivery", error, "it is tried again", "storage_degraded");
  }

  async #forget(epoch: string, throughSeq: number): Promise<void> {
    const { recorder, storage } = this.#parts;
    await storage.store.acknowledge(epoch, throughSeq);
    if (epoch !== this.epoch) return;
    // While nothing can be stored, what was sent came from memory.
    if (storage.degraded) recorder.queue.release(throughSeq);
    recorder.ages.forget(throughSeq, recorder.lastSeq);
  }

  /** One line of the life of a batch, when somebody wants to read it. */
  #debug(run: Run, line: string): void {
    const { news, options } = this.#parts;
    const failed = (error: unknown) => news.failed("debug", error, "nothing depends on it");
    try {
      isPromise(options.debug?.(`${run.epoch} ${run.firstSeq}-${lastSeqOf(run)}: ${line}`), failed);
    } catch (error) {
      failed(error);
    }
  }
}
