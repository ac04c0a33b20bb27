/** A spool on a disk in memory, and beside it what became of every batch. */
import type { Store } from "@tonearm/sdk/file-log";
import { type Fault, MemoryDisk, QuickClock } from "@tonearm/sdk/testing";
import type { Batch } from "../batch.ts";
import { DeadLetters } from "../spool/dead-letters.ts";
import { Spool, type SpooledRun, type Stored } from "../spool/spool.ts";
import { batchOf } from "./batches.ts";
import { fileLog } from "./spools.ts";

/**
 * `waiting`: nobody has said anything yet. `stored`: it was said to be durable, and has not left. `maybe`: it may be there or
 * not, after a failure or the loss of an acknowledgement.
 */
type Fate = "waiting" | "stored" | "maybe" | "left";

interface Given {
  readonly batch: Batch;
  /** Which process it was given to. */
  readonly life: number;
  fate: Fate;
}

/** Makes the log that the spool stands on. */
export type MakeSpoolLog = (disk: MemoryDisk, clock: QuickClock) => Store;

const COMMIT_MS = 10;
export const quickLog: MakeSpoolLog = (disk, clock) => fileLog(disk, clock, 1_024)();

const nameOf = ({ device, firstSeq }: Batch): string => `${device}/${firstSeq}`;

/** A spool that is put to use by commands; each throws when it breaks a promise. */
export class SpoolBench {
  readonly #make: MakeSpoolLog;
  readonly #bytesMax: number;
  readonly clock = new QuickClock();
  disk = new MemoryDisk();
  #spool!: Spool;
  readonly #given: Given[] = [];
  readonly #nextSeq = new Map<string, number>();
  #run: SpooledRun | undefined;
  #life = 0;
  #isShort = false;
  #isTroubled = false;

  /** @param bytesMax what the spool may take. */
  constructor(make: MakeSpoolLog, bytesMax: number) {
    this.#make = make;
    this.#bytesMax = bytesMax;
  }

