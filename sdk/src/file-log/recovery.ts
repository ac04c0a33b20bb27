import { messageOf } from "../errors.ts";
import type { Packer } from "../packer.ts";
import type { Entry, OpenedStore } from "../store.ts";
import { Catalog, newSegment, type Segment } from "./catalog.ts";
import { type Disk, isShortage } from "./disk.ts";
import { scanFrames } from "./scan.ts";
import { decodeHeader, FRAMES_START, segmentNumber } from "./segment-format.ts";

/** What the files of earlier runs tell. */
export interface Recovered {
  readonly catalog: Catalog;
  readonly nextNumber: number;
  readonly nextEpochIndex: number;
  readonly previous: OpenedStore["previous"];
  /** Numbers of segments before which a file was lost: a hole there is damage, not a drop declared when it was made. */
  readonly holeBefore: Set<number>;
  readonly lost: readonly LostFile[];
}

/**
 * A file that holds nothing to be read. It is the only witness that something is missing, so it stays where it is until that is
 * declared durably: a start that comes before finds it again.
 */
export interface LostFile {
  readonly name: string;
  readonly fault: Fault;
  /** Number of the segment that was written next, if there is one. */
  readonly behind: number | undefined;
}

/** Told of every file that could not be used, why, and what was done with it. */
export type OnQuarantine = (name: string, reason: string) => void;

/** No log writes a longer file: the largest segment that may be asked for, and one commit. Options change between runs. */
const FILE_BYTES_MAX = 25_165_824;

/** Who reads the files, and with what. */
interface Reading {
  readonly disk: Disk;
  readonly packer: Packer | undefined;
  readonly catalog: Catalog;
  readonly findings: Map<Segment, Findings>;
}

/** What the first reading found in a segment, beside what the segment itself says. */
interface Findings {
  /** 0 where there is no event. */
  firstSeq: number;
  isAscending: boolean;
  /** Behind its last event there is something that cannot be read. */
  endsInDamage: boolean;
}

/**
 * Reads all segments, one at a time, so that memory is bounded by one segment. A file that cannot be used goes into
 * quarantine and holds nothing else up; no old file is ever written or shortened.
 */
export async function recover(
  disk: Disk,
  packer: Packer | undefined,
  onQuarantine: OnQuarantine,
): Promise<Recovered> {
  const catalog = new Catalog();
  const reading: Reading = { disk, packer, catalog, findings: new Map() };
  const names = (await disk.list()).filter((name) => segmentNumber(name) !== undefined).toSorted();
  const faults = new Map<string, Fault>();
  for (const name of names) {
    const fault = await recoverSegment(reading, name, name === names.at(-1));
    if (!fault) continue;
    faults.set(name, fault);
    if (fault.kind !== "empty") onQuarantine(name, `${fault.reason}; ${NEXT[fault.kind]}`);
  }
  await countLive(reading);
  const lost = lostFiles(catalog, faults);
  return {
    catalog,
    nextNumber: (segmentNumber(names.at(-1) ?? "") ?? 0) + 1,
    nextEpochIndex: (catalog.segments.at(-1)?.header.epochIndex ?? 0) + 1,
    previous: await previousEpoch(
      reading,
      lost.map(({ name }) => segmentNumber(name)!),
    ),
    holeBefore: new Set(lost.flatMap(({ behind }) => behind ?? [])),
    lost,
  };
}

/**
 * Why a file is not in the catalog. `empty`: the newest file has no byte, as a crash between its creation and its header
 * leaves it; damage may have done that as well, so it counts as lost. `invalid`: it is not what this log wrote.
 * `unavailable`: this process is short of something; the next start may read it.
 */
interface Fault {
  readonly kind: "empty" | "invalid" | "unavailable";
  readonly reason: string;
}

/** Takes one file into the catalog; returns what is wrong with it when it cannot be. */
async function recoverSegment(reading: Reading, name: string, isNewest: boolean): Promise<Fault | undefined> {
  const { disk, packer, catalog, findings } = reading;
  try {
    const size = await disk.size(name);
    if (size > FILE_BYTES_MAX) {
      return { kind: "invalid", reason: `is ${size} bytes long, expected at most ${FILE_BYTES_MAX}` };
    }
    if (size === 0 && isNewest) return { kind: "empty", reason: "is empty" };
    const bytes = await disk.read(name, 0, size);
    const header = decodeHeader(bytes);
    if (!header || bytes.length < FRAMES_START) return { kind: "invalid", reason: "has no whole header" };
    const segment = newSegment(name, header);
    segment.bytes = bytes.length;
    segment.sealed = true;
    const found: Findings = { firstSeq: 0, isAscending: true, endsInDamage: false };
    for (const finding of scanFrames(bytes, FRAMES_START, header.salt, packer)) {
      if (finding.kind === "ack") catalog.acknowledge(finding.epoch, finding.throughSeq);
      else if (finding.kind === "damage") found.endsInDamage = true;
      else takeEvents(segment, found, finding.entries);
    }
    catalog.insert(segment);
    findings.set(segment, found);
    return undefined;
  } catch (error) {
    return {
      kind: isShortage(error) ? "unavailable" : "invalid",
      reason: `cannot be read (${messageOf(error)})`,
    };
  }
}

