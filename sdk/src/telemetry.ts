/**
 * The way of an event through the SDK, on one screen: `record` → Recorder (stamp, encode) → Storage (group commit)
 * → Store → Pump (batch, retry) → Transport, and back: acknowledge → Store.
 */

import { within } from "./clock.ts";
import { Consent, type ConsentResult, type ConsentState, checkConsent } from "./consent.ts";
import { Delivery } from "./delivery.ts";
import { messageOf, TonearmError } from "./errors.ts";
import type { EventData, RecordOptions, RecordResult } from "./event.ts";
import { EventCheck } from "./event-check.ts";
import { newEpochId } from "./ids.ts";
import { News } from "./news.ts";
import type { CheckedOptions } from "./options.ts";
import type { PageControls, Ports, StoreNews } from "./ports.ts";
import { priorityOf } from "./priority.ts";
import { Pump } from "./pump.ts";
import { Recorder } from "./recorder.ts";
import { redaction } from "./redaction.ts";
import { Storage } from "./storage.ts";
import type { Priority } from "./store.ts";
import type { FlushResult, Listener, Telemetry, TelemetryEvents, TelemetryStats } from "./telemetry-api.ts";
import type { AnyEvents, EventDefinitions } from "./typed-events.ts";
import type { PlayEvent } from "./vocabulary/play.ts";
import type { SourceEvent } from "./vocabulary/source.ts";

/** Closing is the last chance to store what is in memory: a medium that answers late is waited for this long. */
const CLOSE_STORE_MS = 10_000;

/** Puts an instance together from checked options and a runtime's ports. */
export function assembleTelemetry<E extends EventDefinitions = AnyEvents>(
  options: CheckedOptions<E>,
  ports: Ports,
): Telemetry<E> {
  return new Assembled(options, ports);
}

/** Timers take no more: about 24 days. */
const TIMER_MS_MAX = 2 ** 31 - 1;

const CLOSED: RecordResult = { status: "dropped", reason: "closed", message: "close() was called before" };
const DENIED: RecordResult = { status: "dropped", reason: "consent", message: "consent is denied" };

class Assembled implements Telemetry {
  readonly epoch: string;
  readonly ready: Promise<{ readonly durable: boolean }>;
  readonly #ports: Ports;
  readonly #news = new News();
  readonly #recorder: Recorder;
  readonly #pump: Pump;
  readonly #check: EventCheck;
  readonly #storage: Storage;
  readonly #delivery: Delivery;
  readonly #consent: Consent;
  #isOver = false;
  #closing: Promise<FlushResult> | undefined;
  #opened: (opened: { readonly durable: boolean }) => void = () => undefined;

