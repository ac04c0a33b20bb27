/** A file log on a disk in memory, and beside it the little that must be true of it: what became of every event. */
import type { Disk } from "../file-log/disk.ts";
import { FileLog } from "../file-log/file-log.ts";
import {
  CONTROL,
  type Entry,
  type Priority,
  type Run,
  type RunLimit,
  type SeqRange,
  type Store,
} from "../store.ts";
import { countingClock } from "./counting-clock.ts";
import { isDue, isFit, LogTruth } from "./log-truth.ts";
import { type Fault, MemoryDisk } from "./memory-disk.ts";

/** Makes the log of one life of the process; `onDamage` is to be told of what it says that damage took. */
export type MakeLog = (disk: MemoryDisk, onDamage: (range: SeqRange) => void) => Store;

/** Stands in everything that a purge must leave nothing of. */
const SECRET = "secret";
/** Over every cap there is. */
const TOO_MUCH = 1e9;
const WIDE: RunLimit = { eventsMax: 1_000, bytesMax: 1_000_000 };

/** A log whose segments are full after a few commits. */
export const smallLogOn = (disk: Disk, onDamage: (range: SeqRange) => void): FileLog =>
  new FileLog({
    disk,
    clock: countingClock(),
    spelling: 1,
    segmentBytes: 512,
    storeBytesMax: TOO_MUCH / 2,
    storeEventsMax: 1_000_000,
    freeBytesMin: 0,
    onDamage,
    onQuarantine: () => undefined,
  });

/** A log that is put to use by commands; each throws when the log breaks a promise. */
export class LogBench {
  disk = new MemoryDisk();
  readonly #make: MakeLog;
  #log: Store;
  readonly #truth = new LogTruth();
  /** What the log did not take: it comes again before anything else, as it does from the SDK's memory. */
  #refused: Entry[] = [];
  #run: Run | undefined;
  /** Something went wrong in this life: what is taken back need not hold. */
  #isTroubled = false;
  /** A crash may have left a file beside what was written in its place: until both are read their events count twice. */
  #wasRewritten = false;
  /** Acknowledgements of this life may not have got to the disk. */
  #mayForget = false;

  constructor(make: MakeLog) {
    this.#make = make;
    this.#log = this.#made();
  }

  /** Begins an epoch, on what there is on the disk. */
  async open(): Promise<void> {
    const name = `epoch${this.#truth.epochs.length}`.padEnd(16, "-");
    this.#log = this.#made();
    this.#run = undefined;
    this.#refused = [];
    this.#mayForget = this.#isTroubled;
    const { previous } = await this.#log.open("device", name);
    this.#truth.checkPrevious(previous);
    this.#truth.epochs.push({ name, events: new Map(), lastSeq: 0, durableSeq: 0 });
  }

