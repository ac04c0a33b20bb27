import type { Packer } from "../packer.ts";
import { lastSeqOf, runOf } from "../run.ts";
import type { Entry, Run, RunLimit, SeqRange } from "../store.ts";
import type { Catalog, Segment } from "./catalog.ts";
import { type Disk, isShortage } from "./disk.ts";
import { scanFrames } from "./scan.ts";

interface Waiting {
  segment: Segment;
  readonly entry: Entry;
}

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
  /** Epochs in which damage was met: the next hole is its doing. */
  readonly #suspect = new Set<string>();
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
    packer: Packer | undefined,
    onDamage: (range: SeqRange) => void,
  ) {
    this.#disk = disk;
    this.#catalog = catalog;
    this.#holeBefore = holeBefore;
    this.#packer = packer;
    this.#onDamage = onDamage;
  }

  /**
   * Keeps what was just written, if everything older has been read; else it is read when its turn comes.
   * @param offset where in `segment` the commit begins.
   */
  offerFresh(segment: Segment, offset: number, entries: readonly Entry[]): void {
    if (this.#bytes > FRESH_BYTES_MAX || this.#nextUnread() !== segment || segment.readOffset !== offset)
      return;
    segment.readOffset = segment.bytes;
    for (const entry of entries) this.#push(segment, entry);
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
    let gone = 0;
    for (const { segment, entry } of this.#waiting) {
      if (segment.header.epoch !== epoch || entry.seq > throughSeq) break;
      segment.live[entry.priority]--;
      this.#bytes -= entry.bytes.length;
      gone++;
    }
    this.#waiting.splice(0, gone);
  }

  /** Damage was met in what has not been read here: the next hole of `epoch` is its doing. */
  suspect(epoch: string): void {
    this.#suspect.add(epoch);
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
    this.#waiting = this.#waiting.filter((waiting) => {
      if (waiting.segment !== old) return true;
      if (replacement && survives(waiting.entry)) {
        waiting.segment = replacement;
        return true;
      }
      this.#bytes -= waiting.entry.bytes.length;
      return false;
    });
  }

  #push(segment: Segment, entry: Entry): void {
    this.#waiting.push({ segment, entry });
    this.#bytes += entry.bytes.length;
    this.#seen.set(segment.header.epoch, entry.seq);
  }

  /** The run at the head of the window; `full` when more events in the window would not make it longer. */
  #runOf(limit: RunLimit): { readonly run: Run; readonly full: boolean } | undefined {
    const header = this.#waiting[0]?.segment.header;
    if (!header) return undefined;
    const { device, epoch } = header;
    const other = this.#waiting.findIndex(
      ({ segment }, at) => at > limit.eventsMax || segment.header.epoch !== epoch,
    );
    const entries = (other < 0 ? this.#waiting : this.#waiting.slice(0, other)).map(({ entry }) => entry);
    const run = runOf(device, epoch, entries, limit)!;
    const full = run.events.length >= limit.eventsMax || other >= 0 || lastSeqOf(run) < entries.at(-1)!.seq;
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
    if (this.#holeBefore.has(number)) this.#suspect.add(epoch);
    let bytes: Uint8Array = new Uint8Array(0);
    try {
      bytes = await this.#disk.read(segment.name, from, to - from);
    } catch (error) {
      // Nothing is wrong with the file: it is read when the shortage is over.
      if (isShortage(error)) return false;
    }
    segment.readOffset = to;
    if (bytes.length < to - from) this.#suspect.add(epoch);
    for (const finding of scanFrames(bytes, 0, salt, this.#packer)) {
      if (finding.kind === "damage") this.#suspect.add(epoch);
      else if (finding.kind === "events") this.#take(segment, finding.entries);
    }
    // What could not be read is not waiting any more; it has been or will be declared.
    segment.live.fill(0);
    for (const waiting of this.#waiting)
      if (waiting.segment === segment) segment.live[waiting.entry.priority]++;
    return true;
  }

  #take(segment: Segment, entries: readonly Entry[]): void {
    const { epoch, firstSeq } = segment.header;
    const acknowledged = this.#catalog.acknowledgedThrough(epoch);
    const suspect = this.#suspect.delete(epoch);
    const seen = this.#seen.get(epoch) ?? (suspect ? acknowledged : Math.max(acknowledged, firstSeq - 1));
    const next = entries[0]!.seq;
    if (suspect && next > seen + 1) this.#onDamage({ epoch, fromSeq: seen + 1, toSeq: next - 1 });
    for (const entry of entries) {
      if (entry.seq > Math.max(seen, acknowledged)) this.#push(segment, entry);
    }
    if (!this.#seen.has(epoch)) this.#seen.set(epoch, seen);
  }
}
