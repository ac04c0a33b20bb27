import type { Packer } from "../packer.ts";
import { lastSeqOf, runOf } from "../run.ts";
import type { Entry, Run, RunLimit, SeqRange } from "../store.ts";
import type { Catalog, Segment } from "./catalog.ts";
import { type Disk, isShortage } from "./disk.ts";
import { isPacked, lengthOf } from "./packed-entries.ts";
import { scanFrames } from "./scan.ts";

/** Events of one frame or commit, those before `next` acknowledged. */
interface Waiting {
  segment: Segment;
  entries: readonly Entry[];
  next: number;
  /** Read back from a file: nobody else holds bytes of the buffer that theirs stand in. */
  readonly isOwn: boolean;
}

/** Gives memory back at once, where the runtime can; views of it are empty then. */
export type Discard = (buffer: ArrayBufferLike) => void;

/** Freshly appended events are kept for reading up to this many bytes; beyond it they are read back from the file. */
const FRESH_BYTES_MAX = 524_288;

/**
 * The unacknowledged events at the head of the log, in memory. It holds at most one segment and the fresh tail, and
 * is filled from the files as it empties.
 */
export class ReadWindow {
  readonly #disk: Disk;
  readonly #catalog: Catalog;
  readonly #holeBefore: Set<number>;
  readonly #packer: Packer | undefined;
  readonly #discard: Discard | undefined;
  /** Epochs in which damage was met, and up to which number it took nothing: the next hole behind that is its doing. */
  readonly #suspect = new Map<string, number>();
  readonly #onDamage: (range: SeqRange) => void;
  /** Highest sequence number seen of each epoch that is being read. */
  readonly #seen = new Map<string, number>();
  #waiting: Waiting[] = [];
  #bytes = 0;

  /** @param holeBefore segments before which a file was lost; other holes are drops, declared when they were made. */
  constructor(
    disk: Disk,
    catalog: Catalog,
    holeBefore: Set<number>,
    runtime: { readonly packer?: Packer | undefined; readonly discard?: Discard | undefined },
    onDamage: (range: SeqRange) => void,
  ) {
    this.#disk = disk;
    this.#catalog = catalog;
    this.#holeBefore = holeBefore;
    this.#packer = runtime.packer;
    this.#discard = runtime.discard;
    this.#onDamage = onDamage;
  }