  /** @param gap numbers left out before the last. */
  async append(count: number, gap: number, priority: Priority, size: number): Promise<boolean> {
    const fresh = Array.from({ length: count }, (_, i) =>
      this.#entry(i === count - 1 ? gap : 0, priority, size),
    );
    const entries = [...this.#refused, ...fresh];
    const epoch = this.#truth.epochs.at(-1)!;
    const { ok } = await this.#log.append(entries);
    if (!ok && !this.#isTroubled) throw new Error("an append fails, and nothing was wrong with the disk");
    this.#refused = ok ? [] : entries;
    for (const { seq } of entries) {
      if (ok) epoch.durableSeq = Math.max(epoch.durableSeq, seq);
      if (ok) epoch.events.get(seq)!.fate = "owed";
      epoch.events.get(seq)!.isTwice = this.#isTroubled;
    }
    return ok;
  }

  async read(limit: RunLimit): Promise<Run | undefined> {
    const run = await this.#log.read(limit);
    this.#run = run;
    this.#truth.checkRun(run, limit);
    this.#checkBacklog();
    return run;
  }

  /** Acknowledges as much of what was read last. */
  async acknowledge(part: number): Promise<void> {
    if (!this.#run) return;
    const { epoch, firstSeq, events } = this.#run;
    const throughSeq = firstSeq + Math.ceil(events.length * part) - 1;
    await this.#log.acknowledge(epoch, throughSeq);
    for (const [seq, given] of this.#truth.epochs.find(({ name }) => name === epoch)!.events) {
      if (seq <= throughSeq && given.fate !== "purged") given.fate = "gone";
    }
    this.#run = undefined;
    this.#checkBacklog();
  }

  /** Gives up the oldest of the least important, as if the store were full. */
  async evict(): Promise<void> {
    const eviction = await this.#log.planEviction(TOO_MUCH, 0);
    if (!eviction || !(await this.append(1, 0, CONTROL, 0))) return;
    const before = this.#log.backlog().events;
    await eviction.apply();
    const declared = eviction.ranges.reduce((sum, range) => sum + this.#giveUp(range), 0);
    const went = before - this.#log.backlog().events;
    if (!this.#truth.wasTroubled && went !== declared)
      throw new Error(`${went} events went, ${declared} were declared`);
    this.#mayForget = true;
    this.#wasRewritten = true;
    this.#run = undefined;
    this.#checkBacklog();
  }

  async purge(): Promise<void> {
    this.#refused = this.#refused.filter(({ priority }) => priority === CONTROL);
    const purge = await this.#log.planPurge();
    if (!(await this.append(1, 0, CONTROL, 0))) return;
    for (const { fate, isControl } of this.#truth.all()) {
      if (fate === "owed" && !isControl && purge.ranges.length === 0)
        throw new Error("a purge declares nothing, and something waits");
    }
    const isComplete = await purge.apply();
    if (!isComplete && !this.#isTroubled) throw new Error("a purge is not complete, and nothing was wrong");
    for (const given of this.#truth.all()) {
      if (!given.isControl) given.fate = isComplete ? "purged" : "maybe";
    }
    if (isComplete && this.disk.holds(SECRET)) throw new Error("a purge leaves bytes of events");
    this.#mayForget = true;
    this.#wasRewritten = true;
    this.#run = undefined;
    this.#checkBacklog();
  }

  fail(fault: Fault): void {
    this.disk.fail(fault);
    this.#trouble();
  }

  /** The process ends in order, and another begins. */
  async restart(): Promise<void> {
    await this.#log.close();
    if (this.#mayForget || this.#isTroubled) this.#forget();
    this.disk.clearFaults();
    await this.open();
  }

  /** The process is killed. */
  async kill(): Promise<void> {
    await this.#crash(this.disk.processKill());
  }

  /** @param kept so much of what was not synced is there afterwards, with `junk` behind it. */
  async cutPower(kept: number, junk: Uint8Array): Promise<void> {
    if (kept < 1 || junk.length > 0) this.#trouble();
    const left = (tail: Uint8Array) =>
      Uint8Array.from([...tail.subarray(0, Math.floor(tail.length * kept)), ...junk]);
    await this.#crash(this.disk.powerCut((tail) => (tail.length > 0 ? left(tail) : tail)));
  }

  /** Reads and acknowledges until nothing is left: everything that is owed must come. */
  async drain(): Promise<void> {
    for (let rounds = 0; await this.read(WIDE); rounds++) {
      if (rounds > 1_000) throw new Error("reading never comes to an end");
      await this.acknowledge(1);
    }
  }

  #made(): Store {
    return this.#make(this.disk, (range) => this.#truth.damaged(range));
  }

  async #crash(disk: MemoryDisk): Promise<void> {
    this.disk = disk;
    this.#forget();
    await this.open();
  }

  /** What was acknowledged or given up may come back. */
  #forget(): void {
    for (const given of this.#truth.all()) {
      if (given.fate === "gone" || given.fate === "shown") given.fate = "maybe";
      given.isDeclared = false;
    }
    this.#isTroubled = false;
  }

  #trouble(): void {
    this.#isTroubled = true;
    this.#truth.wasTroubled = true;
  }

  #entry(gap: number, priority: Priority, size: number): Entry {
    const epoch = this.#truth.epochs.at(-1)!;
    epoch.lastSeq += gap + 1;
    const isControl = priority === CONTROL;
    const text = `${isControl ? "control" : SECRET} ${epoch.name}/${epoch.lastSeq}`.padEnd(size, ".");
    epoch.events.set(epoch.lastSeq, { text, isControl, fate: "maybe", isTwice: false, isDeclared: false });
    return { seq: epoch.lastSeq, priority, bytes: Buffer.from(text) };
  }

  #checkBacklog(): void {
    const { events } = this.#log.backlog();
    const all = this.#truth.all();
    const least = all.filter(({ fate }) => isDue(fate)).length;
    const most = least + all.filter(({ fate }) => fate === "maybe").length;
    if (events < least || (events > most && !this.#truth.wasTroubled && !this.#wasRewritten))
      throw new Error(`${events} are said to wait, ${least} to ${most} do`);
  }

  /** Takes what an eviction has declared for gone; returns how many events that were. */
  #giveUp({ epoch, fromSeq, toSeq, count }: SeqRange): number {
    const { events } = this.#truth.epochs.find(({ name }) => name === epoch)!;
    const isExact = count === undefined || count > toSeq - fromSeq;
    for (let seq = fromSeq; seq <= toSeq; seq++) {
      const given = events.get(seq);
      if (isExact && (!given || given.isControl || given.isDeclared || !isFit(given.fate)))
        throw new Error(
          `${seq} of ${epoch} is given up, and is ${given?.isDeclared ? "declared" : given?.fate}`,
        );
      if (!given || given.isControl) continue;
      given.fate = isExact && !this.#isTroubled && !given.isTwice ? "gone" : "maybe";
      given.isDeclared = isExact && !this.#isTroubled;
    }
    return count ?? toSeq - fromSeq + 1;
  }
}
