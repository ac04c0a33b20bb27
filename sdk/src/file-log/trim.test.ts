import { describe, expect, it } from "vitest";
import { CONTROL, type SeqRange } from "../store.ts";
import { ManualClock } from "../testing/manual-clock.ts";
import { MemoryDisk } from "../testing/memory-disk.ts";
import { DEVICE, drain, entries } from "../testing/store-contract.ts";
import { FileLog, type FileLogOptions } from "./file-log.ts";
import { FRAMES_START } from "./segment-format.ts";

const [EPOCH, NEXT] = ["a", "b"].map((letter) => letter.repeat(16)) as [string, string];
const WIDE = { eventsMax: 1_000, bytesMax: 1_000_000 };
/** About two commits of five events. */
const SEGMENT_BYTES = 500;

function logOn(disk: MemoryDisk, options: Partial<FileLogOptions> = {}, seed = 1) {
  const damage: SeqRange[] = [];
  const log = new FileLog({
    disk,
    clock: new ManualClock(seed),
    spelling: 1,
    segmentBytes: SEGMENT_BYTES,
    storeBytesMax: 1_000_000,
    storeEventsMax: 1_000_000,
    freeBytesMin: 0,
    onDamage: (range) => damage.push(range),
    onQuarantine: () => undefined,
    ...options,
  });
  return { log, damage };
}

const filesOn = (disk: MemoryDisk) => disk.names().filter((name) => name.startsWith("seg-"));
const seqsIn = async (log: FileLog) => (await drain(log)).flatMap(({ seqs }) => seqs);
const upTo = (last: number) => Array.from({ length: last }, (_, i) => i + 1);
const stretches = (ranges: readonly SeqRange[] = []) => ranges.map(({ fromSeq, toSeq }) => [fromSeq, toSeq]);
const callsOf = (disk: MemoryDisk, call: string) => disk.calls.filter((each) => each === call).length;

/** Appends commits of five events, from this number on. */
async function fill(log: FileLog, commits: number, fromSeq = 1): Promise<void> {
  for (let i = 0; i < commits; i++) await log.append(entries(fromSeq + i * 5, fromSeq + i * 5 + 4));
}

/** What a process leaves that was killed after so many commits. */
async function killed(commits = 6): Promise<MemoryDisk> {
  const disk = new MemoryDisk();
  const { log } = logOn(disk);
  await log.open(DEVICE, EPOCH);
  await fill(log, commits);
  return disk.processKill();
}

/** Nothing can be read of this file any more. */
function ruin(disk: MemoryDisk, name: string): void {
  disk.setBytes(name, new Uint8Array(disk.bytesOf(name).length).fill(7));
}

it("a log on a disk says that what it takes is durable, and may be closed before it is opened", async () => {
  const { log } = logOn(new MemoryDisk());
  expect(log.durable).toBe(true);
  await log.close();
});

it("a file holds a quarter of the events that the store may", async () => {
  const disk = new MemoryDisk();
  const { log } = logOn(disk, { storeEventsMax: 40, segmentBytes: 100_000 });
  await log.open(DEVICE, EPOCH);
  await fill(log, 2);
  expect(filesOn(disk)).toHaveLength(1);
  await fill(log, 1, 11);
  expect(filesOn(disk)).toHaveLength(2);
});