function takeEvents(segment: Segment, found: Findings, entries: readonly Entry[]): void {
  const firstSeq = entries[0]!.seq;
  found.firstSeq ||= firstSeq;
  if (firstSeq <= segment.lastSeq) found.isAscending = false;
  found.endsInDamage = false;
  segment.lastSeq = Math.max(segment.lastSeq, entries.at(-1)!.seq);
  for (const { priority } of entries) segment.live[priority]++;
}

/** What becomes of a file. */
const NEXT: Readonly<Record<Exclude<Fault["kind"], "empty">, string>> = {
  invalid:
    "it goes into quarantine when what is missing is declared, and is removed if it is too large for that",
  unavailable: "the next start tries again",
};

/** Takes a lost file out of the way, once what is missing is declared. */
export async function takeAway(disk: Disk, { name, fault }: LostFile): Promise<void> {
  try {
    if (fault.kind === "invalid") await disk.quarantine(name);
    else if (fault.kind === "empty") await disk.unlink(name);
  } catch {
    // It stays where it is, and is passed over.
  }
}

/**
 * Takes off what is acknowledged, and what stands twice (a rewrite after a failed sync, a crash during an eviction). An
 * acknowledgement may stand in any later file, and may cover part of a segment; only such a segment is read again.
 */
async function countLive({ disk, packer, catalog, findings }: Reading): Promise<void> {
  const counted = new Map(catalog.acknowledged);
  for (const segment of catalog.segments) {
    const { epoch } = segment.header;
    const { firstSeq, isAscending } = findings.get(segment)!;
    const throughSeq = counted.get(epoch) ?? 0;
    segment.repeatedSeq = throughSeq;
    if (segment.lastSeq <= throughSeq) segment.live.fill(0);
    else if (firstSeq <= throughSeq || !isAscending) await recount(disk, packer, segment, throughSeq);
    counted.set(epoch, Math.max(throughSeq, segment.lastSeq));
  }
}

async function recount(
  disk: Disk,
  packer: Packer | undefined,
  segment: Segment,
  throughSeq: number,
): Promise<void> {
  segment.live.fill(0);
  let counted = throughSeq;
  const bytes = await readOrNothing(disk, segment);
  for (const finding of scanFrames(bytes, FRAMES_START, segment.header.salt, packer)) {
    if (finding.kind !== "events") continue;
    for (const { seq, priority } of finding.entries) {
      if (seq <= counted) continue;
      counted = seq;
      segment.live[priority]++;
    }
  }
}

async function readOrNothing(disk: Disk, segment: Segment): Promise<Uint8Array> {
  try {
    return await disk.read(segment.name, 0, segment.bytes);
  } catch {
    // It was readable a moment ago. What it holds is not counted as waiting; the reader reports it as damage.
    return new Uint8Array(0);
  }
}

/**
 * The newest epoch that has an event. Its tail may have been written and never synced; it is made durable here,
 * because the next `$open` will say that it is. Where it ends is not known when that fails, when something behind its last
 * event cannot be read, or when a file that was made after that event's is lost: more of it may have been durable.
 */
async function previousEpoch(
  { disk, catalog, findings }: Reading,
  lost: readonly number[],
): Promise<Recovered["previous"]> {
  const last = catalog.newest;
  if (!last) return undefined;
  const { epoch } = last.header;
  const own = catalog.segments.filter(({ header }) => header.epoch === epoch);
  const end = own.findLastIndex(({ lastSeq }) => lastSeq > 0);
  const lastNumber = own[end]?.header.number ?? 0;
  // Behind the file of the last event there may be others: begun because its sync failed, and never come to an event.
  const tail = own.slice(Math.max(0, end));
  const isSynced = await syncAll(disk, tail);
  const isTorn = tail.some((segment) => findings.get(segment)!.endsInDamage);
  const isKnown = isSynced && !isTorn && lost.every((number) => number < lastNumber);
  return { epoch, lastSeq: isKnown ? catalog.lastSeqOf(epoch) : null };
}

/** Returns whether all of them are durable now. */
async function syncAll(disk: Disk, segments: readonly Segment[]): Promise<boolean> {
  try {
    for (const { name } of segments) await disk.syncFile(name);
    return true;
  } catch {
    return false;
  }
}

function lostFiles(catalog: Catalog, faults: ReadonlyMap<string, Fault>): LostFile[] {
  const numbers = catalog.segments.map(({ header }) => header.number).toSorted((a, b) => a - b);
  return Array.from(faults, ([name, fault]) => {
    const behind = numbers.find((other) => other > segmentNumber(name)!);
    return { name, fault, behind };
  });
}
