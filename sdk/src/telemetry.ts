/**
 * The way of an event through the SDK, on one screen: `record` → Recorder (stamp, encode) → Committer (group commit)
 * → Store → Pump (batch, retry) → Transport, and back: acknowledge → Store.
 */
import type { Clock } from "./clock.ts";
import type { Codec } from "./codec.ts";
import { Committer } from "./committer.ts";
import { Delivery } from "./delivery.ts";
import { DropLedger } from "./drops.ts";
import type { Listener } from "./emitter.ts";
import { messageOf, TonearmError } from "./errors.ts";
import type { RecordOptions, RecordResult } from "./event.ts";
import { EventCheck } from "./event-check.ts";
import { EventQueue, type Packer } from "./event-queue.ts";
import { newEpochId } from "./ids.ts";
import { MemoryStore } from "./memory-store.ts";
import { News } from "./news.ts";
import type { CheckedOptions } from "./options.ts";
import { priorityOf } from "./priority.ts";
import { Pump } from "./pump.ts";
import { Recorder } from "./recorder.ts";
import { Sender } from "./sender.ts";
import type { SeqRange, Store } from "./store.ts";
import type { FlushResult, Telemetry, TelemetryEvents, TelemetryStats } from "./telemetry-api.ts";
import type { Transport } from "./transport.ts";
import type { AnyEvents, EventDefinitions } from "./typed-events.ts";
import type { PlayEvent } from "./vocabulary/play.ts";
import type { SourceEvent } from "./vocabulary/source.ts";

/** What a runtime brings. */
export interface Ports {
  readonly clock: Clock;
  readonly codec: Codec;
  readonly transport: Transport;
  /** Makes a burst that waits to be stored smaller; without one it waits as it is. */
  readonly packer?: Packer | undefined;
  /** Makes the store; it tells `damage` of events that the medium lost, and `quarantined` of unusable files. */
  makeStore(tell: StoreNews): Store;
  /** Called once, when everything is closed: gives back what `createTelemetry` took, such as a lock. */
  release(): void;
}

export interface StoreNews {
  damage(range: SeqRange): void;
  quarantined(name: string, reason: string): void;
}

/** Puts an instance together from checked options and a runtime's ports. */
export function assembleTelemetry<E extends EventDefinitions = AnyEvents>(
  options: CheckedOptions<E>,
  ports: Ports,
): Telemetry<E> {
  return new Assembled(options, ports);
}

class Assembled implements Telemetry {
  readonly epoch: string;
  readonly ready: Promise<{ readonly durable: boolean }>;
  readonly #options: CheckedOptions;
  readonly #ports: Ports;
  readonly #news = new News();
  readonly #drops: DropLedger;
  readonly #recorder: Recorder;
  readonly #pump: Pump;
  readonly #check: EventCheck;
  #store: Store;
  #committer: Committer | undefined;
  readonly #sender: Sender;
  readonly #delivery: Delivery;
  #durableEvents = 0;
  #closing: Promise<FlushResult> | undefined;

