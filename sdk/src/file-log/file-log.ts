/**
 * A store on disk: append-only segments are the only truth. There is no index, no ledger and no state file; whatever
 * a crash leaves is read back by `recover`. See `docs/decisions/0003-file-log.md` for the reasons.
 */

import type { Clock } from "../clock.ts";
import type { Spelling } from "../codec.ts";
import type { Packer } from "../packer.ts";
import { rangesOf } from "../run.ts";
import {
  type Appended,
  type Backlog,
  CRITICAL,
  type Entry,
  type Eviction,
  type OpenedStore,
  type Purge,
  type Run,
  type RunLimit,
  type SeqRange,
  type Store,
} from "../store.ts";
import { Catalog, liveCount, type Segment } from "./catalog.ts";
import type { Disk } from "./disk.ts";
import { chooseSacrifices, type Excess, type Sacrifice, split } from "./eviction.ts";
import { Mutex } from "./mutex.ts";
import { rangesToPurge } from "./purge.ts";
import { type Discard, ReadWindow } from "./read-window.ts";
import { type LostFile, recover, takeAway } from "./recovery.ts";
import { FRAMES_START, segmentNumber } from "./segment-format.ts";
import { SegmentWriter } from "./segment-writer.ts";

/** Sizes of a file log, and whom it tells of trouble. */
export interface FileLogOptions {
  readonly disk: Disk;
  readonly clock: Clock;
  readonly spelling: Spelling;
  /** Makes commits smaller on their way to the disk; what one packer wrote can only be read with it. */
  readonly packer?: Packer | undefined;
  /**
   * Gives memory back at once: what was read back from files, when it is acknowledged. Runs that held it have empty bytes
   * from then on. Without it the garbage collector does so when it likes.
   */
  readonly discard?: Discard | undefined;
  /** A segment takes no further commit beyond this size: 256 KiB on a device, 8 MiB in a relay. */
  readonly segmentBytes: number;
  /** All segments together. */
  readonly storeBytesMax: number;
  /** All unacknowledged events together. */
  readonly storeEventsMax: number;
  /** Space on the medium that is left to others. */
  readonly freeBytesMin: number;
  /** Events that damage took, found while reading. */
  readonly onDamage: (range: SeqRange) => void;
  /** A file that could not be used: why, and what was done with it. */
  readonly onQuarantine: (name: string, reason: string) => void;
}

export class FileLog implements Store {
  readonly durable = true;
  readonly #options: FileLogOptions;
  readonly #mutex = new Mutex();
  #catalog = new Catalog();
  #writer: SegmentWriter | undefined;
  #window: ReadWindow | undefined;
  #spaceIsLow = false;
  #lost: readonly LostFile[] = [];

  constructor(options: FileLogOptions) {
    this.#options = options;
  }