  async open(): Promise<void> {
    const letters = new MemoryDisk();
    const deadLetters = new DeadLetters(letters, this.clock, fileLog(letters, this.clock));
    const isShort = async () => this.#isShort;
    const parts = { log: this.#make(this.disk, this.clock), clock: this.clock, deadLetters, isShort };
    this.#spool = new Spool(parts, {
      spoolCommitMs: COMMIT_MS,
      bytesInFlightMax: 2 ** 26,
      spoolBytesMax: this.#bytesMax,
    });
    this.#life++;
    this.#run = undefined;
    await this.#spool.open({
      stored: () => undefined,
      lost: (batches) => {
        throw new Error(`${batches} batches are said to be lost, and nothing was damaged`);
      },
    });
  }

  /** Hands a batch over; what becomes of it is heard when time passes. */
  store(device: string, count: number): void {
    const firstSeq = this.#nextSeq.get(device) ?? 1;
    this.#nextSeq.set(device, firstSeq + count);
    const given: Given = { batch: batchOf(device, firstSeq, count), life: this.#life, fate: "waiting" };
    this.#given.push(given);
    const before = this.#spool.bytes;
    const isShort = this.#isShort;
    const spool = this.#spool;
    const hear = async () => {
      const stored = await spool.store(given.batch);
      // A process that is gone says nothing any more.
      if (spool === this.#spool) this.#heard(given, stored, before, isShort);
    };
    void hear();
  }

  async pass(ms: number): Promise<void> {
    await this.clock.advance(ms);
    if (ms <= COMMIT_MS) return;
    const silent = this.#given.find(({ fate }) => fate === "waiting");
    if (silent) throw new Error(`nothing is said of ${nameOf(silent.batch)}`);
    if (this.#spool.bytes > this.#bytesMax + 4_096)
      throw new Error(`${this.#spool.bytes} bytes are in the spool`);
    this.#checkHeld();
  }

  async read(): Promise<boolean> {
    this.#run = await this.#spool.read();
    const oldest = this.#given.findIndex(({ fate }) => fate === "stored");
    if (!this.#run) {
      if (oldest >= 0) throw new Error(`nothing is read, and ${nameOf(this.#given[oldest]!.batch)} waits`);
      return false;
    }
    let last = -1;
    for (const { batch } of this.#run.batches) {
      const at = this.#given.findIndex((given) => batch && nameOf(given.batch) === nameOf(batch));
      const given = this.#given[at];
      if (!given || !batch) throw new Error("a batch is read that was never given");
      if (given.fate === "left") throw new Error(`${nameOf(batch)} is read again after it has left`);
      if (!Buffer.from(batch.records.bytes).equals(given.batch.records.bytes))
        throw new Error(`${nameOf(batch)} is not what was given`);
      const skipped = this.#given.slice(last + 1, at).find(({ fate }) => fate === "stored");
      if (skipped || at < last) throw new Error(`${nameOf(batch)} is read before what is older`);
      last = at;
    }
    return true;
  }

  /** Says that so much of what was read last is in the stream. */
  async acknowledge(part: number): Promise<void> {
    const run = this.#run;
    if (!run) return;
    const gone = run.batches.slice(0, Math.ceil(run.batches.length * part));
    await run.acknowledge(gone.at(-1)!.seq);
    for (const { batch } of gone)
      this.#given.find((given) => nameOf(given.batch) === nameOf(batch!))!.fate = "left";
    this.#run = undefined;
  }

  fail(fault: Fault): void {
    this.disk.fail(fault);
    this.#isTroubled = true;
  }

  /** The medium has no room that is not to be left to others, or has it again. */
  fill(isShort: boolean): void {
    this.#isShort = isShort;
  }

  async restart(): Promise<void> {
    await this.#spool.close();
    await this.clock.settle();
    await this.#renew(this.disk);
  }

  async kill(): Promise<void> {
    await this.#renew(this.disk.processKill());
  }

  async cutPower(): Promise<void> {
    await this.#renew(this.disk.powerCut());
  }

  /** Everything that is owed comes, and then nothing is held any more. */
  async drain(): Promise<void> {
    this.disk.clearFaults();
    await this.pass(COMMIT_MS * 2);
    for (let rounds = 0; await this.read(); rounds++) {
      if (rounds > 100) throw new Error("reading never comes to an end");
      await this.acknowledge(1);
    }
    if (this.#spool.batches !== 0)
      throw new Error(`${this.#spool.batches} batches are said to wait, none does`);
    for (const device of this.#nextSeq.keys())
      if (this.#spool.holds(device)) throw new Error(`${device} is held back, and nothing of it waits`);
  }

  async #renew(disk: MemoryDisk): Promise<void> {
    this.disk = disk;
    disk.clearFaults();
    this.#isTroubled = false;
    for (const given of this.#given) if (given.fate !== "stored") given.fate = "maybe";
    await this.open();
  }

  #heard(given: Given, stored: Stored, before: number, wasShort: boolean): void {
    if (stored === "failed" && !this.#isTroubled) throw new Error("a batch fails, and nothing was wrong");
    const isFull = before + given.batch.records.bytes.length + 512 > this.#bytesMax;
    if (stored === "full" && !isFull && !wasShort && !this.#isShort)
      throw new Error("a batch does not fit, and there is room");
    given.fate = stored === "stored" ? "stored" : "maybe";
  }

  /** Whose batches of this process wait has to queue behind them. */
  #checkHeld(): void {
    for (const { batch, life, fate } of this.#given)
      if (life === this.#life && fate === "stored" && !this.#spool.holds(batch.device))
        throw new Error(`${batch.device} may overtake its batches`);
    const stored = this.#given.filter(({ fate }) => fate === "stored").length;
    if (this.#spool.batches < stored)
      throw new Error(`${this.#spool.batches} are said to wait, ${stored} do`);
  }
}
