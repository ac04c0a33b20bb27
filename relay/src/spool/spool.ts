import { type Entry, NORMAL, type Store } from "@tonearm/sdk/file-log";
import { type Cancel, type Clock, inTime, newEpochId } from "@tonearm/sdk/ports";
import { type Batch, countOf } from "../batch.ts";
import type { DeadLetters } from "./dead-letters.ts";
import { DrainRate } from "./drain-rate.ts";
import { Inflow } from "./inflow.ts";
import { Residents } from "./residents.ts";
import { decodeSpooledBatch, encodeSpooledBatch } from "./spooled-batch.ts";
import { StoredTimes } from "./stored-times.ts";

export interface SpoolOptions {
  /** Batches that come within this time share one sync, in ms. */
  readonly spoolCommitMs: number;
  /** Beyond this nothing more is taken in. */
  readonly spoolBytesMax: number;
  /** Of what the relay may hold at once, batches that wait for their turn while it is emptied take a quarter at most. */
  readonly bytesInFlightMax: number;
}

/** What the spool stands on. */
export interface SpoolParts {
  readonly log: Store;
  readonly clock: Clock;
  /** What it holds and can bring nowhere; takes part of its space. */
  readonly deadLetters: DeadLetters;
  /** Whether so many bytes more would take of the medium what is to be left to others. */
  readonly isShort: (bytes: number) => Promise<boolean>;
  /** Whoever makes the log counts here what it cannot read; default: nothing is. */
  readonly damage?: SpoolDamage;
}

/** What could not be read of a spool since it was opened, whichever process had stored it. */
export interface SpoolDamage {
  readonly batches: number;
  /** Files that could not be used at all: nobody knows how much was in them. */
  readonly files: number;
}

/** What the spool tells. */
export interface SpoolEvents {
  /** There is something new to read. */
  stored(): void;
  /** Batches of this process are gone: damage took them. Told when the spool has been read to its end. */
  lost(batches: number, events: number): void;
}

/** What waits in the spool. */
export interface SpoolState {
  readonly batches: number;
  readonly bytes: number;
  /** How long its oldest batch has waited; undefined when there is none. */
  readonly oldestAgeMs: number | undefined;
  readonly damage: SpoolDamage;
}

const NO_DAMAGE: SpoolDamage = { batches: 0, files: 0 };

/** What a relay without a spool has in it. */
export const EMPTY_SPOOL: SpoolState = { batches: 0, bytes: 0, oldestAgeMs: undefined, damage: NO_DAMAGE };

/** What became of a batch that was to be stored. */
export type Stored = "stored" | "full" | "failed";

interface Pending {
  readonly batch: Batch;
  readonly bytes: Uint8Array;
  resolve(stored: Stored): void;
}

/** A batch read back, and what to say when it is in the stream. */
export interface SpooledBatch {
  /** Undefined when the bytes are no batch. */
  readonly batch: Batch | undefined;
  readonly bytes: Uint8Array;
  readonly seq: number;
  /** It was stored by an earlier process. */
  readonly inherited: boolean;
}

/** The stretch of the spool that is read next. */
export interface SpooledRun {
  readonly epoch: string;
  readonly batches: readonly SpooledBatch[];
  /** Says that everything up to the batch with this seq is in the stream, or among the dead letters. */
  acknowledge(throughSeq: number): Promise<void>;
}

/** Batches handed over at once: enough to fill calls on many shards, few enough to be repeated without harm. */
const RUN_LIMIT = { eventsMax: 1_024, bytesMax: 8_388_608 };
/** A batch is framed with less than this. */
const FRAMING_BYTES = 256;
/** Longest wait for a device's last batch to leave the spool, in ms. */
const FREE_MS = 500;
/** No sender is told to stay away for longer, in ms. */
const TURN_MS_MAX = 60_000;

/** Keeps batches on disk while Kinesis is away: what it took is durable, and is refused rather than ever dropped. */
export class Spool {
  readonly deadLetters: DeadLetters;
  readonly rate: DrainRate;
  readonly damage: SpoolDamage;
  readonly #log: Store;
  readonly #clock: Clock;
  readonly #parts: SpoolParts;
  readonly #options: SpoolOptions;
  readonly #epoch: string;
  readonly #residents = new Residents();
  readonly #inflow: Inflow;
  #nextSeq = 1;
  /** Everything up to this number has been written, or has failed. */
  #committedSeq = 0;
  #pending: Pending[] = [];
  #pendingBytes = 0;
  #cancelTimer: Cancel | undefined;
  #inherited = false;
  #events: SpoolEvents = { stored: () => undefined, lost: () => undefined };
  #openedMs = 0;
  readonly #times = new StoredTimes();
  #acknowledgedSeq = 0;

  constructor(parts: SpoolParts, options: SpoolOptions) {
    this.#parts = parts;
    this.deadLetters = parts.deadLetters;
    this.damage = parts.damage ?? NO_DAMAGE;
    this.#log = parts.log;
    this.#clock = parts.clock;
    this.#options = options;
    this.#epoch = newEpochId(parts.clock);
    this.rate = new DrainRate(parts.clock);
    this.#inflow = new Inflow(parts.clock, options.bytesInFlightMax / 4);
  }

  /** @throws what opening the log throws. */
  async open(events: SpoolEvents): Promise<void> {
    this.#events = events;
    await this.deadLetters.open();
    await this.#log.open("relay", this.#epoch);
    this.#inherited = this.#log.backlog().events > 0;
    this.#openedMs = this.#clock.monotonicMs();
  }

