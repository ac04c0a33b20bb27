import type { FileLog, OpenedStore, SeqRange } from "@tonearm/sdk/file-log";
import { type Image, JournalDisk } from "./journal-disk.ts";
import { keyOf, type Owed } from "./promises.ts";
import { type LogClass, logOn } from "./workload.ts";

const FIRST = "recovered1------";
const SECOND = "recovered2------";
const MARK = new TextEncoder().encode("recovered");
const WIDE = { eventsMax: 1_000, bytesMax: 1_000_000 };
/** More runs than any workload leaves: a log that never comes to an end is a fault of its own. */
const RUNS_MAX = 1_000;

/** How a log is treated while it recovers. */
export interface Treatment {
  /** Meets the disk of the first recovery, to make its calls fail or end. */
  readonly meddle?: (disk: JournalDisk) => void;
  /** Whether the first recovery may fail as a whole. By default it may not. */
  readonly mayFail?: () => boolean;
  /** What is found after the second crash; by default the least that a power cut leaves. */
  readonly leave?: (disk: JournalDisk) => Image;
}

/**
 * Recovers from `image`, appends, crashes again, recovers and delivers everything.
 * @returns what the log did not keep; undefined when it kept all it had promised.
 */
export async function check(
  Log: LogClass,
  image: Image,
  owed: Owed,
  { meddle, mayFail = () => false, leave = (disk) => disk.cut() }: Treatment = {},
): Promise<string | undefined> {
  const kept = keptSecret(image, owed);
  if (kept !== undefined) return `${kept} was purged, and its bytes are still there`;
  const disk = new JournalDisk(image);
  const damage: SeqRange[] = [];
  meddle?.(disk);
  const first = await recoverAndAppend(logOn(Log, disk, (range) => damage.push(range)));
  disk.onCall = () => undefined;
  if (!first.isOpen && !mayFail()) return "recovery fails as a whole";
  if (!meddle) {
    const fault = first.ok ? faultInPrevious(first.previous, owed) : "nothing can be appended after recovery";
    if (fault !== undefined) return fault;
    if (owed.owed.size > 0 && first.shown === FIRST) return "what is newest is shown first";
  }
  const found = await drained(logOn(Log, new JournalDisk(leave(disk)), (range) => damage.push(range)));
  if (typeof found === "string") return found;
  if (first.ok && !found.has(keyOf(FIRST, 1))) return "what was appended after the first recovery is lost";
  for (const key of owed.owed) {
    if (!found.has(key) && !damage.some((range) => isIn(range, key))) return `${key} is lost`;
    if (found.has(key) && !meddle && damage.some((range) => isIn(range, key)))
      return `${key} is there, and was declared damaged`;
  }
  for (const [key, text] of found) {
    if (key !== keyOf(FIRST, 1) && owed.given.get(key) !== text)
      return `${key} is shown, and was never given`;
  }
  return undefined;
}

/**
 * Damages one commit of `image`, the first of one file after another, and delivers everything.
 * @returns what is declared damaged although it had been acknowledged, and stood nowhere any more.
 */
export async function checkRotten(Log: LogClass, image: Image, owed: Owed): Promise<string | undefined> {
  const whole = await drained(logOn(Log, new JournalDisk(image)));
  if (typeof whole === "string") return whole;
  for (const [name, bytes] of image) {
    const at = Buffer.from(bytes).indexOf("event ");
    if (at < 0) continue;
    const rotten = bytes.slice();
    rotten[at]! ^= 1;
    const damage: SeqRange[] = [];
    const disk = new JournalDisk(new Map(image).set(name, rotten));
    await drained(logOn(Log, disk, (range) => damage.push(range)));
    for (const key of owed.settled)
      if (!whole.has(key) && damage.some((range) => isIn(range, key)))
        return `${key} was acknowledged and is gone, and is declared damaged with what stood in ${name}`;
  }
  return undefined;
}

/** The log after its first recovery. */
async function recoverAndAppend(log: FileLog): Promise<{
  readonly isOpen: boolean;
  readonly ok: boolean;
  readonly previous: OpenedStore["previous"];
  /** The epoch that is to be delivered first. */
  readonly shown: string | undefined;
}> {
  const opened = await log.open("device", FIRST).catch(() => undefined);
  if (!opened) return { isOpen: false, ok: false, previous: undefined, shown: undefined };
  const { ok } = await log.append([{ seq: 1, priority: 2, bytes: MARK }]);
  const run = await log.read(WIDE);
  return { isOpen: true, ok, previous: opened.previous, shown: run?.epoch };
}

/** Delivers everything; returns it, or what is wrong with it. */
async function drained(log: FileLog): Promise<Map<string, string> | string> {
  await log.open("device", SECOND);
  const found = new Map<string, string>();
  for (let runs = 0; ; runs++) {
    const run = await log.read(WIDE);
    if (!run) return found;
    if (runs === RUNS_MAX) return "delivering never comes to an end";
    for (const [i, bytes] of run.events.entries()) {
      const key = keyOf(run.epoch, run.firstSeq + i);
      if (found.has(key)) return `${key} is shown again after it was acknowledged`;
      found.set(key, Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString("latin1"));
    }
    await log.acknowledge(run.epoch, run.firstSeq + run.events.length - 1);
  }
}

/** The newest epoch is named, as long as no newer one has an event, and no lower end of it than what was durable. */
function faultInPrevious(previous: OpenedStore["previous"], { given, ends }: Owed): string | undefined {
  const newest = [...ends.keys()].toSorted().at(-1);
  if (newest === undefined) return undefined;
  if (!previous) return `no epoch is named, and something of ${newest} was durable`;
  const { epoch, lastSeq } = previous;
  if (newest > epoch) return `${epoch} is named as the newest epoch, and something of ${newest} was durable`;
  if (lastSeq === null) return undefined;
  if (!given.has(keyOf(epoch, lastSeq)))
    return `${epoch} is said to end at ${lastSeq}, which was never given`;
  const end = ends.get(epoch) ?? 0;
  return lastSeq >= end ? undefined : `${epoch} is said to end at ${lastSeq}, and ${end} was durable`;
}

/** The first event that was purged and of which something is left. */
function keptSecret(image: Image, { purged, given }: Owed): string | undefined {
  for (const key of purged) {
    for (const { buffer, byteOffset, length } of image.values())
      if (Buffer.from(buffer, byteOffset, length).includes(given.get(key)!)) return key;
  }
  return undefined;
}

function isIn({ epoch, fromSeq, toSeq }: SeqRange, key: string): boolean {
  const [of, seq] = key.split(" ");
  return of === epoch && Number(seq) >= fromSeq && Number(seq) <= toSeq;
}
