import { describe, expect, it } from "vitest";
import type { SeqRange } from "../store.ts";
import { ManualClock } from "../testing/manual-clock.ts";
import { MemoryDisk } from "../testing/memory-disk.ts";
import { DEVICE, drain, entries } from "../testing/store-contract.ts";
import { FileLog } from "./file-log.ts";
import { FRAMES_START, segmentName, segmentNumber } from "./segment-format.ts";

const EPOCHS = ["a", "b", "c"].map((letter) => letter.repeat(16));
const segmentsOf = (disk: MemoryDisk) => disk.names().filter((name) => name.startsWith("seg-"));

function logOn(disk: MemoryDisk, segmentBytes = 1_000, seed = 1) {
  const damage: SeqRange[] = [];
  const told: string[] = [];
  const log = new FileLog({
    disk,
    clock: new ManualClock(seed),
    spelling: 1,
    segmentBytes,
    storeBytesMax: 64 * 1024 * 1024,
    storeEventsMax: 1_000_000,
    freeBytesMin: 0,
    onDamage: (range) => damage.push(range),
    onQuarantine: (_, reason) => told.push(reason),
  });
  return { log, damage, told };
}

/** What a process leaves that was killed after 300 events in 30 commits, in several segments. */
async function killed(): Promise<MemoryDisk> {
  const disk = new MemoryDisk();
  const { log } = logOn(disk);
  await log.open(DEVICE, EPOCHS[0]!);
  for (let i = 0; i < 30; i++) await log.append(entries(i * 10 + 1, i * 10 + 10));
  return disk.processKill();
}

/** What the next process says of it: which numbers are there, which are declared, and where the epoch ended. */
async function nextSays(disk: MemoryDisk) {
  const { log, damage, told } = logOn(disk, undefined, 2);
  const { previous } = await log.open(DEVICE, EPOCHS[1]!);
  const seqs = (await drain(log)).flatMap((run) => run.seqs);
  const known = new Set(seqs);
  for (const { fromSeq, toSeq } of damage) for (let seq = fromSeq; seq <= toSeq; seq++) known.add(seq);
  const end = previous?.lastSeq === null ? "unknown" : previous?.lastSeq;
  return { known, end, told, damage };
}

type Damage = (disk: MemoryDisk, name: string) => void;
const shorten =
  (bytes: number): Damage =>
  (disk, name) =>
    disk.setBytes(name, disk.bytesOf(name).slice(0, bytes));
const flip =
  (...places: number[]): Damage =>
  (disk, name) => {
    const bytes = disk.bytesOf(name);
    for (const at of places) bytes[at < 0 ? bytes.length + at : at]! ^= 0xff;
  };
const halve: Damage = (disk, name) => shorten(disk.bytesOf(name).length >> 1)(disk, name);

describe("the end of an epoch", () => {
  it("is named when nothing is wrong (control)", async () => {
    expect(await nextSays(await killed())).toMatchObject({ end: 300, told: [], damage: [] });
  });

  it.each([
    ["has lost both its headers", flip(10, 138), 1],
    ["was cut within its header", shorten(100), 1],
    ["was cut within the second copy of its header", shorten(200), 1],
    ["was cut to nothing", shorten(0), 0],
    ["was cut in half", halve, 0],
    ["has a damaged last frame", flip(-5), 0],
  ])("is not named when its last file %s", async (_, damage, told) => {
    const disk = await killed();
    damage(disk, segmentsOf(disk).at(-1)!);
    const said = await nextSays(disk);
    expect(said.end).toBe("unknown");
    expect(said.told).toHaveLength(told);
  });

  it.each([
    ["file was cut within its header", shorten(100), "1"],
    ["file was cut to nothing", shorten(0), "1"],
    ["header is damaged", flip(10, 138), "1"],
  ])("is named, and the hole declared, when only a middle or the first %s", async (_, damage) => {
    for (const at of [0, 2]) {
      const disk = await killed();
      damage(disk, segmentsOf(disk)[at]!);
      const said = await nextSays(disk);
      expect(said).toMatchObject({ end: 300, told: [expect.stringMatching(/; it goes into quarantine/)] });
      expect(said.damage).toHaveLength(1);
      expect(said.known.size).toBe(300);
      // It was the only witness, and is not needed any more.
      expect(disk.quarantined).toHaveLength(1);
    }
  });

  it("stays unknown, and a hole stays damage, when the next process dies before it has said so", async () => {
    for (const [at, end] of [
      [-1, "unknown"],
      [2, 300],
    ] as const) {
      const disk = await killed();
      flip(10, 138)(disk, segmentsOf(disk).at(at)!);
      await logOn(disk, undefined, 3).log.open(DEVICE, EPOCHS[2]!);
      const said = await nextSays(disk.processKill());
      expect(said.end).toBe(end);
      if (end === 300) expect(said.known.size).toBe(300);
    }
  });

  it("is not named when its tail cannot be made durable: the next power cut may take it", async () => {
    const disk = await killed();
    disk.fail({ operation: "syncFile", code: "EIO" });
    expect((await nextSays(disk)).end).toBe("unknown");
  });

  it.each([0, 1])(
    "is not named when sync %i of its tail fails: that of its last event's file, that of one begun behind it",
    async (after) => {
      const disk = new MemoryDisk();
      const { log } = logOn(disk);
      await log.open(DEVICE, EPOCHS[0]!);
      await log.append(entries(1, 10));
      // Written and not synced; and the file that is begun in its place gets no further than its header.
      disk.fail({ operation: "sync", code: "EIO" });
      disk.fail({ operation: "write", code: "EIO", after: 2 });
      expect(await log.append(entries(11, 20))).toMatchObject({ ok: false });
      const left = disk.processKill();
      expect(segmentsOf(left).map((name) => left.bytesOf(name).length > FRAMES_START)).toEqual([true, false]);
      expect(await nextSays(left.processKill())).toMatchObject({ end: 20 });
      left.fail({ operation: "syncFile", code: "EIO", after });
      expect((await nextSays(left)).end).toBe("unknown");
    },
  );

  it("is not named when a file is lost behind what an eviction rewrote", async () => {
    const disk = new MemoryDisk();
    const { log } = logOn(disk);
    await log.open(DEVICE, EPOCHS[0]!);
    const mixed = (from: number) => [...entries(from, from + 9, 3, 100), ...entries(from + 10, from + 10, 0)];
    await log.append(mixed(1));
    await log.append(mixed(12));
    const [first, second] = segmentsOf(disk);
    const eviction = await log.planEviction(64 * 1024 * 1024 - log.backlog().bytes + 1, 0);
    await eviction!.apply();
    // What is left of the first file stands in one with a higher number than the second.
    const left = disk.processKill();
    expect(segmentsOf(left)).toEqual([second, expect.not.stringMatching(first!)]);
    flip(10, 138)(left, second!);
    const again = logOn(left, undefined, 2).log;
    expect((await again.open(DEVICE, EPOCHS[1]!)).previous).toMatchObject({ lastSeq: null });
  });
});