describe("something has to go", () => {
  it("when there are more bytes or more events than may be, and not when there are as many", async () => {
    const { log } = logOn(new MemoryDisk(), { storeBytesMax: 3_000, storeEventsMax: 30 });
    await log.open(DEVICE, EPOCH);
    await fill(log, 4);
    const { bytes, events } = log.backlog();
    expect(await log.planEviction(3_000 - bytes, 30 - events)).toBeUndefined();
    expect(await log.planEviction(3_001 - bytes, 0)).toBeDefined();
    expect(await log.planEviction(0, 31 - events)).toBeDefined();
  });

  it("of the file that is being written when a quarter of its size is there, and else it goes on", async () => {
    for (const [segmentBytes, isRipe] of [
      [4_000, false],
      [1_000, true],
    ] as const) {
      const disk = await killed(1);
      const { log } = logOn(disk, { segmentBytes }, 2);
      await log.open(DEVICE, NEXT);
      await fill(log, 1);
      const plan = await log.planEviction(1e6, 0);
      expect(plan!.ranges.map(({ epoch }) => epoch)).toEqual(isRipe ? [EPOCH, NEXT] : [EPOCH]);
      await fill(log, 1, 6);
      expect(filesOn(disk)).toHaveLength(isRipe ? 3 : 2);
    }
  });

  it("of the next file when the oldest cannot be read, and of none when no file can", async () => {
    const disk = await killed();
    const { log } = logOn(disk, { storeEventsMax: 30 }, 2);
    await log.open(DEVICE, NEXT);
    const oldest = await log.planEviction(0, 1);
    disk.fail({ operation: "read", code: "EIO" });
    const next = await log.planEviction(0, 1);
    expect(next!.ranges[0]!.fromSeq).toBe(oldest!.ranges.at(-1)!.toSeq + 1);
    disk.fail({ operation: "read", code: "EIO", times: 1_000 });
    expect(await log.planEviction(0, 1)).toBeUndefined();
  });

  it("and is no damage when it is gone, although nobody has read it", async () => {
    const { log, damage } = logOn(await killed(), { storeEventsMax: 30 }, 2);
    await log.open(DEVICE, NEXT);
    const plan = await log.planEviction(0, 1);
    await plan!.apply();
    const gone = plan!.ranges.at(-1)!.toSeq;
    expect(await seqsIn(log)).toEqual(upTo(30).slice(gone));
    expect(damage).toEqual([]);
  });

  it("and what damage took of it is told once, when it was read before it went", async () => {
    const disk = await killed();
    const [first, second] = filesOn(disk);
    disk.bytesOf(first!)[FRAMES_START + 40]! ^= 0xff;
    const { log, damage } = logOn(disk, { storeEventsMax: 25 }, 2);
    await log.open(DEVICE, NEXT);
    expect((await log.read({ eventsMax: 1, bytesMax: 1 }))!.firstSeq).toBe(6);
    expect(stretches(damage)).toEqual([[1, 5]]);
    const plan = await log.planEviction(0, 2);
    await plan!.apply();
    expect(filesOn(disk)[0]).toBe(second);
    expect(await seqsIn(log)).toEqual(upTo(30).slice(plan!.ranges.at(-1)!.toSeq));
    expect(stretches(damage)).toEqual([[1, 5]]);
  });

  it("once: what stays is not written anew again when the same is given up twice, and its file cannot be removed", async () => {
    const disk = new MemoryDisk();
    const { log } = logOn(disk);
    await log.open(DEVICE, EPOCH);
    await log.append([...entries(1, 1, CONTROL), ...entries(2, 6)]);
    await fill(log, 2, 7);
    const plan = await log.planEviction(1e6, 0);
    disk.fail({ operation: "unlink", code: "EIO", times: 9 });
    await plan!.apply();
    const files = filesOn(disk).length;
    await plan!.apply();
    expect(filesOn(disk)).toHaveLength(files);
    expect(log.backlog().events).toBe(1);
  });
});

describe("the space that is left to others on the medium", () => {
  const FREE = 50_000;

  /** A log in its first file, with so many bytes free beside what others are left. */
  async function withFree(more: number) {
    const disk = await killed();
    const { log } = logOn(disk, { freeBytesMin: FREE, segmentBytes: 100_000 }, 2);
    await log.open(DEVICE, NEXT);
    disk.capacity = disk.used + FREE + more;
    return { disk, log };
  }

  it("is theirs: something goes when less is free, and nothing when just so much is", async () => {
    const just = await withFree(0);
    expect(await just.log.planEviction(0, 0)).toBeUndefined();
    const less = await withFree(-1);
    expect(stretches((await less.log.planEviction(0, 0))!.ranges)[0]![0]).toBe(1);
  });

  it("is asked for at the beginning of a file only, unless it was short", async () => {
    const { disk, log } = await withFree(100_000);
    await log.planEviction(0, 0);
    expect(callsOf(disk, "freeBytes")).toBe(1);
    await fill(log, 1);
    disk.capacity = disk.used;
    expect(await log.planEviction(0, 0)).toBeUndefined();
    expect(callsOf(disk, "freeBytes")).toBe(1);

    const short = await withFree(-1);
    expect(await short.log.planEviction(0, 0)).toBeDefined();
    await fill(short.log, 1);
    short.disk.capacity = short.disk.used + FREE - 1;
    expect(await short.log.planEviction(0, 0)).toBeDefined();
    short.disk.capacity = Number.POSITIVE_INFINITY;
    expect(await short.log.planEviction(0, 0)).toBeUndefined();
    expect(callsOf(short.disk, "freeBytes")).toBe(3);
    await short.log.planEviction(0, 0);
    expect(callsOf(short.disk, "freeBytes")).toBe(3);
  });

  it("is asked for when no file is being written, and is none when nobody can say", async () => {
    const { disk, log } = await withFree(100_000);
    await fill(log, 1);
    await log.close();
    disk.fail({ operation: "freeBytes", code: "EIO" });
    expect(await log.planEviction(0, 0)).toBeDefined();
  });
});

