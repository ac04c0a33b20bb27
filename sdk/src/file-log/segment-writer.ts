import type { Clock } from "../clock.ts";
import type { Spelling } from "../codec.ts";
import type { Packer } from "../packer.ts";
import type { Entry } from "../store.ts";
import { type Catalog, liveCount, newSegment, type Segment } from "./catalog.ts";
import { CommitFrames } from "./commit-frames.ts";
import { type Disk, type DiskFile, isFull } from "./disk.ts";
import { lengthOf } from "./packed-entries.ts";
import { encodeAckFrame, encodeHeader, type SegmentHeader, segmentName } from "./segment-format.ts";

/** Which epoch a log writes, and whose. */
export interface Identity {
  readonly spelling: Spelling;
  readonly device: string;
  readonly epoch: string;
  readonly epochIndex: number;
}

/** A commit that is durable, and where it stands. */
interface Committed {
  readonly ok: true;
  readonly segment: Segment;
  readonly offset: number;
}

interface NotCommitted {
  readonly ok: false;
  readonly error: unknown;
}

/** The file that is set aside. */
export const BALLAST_NAME = "ballast";
/** Set aside so that a full disk still takes declarations and acknowledgements: 64 KiB. */
const BALLAST_BYTES = 65_536;

/** A segment holds at most this many times its size of unpacked bytes: whoever reads one has room for all of it. */
const UNPACKED_TIMES_MAX = 4;

interface ActiveFile {
  readonly segment: Segment;
  readonly file: DiskFile;
  unpackedBytes: number;
}

/**
 * Writes segments. A file is durable, name and header, before its first frame; after any doubt (a short write, an
 * error, a failed sync) it is sealed and never touched again, and the same entries go into a new one.
 */
export class SegmentWriter {
  readonly #disk: Disk;
  readonly #clock: Clock;
  readonly #catalog: Catalog;
  readonly #identity: Identity;
  readonly #segmentBytes: number;
  readonly #segmentEvents: number;
  readonly #frames: CommitFrames;
  #nextNumber: number;
  #active: ActiveFile | undefined;
  #acksUnsynced = false;
  #ballast = false;

  constructor(
    disk: Disk,
    clock: Clock,
    catalog: Catalog,
    identity: Identity,
    options: {
      readonly segmentBytes: number;
      readonly segmentEvents: number;
      readonly nextNumber: number;
      readonly packer: Packer | undefined;
    },
  ) {
    this.#disk = disk;
    this.#clock = clock;
    this.#catalog = catalog;
    this.#identity = identity;
    this.#segmentBytes = options.segmentBytes;
    this.#segmentEvents = options.segmentEvents;
    this.#nextNumber = options.nextNumber;
    this.#frames = new CommitFrames(options.packer);
  }

  /** The segment that takes frames now. */
  get active(): Segment | undefined {
    return this.#active?.segment;
  }

  /**
   * Opens the first segment, so that the epoch exists on the medium before it is used. When that fails, the next
   * append tries again, and what earlier runs left can be read and sent meanwhile.
   */
  async begin(): Promise<void> {
    await this.restoreBallast();
    try {
      await this.#rotate(1);
    } catch {
      await this.seal();
    }
  }

  /** Writes and syncs; on failure once more in a new file, with the ballast given up if the disk is full. */
  async append(entries: readonly Entry[]): Promise<Committed | NotCommitted> {
    try {
      return await this.#appendOnce(entries);
    } catch (first) {
      await this.seal();
      if (isFull(first)) await this.#freeBallast();
      try {
        return await this.#appendOnce(entries);
      } catch (error) {
        await this.seal();
        return { ok: false, error };
      }
    }
  }

  async #appendOnce(entries: readonly Entry[]): Promise<Committed> {
    if (!this.#active || this.#isFull(this.#active)) await this.#rotate(entries[0]!.seq);
    const { segment, file } = this.#active!;
    const bytes = this.#frames.of(segment.header.salt, entries);
    await writeWhole(file, bytes);
    await file.sync();
    this.#acksUnsynced = false;
    const offset = segment.bytes;
    count(segment, entries, bytes.length);
    this.#active!.unpackedBytes += entries.reduce((sum, entry) => sum + lengthOf(entry), 0);
    return { ok: true, segment, offset };
  }