  constructor(options: CheckedOptions, ports: Ports) {
    this.#options = options;
    this.#ports = ports;
    this.epoch = newEpochId(ports.clock);
    this.#check = new EventCheck(ports.clock, options.events);
    this.#drops = new DropLedger((drop) => this.#news.emit("drop", drop));
    const { clock, codec } = ports;
    const queue = new EventQueue(ports.packer);
    this.#recorder = new Recorder(this.epoch, options, { clock, codec, drops: this.#drops, queue });
    this.#store = ports.makeStore({
      damage: (range) => this.#drops.add(range, "corrupt", "damage on the medium"),
      quarantined: (name, reason) =>
        this.#news.error(
          new TonearmError("storage_corrupt", `stored file ${name} ${reason}; it is in quarantine`),
        ),
    });
    this.#sender = new Sender(ports.transport, clock, this.#news, options);
    this.#delivery = new Delivery({
      recorder: this.#recorder,
      drops: this.#drops,
      news: this.#news,
      sender: this.#sender,
      clock,
      options,
      keeping: () => ({ store: this.#store, committer: this.#committer }),
    });
    this.#pump = new Pump({ source: this.#delivery, sender: this.#sender, clock }, options, this.#delivery);
    this.ready = this.#open();
  }

  record(type: string, data: unknown, options?: RecordOptions): RecordResult {
    const priority = priorityOf(type, options);
    const result = this.#recorder.record(type, this.#check.complete(type, data), priority);
    this.#committer?.notify();
    return result;
  }

  play(play: PlayEvent): RecordResult {
    return this.record("play", play);
  }

  source(source: SourceEvent): RecordResult {
    return this.record("source", source);
  }

  async flush({ timeoutMs = 10_000 }: { readonly timeoutMs?: number } = {}): Promise<FlushResult> {
    await this.ready;
    const target = this.#recorder.lastSeq;
    await this.#committer!.commitAll();
    this.#pump.setUrgent(true);
    const delivered = await this.#delivery.delivered.reaches(target, timeoutMs);
    if (!this.#delivery.delivered.hasWaiters) this.#pump.setUrgent(false);
    const durable = this.#store.durable && this.#committer!.committedSeq >= target;
    return { durable, delivered, pendingEvents: this.#delivery.waiting() };
  }

  close({ timeoutMs = 5_000 }: { readonly timeoutMs?: number } = {}): Promise<FlushResult> {
    this.#closing ??= this.#close(timeoutMs);
    return this.#closing;
  }

  on<K extends keyof TelemetryEvents>(name: K, listener: Listener<TelemetryEvents[K]>): () => void {
    return this.#news.on(name, listener);
  }

  stats(): TelemetryStats {
    const { events: storedEvents, bytes: storedBytes } = this.#store.backlog();
    return {
      epoch: this.epoch,
      durable: this.#store.durable,
      delivery: this.#pump.state,
      recorded: this.#recorder.recorded,
      lastSeq: this.#recorder.lastSeq,
      waitingEvents: this.#recorder.waitingEvents,
      waitingBytes: this.#recorder.waitingBytes,
      storedEvents,
      storedBytes,
      durableEvents: this.#durableEvents,
      inFlightEvents: this.#sender.inFlight,
      acceptedEvents: this.#delivery.acceptedEvents,
      sentBytes: this.#sender.sentBytes,
      retries: this.#delivery.retries,
      oldestPendingMs: this.#delivery.oldestMs,
      dropped: this.#drops.byReason(),
    };
  }

  async #open(): Promise<{ readonly durable: boolean }> {
    const { clock } = this.#ports;
    const opened = await this.#openStore();
    this.#recorder.begin(opened.previous);
    this.#news.emit("epoch", { epoch: this.epoch, previous: opened.previous });
    const parts = { recorder: this.#recorder, store: this.#store, drops: this.#drops, clock };
    this.#committer = new Committer(parts, this.#options, {
      committed: (throughSeq, count, bytes) => this.#committed(throughSeq, count, bytes),
      failed: (error) => this.#storageFailed(error),
    });
    this.#committer.start();
    // Earlier epochs wait for nothing.
    this.#pump.sendNow();
    return { durable: this.#store.durable };
  }

  async #openStore() {
    try {
      return await this.#store.open(this.#options.device, this.epoch);
    } catch (error) {
      this.#storageFailed(error);
      this.#store = new MemoryStore({ ...this.#options, storeBytesMax: this.#options.bufferBytesMax });
      return this.#store.open(this.#options.device, this.epoch);
    }
  }

  async #close(timeoutMs: number): Promise<FlushResult> {
    await this.ready;
    this.#recorder.end();
    const result = await this.flush({ timeoutMs });
    await this.#pump.stop();
    await this.#committer!.stop();
    await this.#store.close();
    await this.#ports.transport.close();
    this.#ports.release();
    return result;
  }

  #committed(throughSeq: number, count: number, bytes: number): void {
    const { durable } = this.#store;
    if (durable) {
      this.#durableEvents += count;
      if (this.#news.over("storage_degraded"))
        this.#news.emit("degraded", { durable, message: "events are stored again" });
      this.#news.emit("durable", { epoch: this.epoch, throughSeq });
    }
    this.#pump.notify(bytes);
  }

  #storageFailed(cause: unknown): void {
    const message = `events cannot be stored (${messageOf(cause)}); they go on from memory, and are not durable`;
    if (this.#news.trouble(new TonearmError("storage_degraded", message, cause)))
      this.#news.emit("degraded", { durable: false, message });
    this.#pump.notify();
  }
}