  /**
   * Keeps what was just written, if everything older has been read and nothing would have to be unpacked for it; else it is
   * read when its turn comes.
   * @param offset where in `segment` the commit begins.
   */
  offerFresh(segment: Segment, offset: number, entries: readonly Entry[]): void {
    if (this.#bytes > FRESH_BYTES_MAX || this.#nextUnread() !== segment || segment.readOffset !== offset)
      return;
    if (entries.some(isPacked)) return;
    segment.readOffset = segment.bytes;
    this.#push(segment, entries, false);
  }

  /** The run at the head of the log, read from the files as far as the limit asks for. */
  async read(limit: RunLimit): Promise<Run | undefined> {
    for (;;) {
      const run = this.#runOf(limit);
      // A run that ends where the window ends may go on in the file.
      if (run && (run.full || !this.#nextUnread())) return run.run;
      if (!(await this.#load())) return run?.run;
    }
  }

  /** Forgets acknowledged events, and counts them off their segments. */
  acknowledge(epoch: string, throughSeq: number): void {
    for (let head = this.#waiting[0]; head?.segment.header.epoch === epoch; head = this.#waiting[0]) {
      const { segment, entries } = head;
      for (let entry = entries[head.next]; entry && entry.seq <= throughSeq; entry = entries[++head.next]) {
        segment.live[entry.priority]--;
        this.#bytes -= lengthOf(entry);
      }
      if (head.next < entries.length) return;
      this.#waiting.shift();
      if (head.isOwn) this.#discardUnlessShared(entries[0]!.bytes);
    }
  }

  /** What was not packed stands in the buffer that its file was read into, and others of that file may still wait in it. */
  #discardUnlessShared({ buffer }: Uint8Array): void {
    const isShared = this.#waiting.some(({ entries }) => entries[0]!.bytes.buffer === buffer);
    if (!isShared) this.#discard?.(buffer);
  }

  /**
   * Damage was met in `segment`: the next hole of its epoch is its doing. Nothing before the segment was in it, and it may not be
   * its turn yet.
   */
  suspect({ header: { epoch, firstSeq } }: Segment): void {
    this.#suspect.set(epoch, Math.min(firstSeq - 1, this.#suspect.get(epoch) ?? Infinity));
  }

  /** Whether a file was lost before `segment`: the hole before it is damage. */
  isBehindHole(segment: Segment): boolean {
    return this.#holeBefore.has(segment.header.number);
  }

  /** After a purge: whatever damage took is declared with the rest. */
  trust(): void {
    this.#suspect.clear();
    this.#holeBefore.clear();
  }

  /** After an eviction: events of `old` that survived now stand in `replacement`, the others are gone. */
  replace(old: Segment, replacement: Segment | undefined, survives: (entry: Entry) => boolean): void {
    if (replacement && old.readOffset === old.bytes) replacement.readOffset = replacement.bytes;
    for (const waiting of this.#waiting) {
      if (waiting.segment !== old) continue;
      if (replacement) waiting.segment = replacement;
      const left = waiting.entries.slice(waiting.next);
      waiting.entries = replacement ? left.filter(survives) : [];
      waiting.next = 0;
      this.#bytes -= bytesOf(left) - bytesOf(waiting.entries);
    }
    this.#waiting = this.#waiting.filter(({ entries }) => entries.length > 0);
  }

  #push(segment: Segment, entries: readonly Entry[], isOwn: boolean): void {
    const last = entries.at(-1);
    if (!last) return;
    this.#waiting.push({ segment, entries, next: 0, isOwn });
    this.#bytes += bytesOf(entries);
    this.#seen.set(segment.header.epoch, last.seq);
  }

  /** The run at the head of the window; `full` when more events in the window would not make it longer. */
  #runOf(limit: RunLimit): { readonly run: Run; readonly full: boolean } | undefined {
    const header = this.#waiting[0]?.segment.header;
    if (!header) return undefined;
    const { device, epoch } = header;
    const entries: Entry[] = [];
    let isMore = false;
    for (const waiting of this.#waiting) {
      isMore = waiting.segment.header.epoch !== epoch || entries.length > limit.eventsMax;
      if (isMore) break;
      entries.push(...waiting.entries.slice(waiting.next, waiting.next + limit.eventsMax + 1));
    }
    const run = runOf(device, epoch, entries, limit)!;
    const full = run.events.length >= limit.eventsMax || isMore || lastSeqOf(run) < entries.at(-1)!.seq;
    return { run, full };
  }

  #nextUnread(): Segment | undefined {
    return this.#catalog.segments.find((segment) => segment.readOffset < segment.bytes);
  }

  /** Reads on in the oldest file with something unread; false when there is none. */
  async #load(): Promise<boolean> {
    const segment = this.#nextUnread();
    if (!segment) return false;
    const from = segment.readOffset;
    const to = segment.bytes;
    const { epoch, salt, number } = segment.header;
    // Where the lost file began, nobody knows.
    if (this.#holeBefore.has(number)) this.#suspect.set(epoch, 0);
    let bytes: Uint8Array = new Uint8Array(0);
    try {
      bytes = await this.#disk.read(segment.name, from, to - from);
    } catch (error) {
      // Nothing is wrong with the file: it is read when the shortage is over.
      if (isShortage(error)) return false;
    }
    segment.readOffset = to;
    if (bytes.length < to - from) this.suspect(segment);
    for (const finding of scanFrames(bytes, 0, salt, this.#packer)) {
      if (finding.kind === "damage") this.suspect(segment);
      else if (finding.kind === "events") this.#take(segment, finding.entries);
    }
    this.#discardUnlessShared(bytes);
    // What could not be read is not waiting any more; it has been or will be declared.
    segment.live.fill(0);
    for (const waiting of this.#waiting) {
      if (waiting.segment !== segment) continue;
      for (const { priority } of waiting.entries.slice(waiting.next)) segment.live[priority]++;
    }
    return true;
  }

  #take(segment: Segment, entries: readonly Entry[]): void {
    const { epoch, firstSeq } = segment.header;
    const acknowledged = this.#catalog.acknowledgedThrough(epoch);
    const wholeThrough = this.#suspect.get(epoch) ?? Infinity;
    const next = entries[0]!.seq;
    const isSuspect = next > wholeThrough;
    if (isSuspect) this.#suspect.delete(epoch);
    const seen = this.#seen.get(epoch) ?? Math.max(acknowledged, isSuspect ? wholeThrough : firstSeq - 1);
    const lastWhole = isSuspect ? Math.max(seen, wholeThrough) : next;
    if (next > lastWhole + 1) this.#onDamage({ epoch, fromSeq: lastWhole + 1, toSeq: next - 1 });
    const throughSeq = Math.max(seen, acknowledged);
    const isNew = next > throughSeq;
    this.#push(segment, isNew ? entries : entries.filter(({ seq }) => seq > throughSeq), true);
    if (!this.#seen.has(epoch)) this.#seen.set(epoch, seen);
  }
}

const bytesOf = (entries: readonly Entry[]): number =>
  entries.reduce((sum, entry) => sum + lengthOf(entry), 0);