  #isFull({ segment, unpackedBytes }: ActiveFile): boolean {
    return (
      segment.bytes >= this.#segmentBytes ||
      unpackedBytes >= UNPACKED_TIMES_MAX * this.#segmentBytes ||
      liveCount(segment) >= this.#segmentEvents
    );
  }

  /** Notes an acknowledgement, not yet durable: losing it costs duplicates, never events. */
  async appendAck(epoch: string, throughSeq: number): Promise<void> {
    if (!this.#active) return;
    const { segment, file } = this.#active;
    const bytes = encodeAckFrame(segment.header.salt, epoch, throughSeq);
    try {
      await writeWhole(file, bytes);
      // There is nothing to read in it, so a reader at its beginning is also at its end.
      if (segment.readOffset === segment.bytes) segment.readOffset += bytes.length;
      segment.bytes += bytes.length;
      this.#acksUnsynced = true;
    } catch {
      // Losing it is allowed; writing behind half a frame is not.
      await this.seal();
    }
  }

  async syncAcks(): Promise<void> {
    if (!this.#active || !this.#acksUnsynced) return;
    this.#acksUnsynced = false;
    try {
      await this.#active.file.sync();
    } catch {
      await this.seal();
    }
  }

  /**
   * Goes on in a new segment that also says what is acknowledged, so that all others may go without a trace. When that
   * fails the next append tries again; what is lost of it costs duplicates.
   */
  async renew(): Promise<void> {
    const { segments, acknowledged } = this.#catalog;
    try {
      await this.#rotate(this.#catalog.lastSeqOf(this.#identity.epoch) + 1);
      for (const [epoch, throughSeq] of acknowledged) {
        if (segments.some(({ header }) => header.epoch === epoch)) await this.appendAck(epoch, throughSeq);
      }
      await this.syncAcks();
    } catch {
      await this.seal();
    }
  }

  /** Writes `entries` of an old epoch, durably, into a segment of their own. */
  async rewrite(old: SegmentHeader, entries: readonly Entry[]): Promise<Segment> {
    const { segment, file } = await this.#create({ ...old, firstSeq: entries[0]!.seq });
    try {
      const bytes = this.#frames.of(segment.header.salt, entries);
      await writeWhole(file, bytes);
      await file.sync();
      count(segment, entries, bytes.length);
    } finally {
      await file.close();
    }
    segment.sealed = true;
    return segment;
  }

  /** Ends the active segment; the next append opens another. */
  async seal(): Promise<void> {
    if (!this.#active) return;
    const { segment, file } = this.#active;
    this.#active = undefined;
    segment.sealed = true;
    try {
      await file.close();
    } catch {
      // Everything that counts was synced before; a failing close has nothing left to lose.
    }
  }

  /** Sets the reserve aside if it is not; false when the medium has no room for it. */
  async restoreBallast(): Promise<boolean> {
    if (this.#ballast) return true;
    try {
      const present = (await this.#disk.list()).includes(BALLAST_NAME);
      this.#ballast = present && (await this.#disk.size(BALLAST_NAME)) === BALLAST_BYTES;
      if (this.#ballast) return true;
      if (present) await this.#disk.unlink(BALLAST_NAME);
      const file = await this.#disk.create(BALLAST_NAME);
      try {
        // Random, so that no file system stores it as a hole or compresses it away.
        await writeWhole(file, this.#clock.randomBytes(BALLAST_BYTES));
        await file.sync();
        this.#ballast = true;
      } finally {
        await file.close();
      }
    } catch (error) {
      await this.#freeBallast();
      return !isFull(error);
    }
    return true;
  }

  async #freeBallast(): Promise<void> {
    this.#ballast = false;
    try {
      await this.#disk.unlink(BALLAST_NAME);
    } catch {
      // There was none: nothing to free.
    }
  }

  async #rotate(firstSeq: number): Promise<void> {
    await this.syncAcks();
    await this.seal();
    const active = await this.#create({ ...this.#identity, salt: 0, number: 0, createdMs: 0, firstSeq });
    this.#catalog.insert(active.segment);
    this.#active = active;
  }

  /**
   * Creates a segment file, durable with its name; salt and time are its own, and so is the number in its name. What is
   * rewritten keeps the number in the header: its place in the order in which events were written.
   */
  async #create(template: SegmentHeader): Promise<ActiveFile> {
    const number = this.#nextNumber++;
    const salt = new DataView(this.#clock.randomBytes(4).buffer).getUint32(0, true);
    const header = {
      ...template,
      number: template.number || number,
      salt,
      createdMs: Math.max(0, Math.trunc(this.#clock.wallMs())),
    };
    const name = segmentName(number);
    const file = await this.#disk.create(name);
    try {
      await writeWhole(file, encodeHeader(header));
      await file.sync();
      await this.#disk.syncDirectory();
      return { segment: newSegment(name, header), file, unpackedBytes: 0 };
    } catch (error) {
      await file.close().catch(() => undefined);
      await this.#disk.unlink(name).catch(() => undefined);
      throw error;
    }
  }
}

/** Counts a durable commit into its segment. */
function count(segment: Segment, entries: readonly Entry[], bytes: number): void {
  segment.bytes += bytes;
  segment.lastSeq = entries.at(-1)!.seq;
  for (const { priority } of entries) segment.live[priority]++;
}

/** A short count is how a full disk says so. */
async function writeWhole(file: DiskFile, bytes: Uint8Array): Promise<void> {
  const written = await file.write(bytes);
  if (written === bytes.length) return;
  throw Object.assign(new Error(`only ${written} of ${bytes.length} bytes were written`), { code: "ENOSPC" });
}
