import { messageOf } from "../errors.ts";
import type { Packer } from "../event-queue.ts";
import { Catalog, newSegment, type Segment } from "./catalog.ts";
import { type Disk, isShortage } from "./disk.ts";
import { scanFrames } from "./scan.ts";
import { decodeHeader, FRAMES_START, segmentNumber } from "./segment-format.ts";

/** What the files of earlier runs tell. */
export interface Recovered {
  readonly catalog: Catalog;
  readonly nextNumber: number;
  readonly nextEpochIndex: number;
  readonly previous: { readonly epoch: string; readonly lastSeq: number } | undefined;
  /** Numbers of segments before which a file was lost: a hole there is damage, not a drop declared when it was made. */
  readonly holeBefore: ReadonlySet<number>;
}

/** Told of every file that could not be used, and why. */
export type OnQuarantine = (name: string, reason: string) => void;

/**
 * Reads all segments, one at a time, so that memory is bounded by one segment. A file that cannot be used goes into
 * quarantine and holds nothing else up; no old file is ever written or shortened.
 * @param segmentBytesMax a file larger than this was not written by this log.
 */
export async function recover(
  disk: Disk,
  segmentBytesMax: number,
  packer: Packer | undefined,
  onQuarantine: OnQuarantine,
): Promise<Recovered> {
  const catalog = new Catalog();
  const numbers: number[] = [];
  const lost: number[] = [];
  for (const name of (await disk.list()).toSorted()) {
    const number = segmentNumber(name);
    if (number === undefined) continue;
    numbers.push(number);
    const fault = await recoverSegment(disk, name, segmentBytesMax, packer, catalog);
    if (!fault) continue;
    if (fault.kind !== "empty") {
      lost.push(number);
      onQuarantine(name, fault.reason);
    }
    await takeAway(disk, name, fault);
  }
  await countLive(disk, packer, catalog);
  return {
    catalog,
    nextNumber: Math.max(0, ...numbers) + 1,
    nextEpochIndex: Math.max(0, ...catalog.segments.map(({ header }) => header.epochIndex)) + 1,
    previous: await previousEpoch(disk, catalog),
    holeBefore: segmentsBehind(catalog, lost),
  };
}

/**
 * Why a file is not in the catalog. `empty`: a crash came between its creation and its header. `invalid`: it is not
 * what this log wrote. `unavailable`: this process is short of something; the next start may read it.
 */
interface Fault {
  readonly kind: "empty" | "invalid" | "unavailable";
  readonly reason: string;
}

/** Takes one file into the catalog; returns what is wrong with it when it cannot be. */
async function recoverSegment(
  disk: Disk,
  name: string,
  segmentBytesMax: number,
  packer: Packer | undefined,
  catalog: Catalog,
): Promise<Fault | undefined> {
  try {
    const size = await disk.size(name);
    if (size > segmentBytesMax) {
      return { kind: "invalid", reason: `is ${size} bytes long, expected at most ${segmentBytesMax}` };
    }
    if (size < FRAMES_START) return { kind: "empty", reason: "holds no frame" };
    const bytes = await disk.read(name, 0, size);
    const header = decodeHeader(bytes);
    if (!header) return { kind: "invalid", reason: "has no valid header" };
    const segment = newSegment(name, header);
    segment.bytes = bytes.length;
    segment.sealed = true;
    for (const finding of scanFrames(bytes, FRAMES_START, header.salt, packer)) {
      if (finding.kind === "ack") catalog.acknowledge(finding.epoch, finding.throughSeq);
      else if (finding.kind === "events")
        segment.lastSeq = Math.max(segment.lastSeq, finding.entries.at(-1)!.seq);
    }
    catalog.insert(segment);
    return undefined;
  } catch (error) {
    return {
      kind: isShortage(error) ? "unavailable" : "invalid",
      reason: `cannot be read: ${messageOf(error)}`,
    };
  }
}

async function takeAway(disk: Disk, name: string, fault: Fault): Promise<void> {
  try {
    if (fault.kind === "empty") await disk.unlink(name);
    else if (fault.kind === "invalid") await disk.quarantine(name);
  } catch {
    // The file stays where it is and is passed over again at the next start.
  }
}

/**
 * Counts what is not acknowledged. A second reading, because an acknowledgement may stand in any later file. An event
 * that stands twice (a rewrite after a failed sync, a crash during an eviction) counts once.
 */
async function countLive(disk: Disk, packer: Packer | undefined, catalog: Catalog): Promise<void> {
  const counted = new Map<string, number>();
  for (const segment of catalog.segments) {
    const { epoch, salt } = segment.header;
    const bytes = await readOrNothing(disk, segment);
    for (const finding of scanFrames(bytes, FRAMES_START, salt, packer)) {
      if (finding.kind !== "events") continue;
      for (const { seq, priority } of finding.entries) {
        if (seq <= Math.max(catalog.acknowledgedThrough(epoch), counted.get(epoch) ?? 0)) continue;
        counted.set(epoch, seq);
        segment.live[priority]++;
      }
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
 * because the next `$open` will say that it is.
 */
async function previousEpoch(disk: Disk, catalog: Catalog): Promise<Recovered["previous"]> {
  const last = catalog.newest;
  if (!last) return undefined;
  try {
    await disk.syncFile(last.name);
  } catch {
    // Not durable beyond doubt, but read back a moment ago; the reader will tell if it is gone.
  }
  const { epoch } = last.header;
  return { epoch, lastSeq: catalog.lastSeqOf(epoch) };
}

/** For each lost file the segment that was written next. */
function segmentsBehind(catalog: Catalog, lost: readonly number[]): Set<number> {
  const numbers = catalog.segments.map(({ header }) => header.number).toSorted((a, b) => a - b);
  const behind = lost.map((number) => numbers.find((other) => other > number));
  return new Set(behind.filter((number) => number !== undefined));
}
