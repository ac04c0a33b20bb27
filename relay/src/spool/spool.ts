import { type Entry, NORMAL, type Run, type Store } from "@tonearm/sdk/file-log";
import { type Cancel, type Clock, newEpochId } from "@tonearm/sdk/ports";
import { type Batch, countOf } from "../batch.ts";
import { decodeSpooledBatch, encodeSpooledBatch } from "./spooled-batch.ts";

export interface SpoolOptions {
  /** Batches that come within this time share one sync, in ms. */
  readonly spoolCommitMs: number;
  /** Beyond this nothing more is taken in. */
  readonly spoolBytesMax: number;
}

interface Pending {
  readonly batch: Batch;
  readonly bytes: Uint8Array;
  resolve(stored: boolean): void;
}

/** A batch read back, and what to say when it is in the stream. */
export interface SpooledBatch {
  readonly batch: Batch;
  readonly seq: number;
  /** It was stored by an earlier process. */
  readonly inherited: boolean;
}

/** The stretch of the spool that is read next. */
export interface SpooledRun {
  readonly epoch: string;
  readonly batches: readonly SpooledBatch[];
  /** Says that everything up to the batch with this seq is in the stream. */
  acknowledge(throughSeq: number): Promise<void>;
}

/** Batches handed over at once: enough to fill calls, few enough to be repeated without harm. */
const RUN_LIMIT = { eventsMax: 1_024, bytesMax: 8_388_608 };
/** A batch is framed with less than this. */
const FRAMING_BYTES = 256;

/** Keeps batches on disk while Kinesis is away: what it took is durable, and is refused rather than ever dropped. */
export class Spool {
  readonly #log: Store;
  readonly #clock: Clock;
  readonly #options: SpoolOptions;
  readonly #epoch: string;
  /** How many batches of each device wait here; its newer ones must queue behind them. */
  readonly #devices = new Map<string, number>();
  #nextSeq = 1;
  #pending: Pending[] = [];
  #pendingBytes = 0;
  #cancelTimer: Cancel | undefined;
  #inherited = false;
  #onStored: () => void = () => undefined;

  constructor(log: Store, clock: Clock, options: SpoolOptions) {
    this.#log = log;
    this.#clock = clock;
    this.#options = options;
    this.#epoch = newEpochId(clock);
  }

  /** @param onStored called when there is something new to read. @throws what opening the log throws. */
  async open(onStored: () => void): Promise<void> {
    this.#onStored = onStored;
    await this.#log.open("relay", this.#epoch);
    this.#inherited = this.#log.backlog().events > 0;
  }

  /** Whether a batch of `device` must wait behind others of it to keep its order. */
  holds(device: string): boolean {
    // Whose batches an earlier process left is known once they are read: until then everybody queues.
    return this.#inherited || this.#devices.has(device);
  }

  get batches(): number {
    return this.#log.backlog().events + this.#pending.length;
  }

  get bytes(): number {
    return this.#log.backlog().bytes + this.#pendingBytes;
  }

  /** Stores a batch; resolves to true once it is durable, to false when there is no room or the disk fails. */
  store(batch: Batch): Promise<boolean> {
    const bytes = encodeSpooledBatch(batch);
    if (this.bytes + bytes.length + FRAMING_BYTES > this.#options.spoolBytesMax)
      return Promise.resolve(false);
    this.#devices.set(batch.device, (this.#devices.get(batch.device) ?? 0) + 1);
    this.#pendingBytes += bytes.length;
    return new Promise((resolve) => {
      this.#pending.push({ batch, bytes, resolve });
      this.#cancelTimer ??= this.#clock.after(this.#options.spoolCommitMs, () => void this.#commit(), true);
    });
  }

  /** The oldest batches not in the stream; undefined when there are none. */
  async read(): Promise<SpooledRun | undefined> {
    const run = await this.#log.read(RUN_LIMIT);
    if (!run || run.epoch === this.#epoch) this.#inherited = false;
    if (!run) return undefined;
    const inherited = run.epoch !== this.#epoch;
    const batches = run.events.map((bytes, i) => ({
      batch: decodeSpooledBatch(bytes),
      seq: run.firstSeq + i,
      inherited,
    }));
    return {
      epoch: run.epoch,
      batches,
      acknowledge: (throughSeq) => this.#acknowledge(run, batches, throughSeq),
    };
  }

  async close(): Promise<void> {
    this.#cancelTimer?.();
    await this.#commit();
    await this.#log.close();
  }

  async #commit(): Promise<void> {
    this.#cancelTimer = undefined;
    const pending = this.#pending;
    if (pending.length === 0) return;
    this.#pending = [];
    this.#pendingBytes = 0;
    // Numbers are never given twice, not even after a failure: what failed may stand on the disk all the same.
    const entries: Entry[] = pending.map(({ bytes }) => ({ seq: this.#nextSeq++, priority: NORMAL, bytes }));
    const { ok } = await this.#log.append(entries);
    for (const { batch, resolve } of pending) {
      if (!ok) this.#leave(batch.device);
      resolve(ok);
    }
    if (ok) this.#onStored();
  }

  async #acknowledge(run: Run, batches: readonly SpooledBatch[], throughSeq: number): Promise<void> {
    await this.#log.acknowledge(run.epoch, throughSeq);
    for (const { batch, seq, inherited } of batches) {
      if (seq <= throughSeq && !inherited) this.#leave(batch.device);
    }
  }

  #leave(device: string): void {
    const left = (this.#devices.get(device) ?? 0) - 1;
    if (left > 0) this.#devices.set(device, left);
    else this.#devices.delete(device);
  }
}

export const eventsIn = (batches: readonly SpooledBatch[]): number =>
  batches.reduce((sum, { batch }) => sum + countOf(batch), 0);
