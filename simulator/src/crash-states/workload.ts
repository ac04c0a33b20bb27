import type { Entry, FileLog, FileLogOptions } from "@tonearm/sdk/file-log";
import { countingClock } from "@tonearm/sdk/testing";
import { JournalDisk, systemError } from "./journal-disk.ts";
import { Promises } from "./promises.ts";

/** The log under test: ours, or one with a bug in it. */
export type LogClass = new (options: FileLogOptions) => FileLog;

/** So small that a few commits fill a segment. */
const SEGMENT_BYTES = 512;
const WIDE = { eventsMax: 1_000, bytesMax: 1_000_000 };
/** Over every cap there is. */
const TOO_MUCH = 1e9;

/** A log on `disk`; `onDamage` is told of what it says damage took. */
export function logOn(
  Log: LogClass,
  disk: JournalDisk,
  onDamage: FileLogOptions["onDamage"] = () => undefined,
): FileLog {
  return new Log({
    disk,
    clock: countingClock(),
    spelling: 1,
    segmentBytes: SEGMENT_BYTES,
    storeBytesMax: TOO_MUCH / 2,
    storeEventsMax: 1_000_000,
    freeBytesMin: 0,
    onDamage,
    onQuarantine: () => undefined,
  });
}

/**
 * What a workload is made of: `a` one event, `m` three with a hole between and of unequal importance, `k` acknowledges one, `K`
 * everything, `e` evicts, `p` purges, `o` closes and opens again, `x` is killed and starts again, `h` is killed halfway through
 * a commit and starts again.
 */
export const OPERATIONS: readonly string[] = ["a", "m", "k", "K", "e", "p", "o", "x", "h"];

/** Puts a log through a workload, and keeps what it promises. */
export class Workload {
  readonly disk = new JournalDisk();
  /** Operations begun. */
  begun = 0;
  /** What the log said of an epoch's end, if more of it had been durable. */
  falseClaim: string | undefined;
  readonly promises = new Promises();
  readonly #Log: LogClass;
  readonly #onChange: (disk: JournalDisk) => void;
  #log: FileLog;
  #isOpen = false;
  #epoch = "";
  #epochs = 0;
  #seq = 0;
  /** What could not be appended: as the SDK does, it is given again, before what is new. */
  #waiting: readonly Entry[] = [];

  /** @param onChange called whenever what a crash could leave, or what is owed, has changed. */
  constructor(Log: LogClass, onChange: (disk: JournalDisk) => void = () => undefined) {
    this.#Log = Log;
    this.#onChange = onChange;
    this.#log = logOn(Log, this.disk);
  }

  async run(operations: string): Promise<void> {
    this.disk.onChange = () => this.#changed();
    await this.#open();
    await this.#do("a");
    await this.#do("a");
    for (const operation of operations) {
      this.begun++;
      await this.#do(operation);
    }
    this.#changed();
  }

  #do(operation: string): Promise<void> {
    if (!this.#isOpen && !"oxh".includes(operation)) return Promise.resolve();
    switch (operation) {
      case "a":
        return this.#append(1, 0);
      case "m":
        return this.#append(3, 1);
      case "k":
        return this.#acknowledge(1);
      case "K":
        return this.#acknowledge(1_000);
      case "e":
        return this.#evict();
      case "p":
        return this.#purge();
      case "o":
        return this.#reopen();
      case "h":
        return this.#dieInCommit();
      default:
        return this.#open();
    }
  }

  async #reopen(): Promise<void> {
    await this.#log.close();
    await this.#open();
  }

  /** The process ends between a write and its sync: nothing that it does afterwards reaches the disk. */
  async #dieInCommit(): Promise<void> {
    const { onCall } = this.disk;
    let isDead = false;
    this.disk.onCall = (operation) => {
      isDead ||= operation === "sync";
      if (isDead) throw systemError("EIO");
      return undefined;
    };
    if (this.#isOpen) await this.#commit([this.promises.entry(this.#epoch, ++this.#seq, 2)]);
    this.disk.onCall = onCall;
    await this.#open();
  }

  /** A new process on the same machine: what was not synced still is not. */
  async #open(): Promise<void> {
    this.#epoch = `epoch${String(++this.#epochs).padStart(2, "0")}`.padEnd(16, "-");
    this.#seq = 0;
    this.#waiting = [];
    this.#log = logOn(this.#Log, this.disk, (range) => this.promises.damaged(range));
    this.#isOpen = false;
    try {
      const { previous } = await this.#log.open("device", this.#epoch);
      this.#isOpen = true;
      if (previous?.lastSeq) this.#named(previous.epoch, previous.lastSeq);
    } catch {
      // A device goes on in memory then; its log is opened again at the next start.
    }
    this.#changed();
  }

  /** @param gap numbers left out before the last. */
  async #append(count: number, gap: number): Promise<void> {
    const entries = Array.from({ length: count }, (_, i) => {
      const seq = ++this.#seq + (i === count - 1 ? gap : 0);
      return this.promises.entry(this.#epoch, seq, count === 3 ? ([3, 2, 0] as const)[i]! : 2);
    });
    this.#seq += gap;
    await this.#commit(entries);
    this.#changed();
  }

  /** Returns whether they are durable. */
  async #commit(entries: readonly Entry[]): Promise<boolean> {
    const all = [...this.#waiting, ...entries];
    const { ok } = await this.#log.append(all);
    this.#waiting = ok ? [] : all;
    if (ok) this.promises.promised(this.#epoch, all);
    return ok;
  }

  async #acknowledge(most: number): Promise<void> {
    for (let left = most; left > 0; left--) {
      const run = await this.#log.read(most === 1 ? { ...WIDE, eventsMax: 1 } : WIDE);
      if (!run) return;
      const throughSeq = run.firstSeq + run.events.length - 1;
      this.promises.acknowledged(run.epoch, throughSeq);
      await this.#log.acknowledge(run.epoch, throughSeq);
      this.#changed();
    }
  }

  async #evict(): Promise<void> {
    const eviction = await this.#log.planEviction(TOO_MUCH, 0);
    if (!eviction || !(await this.#declare())) return;
    this.promises.declared(eviction.ranges);
    await eviction.apply();
    this.#changed();
  }

  async #purge(): Promise<void> {
    // Nothing of what waits is wanted any more, and between plan and purge only control records may come.
    this.#waiting = [];
    const purge = await this.#log.planPurge();
    if (!(await this.#declare())) return;
    this.promises.declared(purge.ranges);
    if (await purge.apply()) this.promises.removed();
    this.#changed();
  }

  #named(epoch: string, lastSeq: number): void {
    const end = this.promises.ends.get(epoch) ?? 0;
    if (lastSeq < end) this.falseClaim ??= `${epoch} is said to end at ${lastSeq}, and ${end} was durable`;
    this.promises.named(epoch, lastSeq);
  }

  /** Appends a control record; returns whether it is durable. */
  async #declare(): Promise<boolean> {
    return this.#commit([this.promises.entry(this.#epoch, ++this.#seq, 0)]);
  }

  #changed(): void {
    this.#onChange(this.disk);
  }
}