describe("a file of which everything is acknowledged", () => {
  it("goes when the acknowledgement is durable, which costs one sync; while none goes it costs none", async () => {
    const disk = new MemoryDisk();
    const { log } = logOn(disk);
    await log.open(DEVICE, EPOCH);
    await fill(log, 3);
    await log.read(WIDE);
    const before = disk.calls.length;
    await log.acknowledge(EPOCH, 2);
    expect(disk.calls.slice(before)).toEqual(["write"]);
    await log.acknowledge(EPOCH, 10);
    expect(disk.calls.slice(before + 1)).toEqual(["write", "sync", "unlink"]);
  });
});

describe("a file that is lost stays, as the only witness,", () => {
  it("until what is missing before the next file is declared, and that is acknowledged", async () => {
    const disk = await killed();
    const lost = filesOn(disk)[1]!;
    ruin(disk, lost);
    const { log, damage } = logOn(disk, {}, 2);
    await log.open(DEVICE, NEXT);
    await log.append(entries(1, 1));
    await log.read(WIDE);
    await log.acknowledge(EPOCH, 5);
    expect(disk.names()).toContain(lost);
    expect(await seqsIn(log)).toContain(30);
    expect(damage).toHaveLength(1);
    expect(disk.names()).not.toContain(lost);
    expect([...disk.quarantined.keys()]).toEqual([lost]);
  });

  it("or until the present epoch has an event, when there is none behind it", async () => {
    const disk = await killed();
    const lost = filesOn(disk).at(-1)!;
    ruin(disk, lost);
    const { log } = logOn(disk, {}, 2);
    expect((await log.open(DEVICE, NEXT)).previous).toEqual({ epoch: EPOCH, lastSeq: null });
    await drain(log);
    expect(disk.names()).toContain(lost);
    await log.append(entries(1, 1));
    expect(disk.names()).not.toContain(lost);
  });
});

describe("a purge", () => {
  it("declares what a lost file held, unread", async () => {
    const disk = await killed();
    ruin(disk, filesOn(disk)[1]!);
    const { log } = logOn(disk, {}, 2);
    await log.open(DEVICE, NEXT);
    const { ranges } = await log.planPurge();
    expect(new Set(ranges.flatMap(({ fromSeq, toSeq }) => upTo(toSeq).slice(fromSeq - 1))).size).toBe(30);
  });

  it("leaves no hole that would pass for damage afterwards", async () => {
    const before = new MemoryDisk();
    const first = logOn(before).log;
    await first.open(DEVICE, EPOCH);
    await fill(first, 4);
    await first.append(entries(21, 21, CONTROL));
    const disk = before.processKill();
    ruin(disk, filesOn(disk)[1]!);
    const { log, damage } = logOn(disk, {}, 2);
    await log.open(DEVICE, NEXT);
    expect(await (await log.planPurge()).apply()).toBe(true);
    expect(await seqsIn(log)).toEqual([21]);
    expect(damage).toEqual([]);
  });

  it("removes what could not be read at the start, and nothing of anybody else's", async () => {
    const disk = await killed();
    disk.setBytes("notes.txt", new Uint8Array(10));
    disk.fail({ operation: "read", code: "EMFILE", after: 1 });
    const { log } = logOn(disk, {}, 2);
    await log.open(DEVICE, NEXT);
    expect(await (await log.planPurge()).apply()).toBe(true);
    expect(disk.holds("event ")).toBe(false);
    expect(disk.names()).toEqual(expect.arrayContaining(["notes.txt", "ballast"]));
  });

  it.each(["emptyQuarantine", "list", "unlink", "syncDirectory"] as const)(
    "is not complete when %s fails, and the next one is",
    async (operation) => {
      const disk = await killed();
      disk.fail({ operation: "read", code: "EMFILE", after: 1 });
      const { log } = logOn(disk, {}, 2);
      await log.open(DEVICE, NEXT);
      const purge = await log.planPurge();
      // The first of these calls are made for the new file that the purge begins with.
      const after = operation === "syncDirectory" ? 1 : 0;
      disk.fail({ operation, code: "EIO", after, times: 99 });
      expect(await purge.apply()).toBe(false);
      disk.clearFaults();
      expect(await (await log.planPurge()).apply()).toBe(true);
      expect(disk.holds("event ")).toBe(false);
    },
  );
});