  /** @throws the system's error when the directory cannot be read; `Error` when the epoch is not a fresh one. */
  open(device: string, epoch: string): Promise<OpenedStore> {
    return this.#mutex.run(async () => {
      const { disk, clock, spelling, segmentBytes, storeEventsMax, packer } = this.#options;
      const { onDamage, onQuarantine } = this.#options;
      const found = await recover(disk, packer, onQuarantine);
      if (found.catalog.segments.some(({ header }) => header.epoch === epoch)) {
        throw new Error(`epoch ${epoch} is already in the log; a new epoch needs a fresh id`);
      }
      this.#catalog = found.catalog;
      this.#lost = found.lost;
      this.#window = new ReadWindow(disk, found.catalog, found.holeBefore, this.#options, onDamage);
      const identity = { spelling, device, epoch, epochIndex: found.nextEpochIndex };
      const writer = new SegmentWriter(disk, clock, found.catalog, identity, {
        segmentBytes,
        segmentEvents: storeEventsMax / 4,
        nextNumber: found.nextNumber,
        packer,
      });
      await writer.begin();
      this.#writer = writer;
      return { previous: found.previous };
    });
  }

  append(entries: readonly Entry[]): Promise<Appended> {
    return this.#mutex.run(async () => {
      const committed = await this.#writer!.append(entries);
      if (!committed.ok) return committed;
      this.#window!.offerFresh(committed.segment, committed.offset, entries);
      await this.#trim();
      return { ok: true };
    });
  }

  read(limit: RunLimit): Promise<Run | undefined> {
    return this.#mutex.run(() => this.#window!.read(limit));
  }

  acknowledge(epoch: string, throughSeq: number): Promise<void> {
    return this.#mutex.run(async () => {
      this.#catalog.acknowledge(epoch, throughSeq);
      this.#window!.acknowledge(epoch, throughSeq);
      await this.#writer!.appendAck(epoch, throughSeq);
      await this.#trim();
    });
  }

  planEviction(incomingBytes: number, incomingEvents: number): Promise<Eviction | undefined> {
    return this.#mutex.run(async () => {
      const excess = await this.#excess(incomingBytes, incomingEvents);
      if (!excess) return undefined;
      const unreadable = new Set<Segment>();
      for (;;) {
        const candidates = this.#catalog.segments.filter((segment) => !unreadable.has(segment));
        const sacrifices = chooseSacrifices(candidates, excess, this.#options.segmentBytes / 4);
        if (sacrifices.length === 0) return undefined;
        if (sacrifices.some(({ segment }) => !segment.sealed)) await this.#writer!.seal();
        const eviction = await this.#plan(sacrifices, unreadable);
        if (eviction) return eviction;
      }
    });
  }

  planPurge(): Promise<Purge> {
    return this.#mutex.run(async () => {
      const ranges = await rangesToPurge(
        this.#catalog,
        (segment) => this.#window!.isBehindHole(segment),
        (segment) => this.#split({ segment, priority: CRITICAL }),
      );
      return { ranges, apply: () => this.#mutex.run(() => this.#purge()) };
    });
  }

  backlog(): Backlog {
    return { events: this.#catalog.liveEvents, bytes: this.#catalog.bytes };
  }

  close(): Promise<void> {
    return this.#mutex.run(async () => {
      await this.#writer?.syncAcks();
      await this.#writer?.seal();
    });
  }

  /** By how much the caps are exceeded; nothing may be over them and the medium still be short of space. */
  async #excess(incomingBytes: number, incomingEvents: number): Promise<Excess | undefined> {
    const { storeBytesMax, storeEventsMax } = this.#options;
    const bytes = this.#catalog.bytes + incomingBytes - storeBytesMax;
    const events = this.#catalog.liveEvents + incomingEvents - storeEventsMax;
    return bytes > 0 || events > 0 || (await this.#isShort()) ? { bytes, events } : undefined;
  }

  async #isShort(): Promise<boolean> {
    const { freeBytesMin, disk } = this.#options;
    if (!(await this.#writer!.restoreBallast())) return true;
    // Asking the system costs as much as a small write, so only the beginning of a segment asks.
    const active = this.#writer!.active;
    if (!active || active.bytes === FRAMES_START || this.#spaceIsLow) {
      this.#spaceIsLow = (await disk.freeBytes().catch(() => 0)) < freeBytesMin;
    }
    return this.#spaceIsLow;
  }

  /** Undefined when none of the files can be read; those are added to `unreadable`. */
  async #plan(sacrifices: readonly Sacrifice[], unreadable: Set<Segment>): Promise<Eviction | undefined> {
    const ranges: SeqRange[] = [];
    const readable: Sacrifice[] = [];
    for (const sacrifice of sacrifices) {
      const { segment } = sacrifice;
      const parts = await this.#split(sacrifice);
      if (!parts) {
        unreadable.add(segment);
        continue;
      }
      readable.push(sacrifice);
      ranges.push(...rangesOf(segment.header.epoch, parts.given));
    }
    const apply = async () => {
      // Some may have been trimmed, or given up by another plan, since.
      const { segments } = this.#catalog;
      for (const sacrifice of readable)
        if (segments.includes(sacrifice.segment)) await this.#evict(sacrifice);
    };
    return readable.length > 0 ? { ranges, apply: () => this.#mutex.run(apply) } : undefined;
  }

  /** What goes and what stays of a segment; undefined while its file cannot be read. */
  async #split(sacrifice: Sacrifice) {
    const { name, header, bytes } = sacrifice.segment;
    const { disk, packer } = this.#options;
    const file = await disk.read(name, 0, bytes).catch(() => undefined);
    return file && split(sacrifice, this.#catalog.acknowledgedThrough(header.epoch), file, packer);
  }

  /**
   * Rewrites what must stay, then removes the file. When either cannot be done the old file simply stays: its events are
   * declared and will be delivered all the same, which contradicts nothing.
   */
  async #evict(sacrifice: Sacrifice): Promise<boolean> {
    const { segment } = sacrifice;
    const parts = await this.#split(sacrifice);
    if (!parts) return false;
    const { kept, damaged } = parts;
    let replacement: Segment | undefined;
    try {
      if (kept.length > 0) replacement = await this.#writer!.rewrite(segment.header, kept);
    } catch {
      return false;
    }
    // What damage took of a file that nobody has read yet would go unseen.
    if (damaged && segment.readOffset < segment.bytes) this.#window!.suspect(segment);
    const surviving = new Set(kept.map(({ seq }) => seq));
    this.#window!.replace(segment, replacement, ({ seq }) => surviving.has(seq));
    if (replacement) {
      replacement.repeatedSeq = segment.repeatedSeq;
      this.#catalog.insertBefore(segment, replacement);
    }
    await this.#remove(segment);
    return true;
  }

  /**
   * Leaves the control records, and that the epochs were here; every other byte of an event goes, acknowledged or
   * unusable. False when the medium keeps something.
   */
  async #purge(): Promise<boolean> {
    const { disk } = this.#options;
    await this.#writer!.renew();
    let complete = true;
    for (const segment of this.#catalog.segments.filter(({ sealed }) => sealed)) {
      complete = (await this.#evict({ segment, priority: CRITICAL })) && complete;
    }
    this.#window!.trust();
    try {
      await disk.emptyQuarantine();
      const known = new Set(this.#catalog.segments.map(({ name }) => name));
      // Files that could not be read at the start, or not be removed since.
      for (const name of await disk.list()) {
        if (segmentNumber(name) !== undefined && !known.has(name)) await disk.unlink(name);
      }
      await disk.syncDirectory();
      return complete;
    } catch {
      return false;
    }
  }

  /**
   * Removes sealed segments of which everything is acknowledged. Acknowledgements that stand in what stays are synced first:
   * nothing is lost without them, but a power cut would have sent again what is known to have arrived. Unlinking needs no free
   * space. The newest file of the epoch before, and the newest with an event (its acknowledgement may not have got to the
   * disk), stay until the present epoch, which names it, has an event on disk. A file stays behind any that does: what is
   * acknowledged of that one may be said nowhere else.
   */
  async #trim(): Promise<void> {
    const { segments } = this.#catalog;
    const begun = segments.some((segment) => !segment.sealed && segment.lastSeq > 0);
    const witnesses = begun ? [] : [this.#catalog.newest, segments.findLast(({ lastSeq }) => lastSeq > 0)];
    const stays = segments.findIndex((segment) => !isDone(segment) || witnesses.includes(segment));
    // One stays always, if there are any: what is written to now, or a witness.
    const done = segments.slice(0, stays);
    if (done.length > 0) await this.#writer!.syncAcks();
    for (const segment of done) await this.#remove(segment);
    if (this.#lost.length > 0) await this.#clearLost(begun);
  }

  /**
   * Lost files have done their duty when the segment behind them is acknowledged, since what is missing before it was declared
   * first; or, when nothing is behind them, when the present epoch has said on the medium that it knows no end of the one before.
   */
  async #clearLost(begun: boolean): Promise<void> {
    const stays = ({ behind }: LostFile) =>
      behind === undefined ? !begun : this.#catalog.segments.some(({ header }) => header.number === behind);
    const done = this.#lost.filter((file) => !stays(file));
    this.#lost = this.#lost.filter(stays);
    for (const file of done) await takeAway(this.#options.disk, file);
  }

  async #remove(segment: Segment): Promise<void> {
    this.#catalog.remove(segment);
    try {
      await this.#options.disk.unlink(segment.name);
    } catch {
      // It stays until the next start, which finds its events acknowledged, or sends them again.
    }
  }
}

/** Whether nothing in a segment waits, and nothing in it is still unread. */
function isDone(segment: Segment): boolean {
  return segment.sealed && segment.readOffset === segment.bytes && liveCount(segment) === 0;
}
