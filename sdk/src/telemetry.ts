/**
 * The way of an event through the SDK, on one screen: `record` → Recorder (stamp, encode) → Committer (group commit)
 * → Store → Pump (batch, retry) → Transport, and back: acknowledge → Store.
 */
import type { Clock } from "./clock.ts";
import type { Codec } from "./codec.ts";
import { Committer } from "./committer.ts";
import { DropLedger } from "./drops.ts";
import type { Listener } from "./emitter.ts";
import { messageOf, TonearmError } from "./errors.ts";
import type { RecordResult } from "./event.ts";
import { EventCheck } from "./event-check.ts";
import { newEpochId } from "./ids.ts";
import { MemoryStore } from "./memory-store.ts";
import { News } from "./news.ts";
import type { CheckedOptions } from "./options.ts";
import { Pump } from "./pump.ts";
import { Recorder } from "./recorder.ts";
import type { Run, RunLimit, SeqRange, Store } from "./store.ts";
import type { FlushResult, Telemetry, TelemetryEvents, TelemetryStats } from "./telemetry-api.ts";
import type { Answer, Fault, Transport } from "./transport.ts";
import type { AnyEvents, EventDefinitions } from "./typed-events.ts";
import type { PlayEvent } from "./vocabulary/play.ts";
import type { SourceEvent } from "./vocabulary/source.ts";
import { Watermark } from "./watermark.ts";

/** What a runtime brings. */
export interface Ports {
  readonly clock: Clock;
  readonly codec: Codec;
  readonly transport: Transport;
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
  #acceptedEvents = 0;
  #retries = 0;
  #closing: Promise<FlushResult> | undefined;
  /** How far this epoch is acknowledged. */
  readonly #delivered: Watermark;

  constructor(options: CheckedOptions, ports: Ports) {
    this.#options = options;
    this.#ports = ports;
    this.epoch = newEpochId(ports.clock);
    this.#check = new EventCheck(ports.clock, options.events);
    this.#delivered = new Watermark(ports.clock);
    this.#drops = new DropLedger((drop) => this.#news.emit("drop", drop));
    this.#recorder = new Recorder(this.epoch, options, ports.clock, ports.codec, this.#drops);
    this.#store = ports.makeStore({
      damage: (range) => this.#drops.add(range, "corrupt", "damage on the medium"),
      quarantined: (name, reason) =>
        this.#news.error(
          new TonearmError("storage_corrupt", `stored file ${name} ${reason}; it is in quarantine`),
        ),
    });
    this.#pump = new Pump(
      { source: this.#source(), transport: ports.transport, clock: ports.clock },
      options,
      {
        accepted: (run, answer) => this.#accepted(run, answer),
        faulted: (fault) => this.#faulted(fault),
      },
    );
    this.ready = this.#open();
  }

  record(type: string, data: unknown): RecordResult {
    const result = this.#recorder.record(type, this.#check.complete(type, data));
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
    const delivered = await this.#delivered.reaches(target, timeoutMs);
    if (!this.#delivered.hasWaiters) this.#pump.setUrgent(false);
    const durable = this.#store.durable && this.#committer!.committedSeq >= target;
    return { durable, delivered, pendingEvents: this.#waiting() };
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
      acceptedEvents: this.#acceptedEvents,
      retries: this.#retries,
      dropped: this.#drops.byReason(),
    };
  }

  async #open(): Promise<{ readonly durable: boolean }> {
    const { clock } = this.#ports;
    const opened = await this.#openStore();
    this.#recorder.begin(opened.previous);
    const parts = { recorder: this.#recorder, store: this.#store, drops: this.#drops, clock };
    this.#committer = new Committer(parts, this.#options, {
      committed: (throughSeq) => this.#committed(throughSeq),
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
      this.#store = new MemoryStore(this.#options.bufferBytesMax);
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

  #source() {
    const read = async (limit: RunLimit): Promise<Run | undefined> =>
      (await this.#store.read(limit)) ??
      (this.#committer?.degraded ? this.#recorder.peekRun(limit) : undefined);
    return {
      epoch: this.epoch,
      read,
      waiting: () => this.#waiting(),
      acknowledge: (run: Run, throughSeq: number) => this.#acknowledge(run.epoch, throughSeq),
      reject: (run: Run, code: string, message: string) => this.#reject(run, code, message),
    };
  }

  #waiting(): number {
    const inMemory = this.#committer?.degraded ? this.#recorder.waitingEvents : 0;
    return this.#store.backlog().events + inMemory;
  }

  async #acknowledge(epoch: string, throughSeq: number): Promise<void> {
    await this.#store.acknowledge(epoch, throughSeq);
    if (epoch !== this.epoch) return;
    // While nothing can be stored, what was sent came from memory.
    if (this.#committer!.degraded) this.#recorder.release(throughSeq);
    this.#delivered.raise(throughSeq);
  }

  /** Gives up one event that no relay will take, once that is declared. */
  async #reject(run: Run, code: string, message: string): Promise<boolean> {
    if (this.#recorder.closed) return false;
    const range = { epoch: run.epoch, fromSeq: run.firstSeq, toSeq: run.firstSeq };
    this.#drops.add(range, "rejected", `${code}: ${message}`);
    await this.#committer!.commitAll();
    await this.#acknowledge(run.epoch, run.firstSeq);
    return true;
  }

  #accepted(run: Run, answer: Extract<Answer, { kind: "accepted" }>): void {
    const { throughSeq, durable, bodyBytes, serverTimeMs } = answer;
    this.#acceptedEvents += throughSeq - run.firstSeq + 1;
    this.#news.over("relay_refused", "relay_unreachable");
    if (serverTimeMs !== undefined) this.#recorder.learnTime(serverTimeMs);
    this.#news.emit("accepted", {
      epoch: run.epoch,
      fromSeq: run.firstSeq,
      throughSeq,
      durable,
      bodyBytes,
    });
  }

  #faulted(fault: Fault): void {
    this.#retries++;
    if (fault.kind === "busy") return;
    const code = fault.kind === "refused" ? "relay_refused" : "relay_unreachable";
    const message = `${fault.message}; events are kept, and sent again later`;
    this.#news.trouble(new TonearmError(code, message));
  }

  #committed(throughSeq: number): void {
    this.#news.over("storage_degraded");
    if (this.#store.durable) this.#news.emit("durable", { epoch: this.epoch, throughSeq });
    this.#pump.notify();
  }

  #storageFailed(cause: unknown): void {
    const message = `events cannot be stored (${messageOf(cause)}); they go on from memory, and are not durable`;
    this.#news.trouble(new TonearmError("storage_degraded", message, cause));
    this.#pump.notify();
  }
}