describe("the end of an epoch is named, whatever is wrong elsewhere:", () => {
  it("a damaged frame in a file before its last", async () => {
    const disk = await killed();
    flip(-5)(disk, segmentsOf(disk)[2]!);
    const said = await nextSays(disk);
    expect(said.end).toBe(300);
    expect(said.known.size).toBe(300);
  });

  it("a commit of a later epoch that a crash tore, and nothing else of it", async () => {
    const disk = await killed();
    const second = logOn(disk, undefined, 3);
    await second.log.open(DEVICE, EPOCHS[2]!);
    const name = segmentsOf(disk).at(-1)!;
    const { length } = disk.bytesOf(name);
    await second.log.append(entries(1, 10));
    const left = disk.processKill();
    shorten(length + 50)(left, name);
    expect((await nextSays(left)).end).toBe(300);
  });
});

it("an empty newest file is removed when what may be missing is declared, and nobody is told of it", async () => {
  const disk = await killed();
  disk.setBytes(segmentName(1_000), new Uint8Array(0));
  const { log, told } = logOn(disk, undefined, 2);
  expect((await log.open(DEVICE, EPOCHS[1]!)).previous).toEqual({ epoch: EPOCHS[0], lastSeq: null });
  await log.append(entries(1, 1));
  expect(disk.names()).not.toContain(segmentName(1_000));
  expect([told, disk.quarantined.size]).toEqual([[], 0]);
});

it("segments written with other options are read, however long any option allows", async () => {
  const disk = new MemoryDisk();
  const { log } = logOn(disk, 16_777_216);
  await log.open(DEVICE, EPOCHS[0]!);
  for (let i = 0; i < 10; i++) await log.append(entries(i * 40 + 1, i * 40 + 40, 2, 50_000));
  const next = logOn(disk.processKill(), 16_384, 2);
  expect((await next.log.open(DEVICE, EPOCHS[1]!)).previous).toMatchObject({ lastSeq: 400 });
  expect(next.told).toEqual([]);
  expect(next.log.backlog().events).toBe(400);
});

it("each file is read once at the start, but one that is acknowledged in part", async () => {
  let disk = new MemoryDisk();
  const epochs = Array.from({ length: 50 }, (_, i) => `epoch${i}`.padEnd(16, "x"));
  for (const [i, epoch] of epochs.entries()) {
    const { log } = logOn(disk, undefined, i + 1);
    await log.open(DEVICE, epoch);
    await log.append(entries(1, 4));
    // In part, whole, and its first event only.
    if (i === 1) await log.acknowledge(epochs[0]!, 2);
    if (i === 3) await log.acknowledge(epochs[2]!, 4);
    if (i === 5) await log.acknowledge(epochs[4]!, 1);
    disk = disk.processKill();
  }
  const { log } = logOn(disk, undefined, 100);
  await log.open(DEVICE, EPOCHS[0]!);
  expect(disk.calls.filter((call) => call === "read")).toHaveLength(52);
  expect(log.backlog().events).toBe(193);
});

describe("the number in a file's name", () => {
  it("is not taken from a stranger's file that would use all numbers up", () => {
    expect(segmentNumber("seg-0000000000000007.log")).toBe(7);
    expect(segmentNumber("seg-001ffffffffffffe.log")).toBeUndefined();
    expect(segmentNumber("seg-ffffffffffffffff.log")).toBeUndefined();
    expect(segmentNumber("seg-7.log")).toBeUndefined();
  });
});