  constructor(options: CheckedOptions, ports: Ports) {
    const { clock, transport } = ports;
    const news = this.#news;
    this.#ports = ports;
    this.epoch = newEpochId(clock);
    this.#check = new EventCheck(clock, options.events);
    const redact = options.redact && redaction(options.redact, news);
    const recorder = new Recorder(this.epoch, ports, news, { ...options, redact });
    this.#recorder = recorder;
    const tell: StoreNews = {
      damage: (range) => recorder.drops.add(range, "corrupt", "damage on the medium"),
      ended: (epoch, lastSeq) => this.#ended(epoch, lastSeq),
      quarantined: (name, reason) =>
        news.error(new TonearmError("storage_corrupt", `stored file ${name} ${reason}`)),
    };
    const onChange = (bytes: number) => this.#pump.notify(bytes);
    this.#storage = new Storage({ recorder, news, ports, options, tell, onChange });
    this.#delivery = new Delivery({ recorder, news, clock, transport, options, storage: this.#storage });
    this.#pump = new Pump(this.#delivery, clock, options);
    this.ready = new Promise((resolve) => {
      this.#opened = resolve;
    });
    this.#consent = new Consent(options.consent, {
      resume: () => this.#resume(),
      hold: () => this.#hold(),
      purge: () => this.#purge(),
    });
    void this.#consent.set(options.consent);
    ports.attach?.(this.#pageControls());
  }

  record(type: string, data: unknown, options?: RecordOptions): RecordResult {
    if (this.#closing) return CLOSED;
    if (this.#consent.state === "denied") return DENIED;
    let complete: EventData;
    let priority: Priority;
    try {
      complete = this.#check.complete(type, data);
      priority = priorityOf(type, options);
    } catch (error) {
      throw error instanceof TonearmError
        ? error
        : new TonearmError("invalid_argument", `an argument cannot be read: ${messageOf(error)}`, error);
    }
    const result = this.#recorder.record(type, complete, priority);
    this.#storage.notify();
    return result;
  }

  play(play: PlayEvent): RecordResult {
    return this.record("play", play);
  }

  source(source: SourceEvent): RecordResult {
    return this.record("source", source);
  }

  flush(options?: Patience): Promise<FlushResult> {
    // After the end nothing is on its way any more.
    return this.#flush(this.#isOver ? 0 : timeoutOf(options, 10_000));
  }

  close(options?: Patience): Promise<FlushResult> {
    this.#closing ??= this.#close(timeoutOf(options, 5_000));
    return this.#closing;
  }

  on<K extends keyof TelemetryEvents>(name: K, listener: Listener<TelemetryEvents[K]>): () => void {
    return this.#news.on(name, listener);
  }

  setConsent(consent: ConsentState): Promise<ConsentResult> {
    checkConsent(consent, "invalid_argument");
    if (this.#closing) return Promise.resolve({ complete: false });
    const settled = this.#consent.set(consent);
    // Now, not when the change has had its turn: what is about to be sent must not go.
    if (consent !== "granted") void this.#holdBack();
    return settled.then(({ complete }) => ({
      // What could not be opened could not be purged either.
      complete: complete && !(consent === "denied" && this.#storage.isReplaced),
    }));
  }

  stats(): TelemetryStats {
    const { store, durableEvents } = this.#storage;
    const { recorded, lastSeq, queue, drops } = this.#recorder;
    const { events: storedEvents, bytes: storedBytes } = store.backlog();
    return {
      epoch: this.epoch,
      consent: this.#consent.state,
      durable: store.durable,
      delivery: this.#pump.state,
      recorded,
      lastSeq,
      waitingEvents: queue.events,
      waitingBytes: queue.bytes,
      storedEvents,
      storedBytes,
      durableEvents,
      inFlightEvents: this.#delivery.inFlightEvents,
      acceptedEvents: this.#delivery.acceptedEvents,
      sentBytes: this.#delivery.sentBytes,
      retries: this.#delivery.retries,
      oldestPendingMs: this.#delivery.oldestMs,
      dropped: { ...drops.byReason },
    };
  }

  /** Nothing is sent from now on; while consent is pending, what is recorded stays in memory, even if a commit is under way. */
  #holdBack(): Promise<void> {
    if (this.#consent.state === "pending") this.#recorder.hold();
    this.#delivery.held = true;
    return this.#pump.interrupt();
  }

  async #resume(): Promise<void> {
    const { previous } = await this.#storage.open();
    // It may have been withdrawn meanwhile.
    if (this.#consent.state !== "granted") return;
    this.#recorder.unhold();
    this.#storage.begin(previous);
    this.#deliver();
    this.#opened({ durable: this.#storage.store.durable });
  }

  async #hold(): Promise<void> {
    await this.#holdBack();
    await this.#storage.stop();
  }

  /** What is left then, control records, is delivered as ever. */
  async #purge(): Promise<boolean> {
    const complete = await this.#storage.purge();
    if (complete) this.#deliver();
    this.#opened({ durable: this.#storage.store.durable });
    return complete;
  }

  #deliver(): void {
    this.#delivery.held = false;
    // Earlier epochs wait for nothing.
    this.#pump.sendNow();
  }

  #pageControls(): PageControls {
    const setEager = (eager: boolean) => this.#storage.setEager(eager);
    return {
      hide: (bytesMax) => {
        void this.#storage.commitAll();
        setEager(true);
        // What is in memory only would go with a request that the page takes along.
        this.#pump.leave(bytesMax, !this.#storage.store.durable);
      },
      show: () => setEager(false),
      goOn: () => {
        if (this.#storage.begun) this.#recorder.goOn();
        this.#storage.notify();
        this.#pump.tryNow();
      },
      tryNow: () => this.#pump.tryNow(),
    };
  }

  #ended(epoch: string, lastSeq: number): number | undefined {
    const seq = this.#recorder.declareEnd(epoch, lastSeq);
    if (this.#consent.state === "denied") this.#delivery.held = true;
    this.#consent.found();
    this.#storage.notify();
    this.#pump.sendNow();
    return seq;
  }

  async #flush(timeoutMs: number, storeMs = timeoutMs): Promise<FlushResult> {
    const { clock } = this.#ports;
    const endMs = clock.monotonicMs() + timeoutMs;
    const target = this.#recorder.lastSeq;
    // A dead medium may never answer.
    await this.#answered(this.#commitAll(), storeMs);
    const storage = this.#storage;
    const { begun } = storage;
    // What is held back is not waited for; an epoch that has not begun has nothing to deliver.
    let delivered = !begun && this.#recorder.queue.events === 0;
    if (begun && !this.#delivery.held)
      delivered = await this.#pump.reaches(target, endMs - clock.monotonicMs());
    const durable = storage.store.durable && storage.committedSeq >= target;
    return { durable, delivered, pendingEvents: this.#delivery.pendingEvents };
  }

  async #commitAll(): Promise<void> {
    if (this.#consent.state !== "pending") await this.ready;
    await this.#storage.commitAll();
  }

  async #close(timeoutMs: number): Promise<FlushResult> {
    await this.#answered(this.#consent.settled);
    const { begun } = this.#storage;
    if (this.#consent.state === "pending") {
      // Nobody agreed to what waits in memory. Of an epoch that has begun that is told, to be sent another time.
      this.#recorder.purge();
      if (begun) this.#storage.begin(undefined);
    }
    if (begun) this.#recorder.end();
    const result = await this.#flush(timeoutMs, Math.max(timeoutMs, CLOSE_STORE_MS));
    await this.#answered(this.#pump.stop());
    await this.#answered(this.#storage.close());
    await this.#ports.transport.close();
    this.#ports.release();
    this.#opened({ durable: false });
    this.#isOver = true;
    return result;
  }

  /** A medium that fails, or answers late, holds nobody up. */
  #answered(work: Promise<unknown>, limitMs = CLOSE_STORE_MS): Promise<unknown> {
    return within(this.#ports.clock, limitMs, work, "no answer").catch(() => undefined);
  }
}

interface Patience {
  readonly timeoutMs?: number;
}

/** Whatever is given, so that who waits for an end is never answered by an error. */
function timeoutOf(options: Patience | null | undefined, defaultMs: number): number {
  const ms = options?.timeoutMs;
  return typeof ms === "number" && !Number.isNaN(ms) ? Math.max(0, Math.min(ms, TIMER_MS_MAX)) : defaultMs;
}