  /** Whether a batch of `device` must wait behind others of it to keep its order. */
  holds(device: string): boolean {
    // Whose batches an earlier process left is known once they are read: until then everybody queues.
    return this.#inherited || this.#residents.has(device);
  }

  /**
   * Waits for the batches of `device` to leave, when they are about to: what comes on their heels would else find the last of
   * them in the spool every time, and never go straight into the stream again.
   */
  async untilFree(device: string): Promise<void> {
    const isNear = !this.#inherited && this.batches <= RUN_LIMIT.eventsMax;
    if (isNear) await inTime(this.#clock, this.#residents.untilGone(device), FREE_MS);
  }

  /**
   * While the spool is being emptied: waits until a batch of so many bytes may be put behind others of its device, which is
   * when twice as much has left as comes in. Resolves to false when that takes longer than `waitMsMax`.
   */
  mayFollow(bytes: number, waitMsMax: number): Promise<boolean> {
    return this.#inflow.enter(bytes, waitMsMax);
  }

  /** It is not being emptied any more: whoever waits may follow. */
  letAllFollow(): void {
    this.#inflow.letAllIn();
  }

  /** How long a batch of so many bytes would wait for its turn, in ms; undefined as long as nobody knows how fast the spool empties. */
  turnMs(bytes: number): number | undefined {
    const rate = this.rate.bytesPerSecond;
    return rate === undefined ? undefined : Math.min(this.#inflow.waitMs(bytes, rate), TURN_MS_MAX);
  }

  get batches(): number {
    return this.#log.backlog().events + this.#pending.length;
  }

  get bytes(): number {
    return this.#log.backlog().bytes + this.#pendingBytes;
  }

  /** How long the oldest batch has waited, of this process's; what an earlier one left is as old as this one at least. */
  get oldestAgeMs(): number | undefined {
    if (this.batches === 0) return undefined;
    const storedMs = this.#inherited ? this.#openedMs : this.#times.storedMs(this.#acknowledgedSeq + 1);
    return this.#clock.monotonicMs() - (storedMs ?? this.#clock.monotonicMs());
  }

  /** Stores a batch; resolves to `stored` once it is durable. */
  store(batch: Batch): Promise<Stored> {
    const bytes = encodeSpooledBatch(batch);
    const taken = this.bytes + this.deadLetters.bytes + bytes.length + FRAMING_BYTES;
    if (taken > this.#options.spoolBytesMax) return Promise.resolve("full");
    this.#residents.arrive(batch.device);
    this.#pendingBytes += bytes.length;
    return new Promise((resolve) => {
      this.#pending.push({ batch, bytes, resolve });
      this.#cancelTimer ??= this.#clock.after(this.#options.spoolCommitMs, () => void this.#commit(), true);
    });
  }

  /** The oldest batches not in the stream; undefined when there are none. */
  async read(): Promise<SpooledRun | undefined> {
    const committedSeq = this.#committedSeq;
    const readMs = this.#clock.monotonicMs();
    const run = await this.#log.read(RUN_LIMIT);
    if (!run || run.epoch === this.#epoch) this.#inherited = false;
    if (!run) {
      // A file that cannot be read just now still counts as waiting; what does not is gone.
      if (this.#log.backlog().events === 0 && this.#nextSeq - 1 === committedSeq) this.#tellLost();
      return undefined;
    }
    const inherited = run.epoch !== this.#epoch;
    let acknowledged = 0;
    const batches = run.events.map((bytes, i) => ({
      batch: decodeSpooledBatch(bytes),
      bytes,
      seq: run.firstSeq + i,
      inherited,
    }));
    return {
      epoch: run.epoch,
      batches,
      acknowledge: async (throughSeq) => {
        await this.#log.acknowledge(run.epoch, throughSeq);
        const through = throughSeq - run.firstSeq + 1;
        this.#left(batches.slice(acknowledged, through), readMs);
        acknowledged = through;
        if (!inherited) this.#acknowledgedSeq = throughSeq;
      },
    };
  }

  async close(): Promise<void> {
    this.#cancelTimer?.();
    await this.#commit();
    await this.#log.close();
    await this.deadLetters.close();
  }

  async #commit(): Promise<void> {
    this.#cancelTimer = undefined;
    const pending = this.#pending;
    if (pending.length === 0) return;
    this.#pending = [];
    const isShort = await this.#parts.isShort(pending.reduce((sum, { bytes }) => sum + bytes.length, 0));
    // Numbers are given only now: the log takes them in ascending order, and another commit may have overtaken this one. They
    // are never given twice, not even after a failure: what failed may stand on the disk all the same.
    const entries: Entry[] = pending.map(({ bytes }) => ({ seq: this.#nextSeq++, priority: NORMAL, bytes }));
    this.#times.stored(entries[0]!.seq, this.#clock.monotonicMs());
    const ok = !isShort && (await this.#log.append(entries)).ok;
    for (const { batch, bytes, resolve } of pending) {
      this.#pendingBytes -= bytes.length;
      this.#residents.settle(batch.device, countOf(batch), ok);
      resolve(ok ? "stored" : isShort ? "full" : "failed");
    }
    this.#committedSeq = Math.max(this.#committedSeq, entries.at(-1)!.seq);
    if (ok) this.#events.stored();
  }

  #left(batches: readonly SpooledBatch[], readMs: number): void {
    let sum = 0;
    for (const { batch, bytes, inherited } of batches) {
      sum += bytes.length;
      if (batch && !inherited) this.#residents.leave(batch.device, countOf(batch));
    }
    this.rate.drained(sum, readMs);
    this.#inflow.drained(sum);
  }

  #tellLost(): void {
    const { batches, events } = this.#residents.clear();
    if (batches > 0) this.#events.lost(batches, events);
  }
}
