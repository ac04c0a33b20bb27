import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import type { SeqRange } from "../store.ts";
import { systemClock } from "../system-clock.ts";
import { MemoryDisk } from "../testing/memory-disk.ts";
import { DEVICE, describeStore, drain, EPOCH, entries, seqsOf } from "../testing/store-contract.ts";
import type { Disk } from "./disk.ts";
import { FileLog } from "./file-log.ts";
import { NodeDisk } from "./node-disk.ts";

const WIDE = { eventsMax: 10_000, bytesMax: 10_000_000 };
const directories: string[] = [];
afterAll(() => Promise.all(directories.map((directory) => rm(directory, { recursive: true }))));

interface Watched {
  readonly log: FileLog;
  readonly damage: SeqRange[];
  readonly quarantined: string[];
}

function logOn(
  disk: Disk,
  storeBytesMax = 64 * 1024 * 1024,
  segmentBytes = 16_384,
  storeEventsMax = 1_000_000,
): Watched {
  const damage: SeqRange[] = [];
  const quarantined: string[] = [];
  const log = new FileLog({
    disk,
    clock: systemClock,
    spelling: 1,
    segmentBytes,
    storeBytesMax,
    storeEventsMax,
    freeBytesMin: 0,
    onDamage: (range) => damage.push(range),
    onQuarantine: (name) => quarantined.push(name),
  });
  return { log, damage, quarantined };
}

const epochs = Array.from({ length: 40 }, (_, i) => String.fromCharCode(97 + (i % 26)).repeat(15) + (i % 10));
const seqsIn = (ranges: readonly SeqRange[]) =>
  ranges.flatMap(({ fromSeq, toSeq }) => Array.from({ length: toSeq - fromSeq + 1 }, (_, i) => fromSeq + i));
const segmentsOf = (disk: MemoryDisk) => disk.names().filter((name) => name.startsWith("seg-"));

describeStore(
  "FileLog on a disk in memory",
  (bytesMax, eventsMax) => logOn(new MemoryDisk(), bytesMax, undefined, eventsMax).log,
);
describeStore("FileLog on a real directory", async (bytesMax, eventsMax) => {
  const directory = await mkdtemp(join(tmpdir(), "tonearm-log-"));
  directories.push(directory);
  return logOn(new NodeDisk(directory), bytesMax, undefined, eventsMax).log;
});

describe("FileLog after a crash", () => {
  it("shows everything that append had resolved, older epochs first", async () => {
    let disk = new MemoryDisk();
    for (const [i, epoch] of epochs.slice(0, 5).entries()) {
      const { log } = logOn(disk);
      const { previous } = await log.open(DEVICE, epoch);
      expect(previous).toEqual(i === 0 ? undefined : { epoch: epochs[i - 1], lastSeq: 200 });
      await log.append(entries(1, 100));
      await log.append(entries(101, 200));
      disk = disk.powerCut();
    }
    const { log, damage } = logOn(disk);
    await log.open(DEVICE, EPOCH);
    expect(log.backlog().events).toBe(1_000);
    expect((await drain(log)).map(({ epoch, seqs }) => [epoch, seqs.length])).toEqual(
      epochs.slice(0, 5).map((epoch) => [epoch, 200]),
    );
    expect(damage).toEqual([]);
  });

  it("forgets what was acknowledged and closed cleanly", async () => {
    const disk = new MemoryDisk();
    const first = logOn(disk).log;
    await first.open(DEVICE, epochs[0]!);
    await first.append(entries(1, 10));
    await first.read(WIDE);
    await first.acknowledge(epochs[0]!, 7);
    await first.close();
    const second = logOn(disk.powerCut()).log;
    expect((await second.open(DEVICE, epochs[1]!)).previous).toEqual({ epoch: epochs[0], lastSeq: 10 });
    expect(second.backlog().events).toBe(3);
    expect(seqsOf(await second.read(WIDE))).toEqual([8, 9, 10]);
  });

  it("removes a drained epoch's file only once the new epoch has an event", async () => {
    const disk = new MemoryDisk();
    const first = logOn(disk).log;
    await first.open(DEVICE, epochs[0]!);
    await first.append(entries(1, 10));
    await first.close();
    const second = logOn(disk).log;
    await second.open(DEVICE, epochs[1]!);
    await drain(second);
    expect(segmentsOf(disk)).toHaveLength(2);
    await second.append(entries(1, 1));
    expect(segmentsOf(disk)).toHaveLength(1);
  });

  it("treats a torn commit as absent, says nothing is damaged, and does not say where the epoch ended", async () => {
    const disk = new MemoryDisk();
    const { log } = logOn(disk);
    await log.open(DEVICE, epochs[0]!);
    await log.append(entries(1, 10));
    const [name] = segmentsOf(disk);
    const whole = disk.bytesOf(name!).length;
    await log.append(entries(11, 20));
    disk.setBytes(name!, disk.bytesOf(name!).slice(0, whole + 37));
    const { log: next, damage } = logOn(disk);
    expect((await next.open(DEVICE, epochs[1]!)).previous).toEqual({ epoch: epochs[0], lastSeq: null });
    expect((await drain(next)).flatMap(({ seqs }) => seqs)).toHaveLength(10);
    expect(damage).toEqual([]);
  });

  it("refuses an epoch id that the log already knows", async () => {
    const disk = new MemoryDisk();
    const { log } = logOn(disk);
    await log.open(DEVICE, EPOCH);
    await log.append(entries(1, 1));
    await expect(logOn(disk).log.open(DEVICE, EPOCH)).rejects.toThrow(/already in the log/);
  });
});

describe("FileLog on damaged files", () => {
  it("declares exactly the commit that a flipped byte took, and delivers the rest", async () => {
    const disk = new MemoryDisk();
    const { log } = logOn(disk);
    await log.open(DEVICE, epochs[0]!);
    const starts: number[] = [];
    for (let i = 0; i < 5; i++) {
      starts.push(disk.bytesOf(segmentsOf(disk)[0]!).length);
      await log.append(entries(i * 10 + 1, i * 10 + 10));
    }
    const [name] = segmentsOf(disk);
    disk.bytesOf(name!)[starts[2]! + 60]! ^= 0x10;
    const { log: next, damage } = logOn(disk);
    await next.open(DEVICE, epochs[1]!);
    const seqs = (await drain(next)).flatMap((run) => run.seqs);
    expect(seqs).toHaveLength(40);
    expect(damage).toEqual([{ epoch: epochs[0], fromSeq: 21, toSeq: 30 }]);
    expect(next.backlog().events).toBe(0);
  });

  it("survives a damaged first copy of the header", async () => {
    const disk = new MemoryDisk();
    const { log } = logOn(disk);
    await log.open(DEVICE, epochs[0]!);
    await log.append(entries(1, 10));
    disk.bytesOf(segmentsOf(disk)[0]!)[50]! ^= 1;
    const { log: next, quarantined } = logOn(disk);
    await next.open(DEVICE, epochs[1]!);
    expect(await drain(next)).toHaveLength(1);
    expect(quarantined).toEqual([]);
  });

  it("quarantines a file it cannot read, declares the hole and goes on", async () => {
    const disk = new MemoryDisk();
    const { log } = logOn(disk, undefined, 1_000);
    await log.open(DEVICE, epochs[0]!);
    for (let i = 0; i < 30; i++) await log.append(entries(i * 10 + 1, i * 10 + 10));
    const names = segmentsOf(disk);
    disk.setBytes(names[1]!, new Uint8Array(5_000).fill(7));
    const { log: next, damage, quarantined } = logOn(disk, undefined, 1_000);
    await next.open(DEVICE, epochs[1]!);
    const seqs = (await drain(next)).flatMap((run) => run.seqs);
    expect(quarantined).toEqual([names[1]]);
    expect([...disk.quarantined.keys()]).toEqual([names[1]]);
    expect(damage).toHaveLength(1);
    const { fromSeq, toSeq } = damage[0]!;
    expect(seqs.length + (toSeq - fromSeq + 1)).toBe(300);
    expect(seqs.some((seq) => seq >= fromSeq && seq <= toSeq)).toBe(false);
  });

  it("ignores files that are not its own", async () => {
    const disk = new MemoryDisk();
    disk.setBytes("seg-1.log", new Uint8Array(10));
    disk.setBytes("notes.txt", new Uint8Array(10));
    const { log, quarantined } = logOn(disk);
    await log.open(DEVICE, EPOCH);
    expect(quarantined).toEqual([]);
    expect(disk.names()).toContain("notes.txt");
  });
});

describe("FileLog when the medium fails", () => {
  it.each([
    ["a write fails", { operation: "write", code: "EIO" }],
    ["a write is short", { operation: "write", code: "", shortBytes: 11 }],
    ["a sync fails", { operation: "sync", code: "EIO" }],
  ] as const)("writes the same events into a new segment when %s", async (_, fault) => {
    const disk = new MemoryDisk();
    const { log } = logOn(disk);
    await log.open(DEVICE, epochs[0]!);
    await log.append(entries(1, 10));
    disk.fail(fault);
    expect(await log.append(entries(11, 20))).toEqual({ ok: true });
    const { log: next, damage } = logOn(disk.powerCut());
    await next.open(DEVICE, epochs[1]!);
    expect((await drain(next)).flatMap((run) => run.seqs)).toHaveLength(20);
    expect(damage).toEqual([]);
  });

  it("says so when it cannot store, and stores again when the medium is back", async () => {
    const disk = new MemoryDisk();
    const { log } = logOn(disk);
    await log.open(DEVICE, epochs[0]!);
    disk.fail({ operation: "write", code: "EIO", times: 1_000 });
    expect(await log.append(entries(1, 10))).toMatchObject({ ok: false, error: { code: "EIO" } });
    expect(await log.read(WIDE)).toBeUndefined();
    disk.clearFaults();
    expect(await log.append(entries(1, 10))).toEqual({ ok: true });
    expect(seqsOf(await log.read(WIDE))).toHaveLength(10);
  });

  it("never syncs the same file again after a failed sync", async () => {
    const disk = new MemoryDisk();
    const { log } = logOn(disk);
    await log.open(DEVICE, epochs[0]!);
    await log.append(entries(1, 10));
    disk.fail({ operation: "sync", code: "EIO" });
    await log.append(entries(11, 20));
    expect(segmentsOf(disk)).toHaveLength(2);
  });

  it("frees its ballast on a full disk, so that declarations still fit, and evicts the oldest", async () => {
    const disk = new MemoryDisk();
    disk.capacity = 400_000;
    const { log } = logOn(disk);
    await log.open(DEVICE, epochs[0]!);
    let seq = 1;
    const declared: SeqRange[] = [];
    for (let i = 0; i < 200; i++) {
      const plan = await log.planEviction(5_000, 20);
      declared.push(...(plan?.ranges ?? []));
      expect(await log.append(entries(seq, seq + 19, 2, 200))).toEqual({ ok: true });
      seq += 20;
      await plan?.apply();
    }
    expect(disk.used).toBeLessThanOrEqual(400_000);
    const gone = declared.reduce((sum, { fromSeq, toSeq }) => sum + toSeq - fromSeq + 1, 0);
    expect(gone).toBeGreaterThan(0);
    const left = (await drain(log)).flatMap((run) => run.seqs);
    expect(left.length + gone).toBe(seq - 1);
    expect(left.at(-1)).toBe(seq - 1);
  });

  it("tells of damage in a file that goes before anybody has read it", async () => {
    const disk = new MemoryDisk();
    const { log } = logOn(disk);
    await log.open(DEVICE, epochs[0]!);
    for (let seq = 1; seq < 401; seq += 20) await log.append(entries(seq, seq + 19, 3, 200));
    const [first] = segmentsOf(disk);
    disk.bytesOf(first!)[5_000]! ^= 0xff;
    const later = logOn(disk.processKill(), 90_000);
    await later.log.open(DEVICE, epochs[1]!);
    const plan = await later.log.planEviction(20_000, 20);
    expect(plan!.ranges.length).toBeGreaterThan(0);
    await plan!.apply();
    const left = (await drain(later.log)).flatMap((run) => run.seqs);
    const told = new Set([...left, ...seqsIn(plan!.ranges), ...seqsIn(later.damage)]);
    expect([...told].toSorted((a, b) => a - b)).toEqual(Array.from({ length: 400 }, (_, i) => i + 1));
  });

  it("leaves alone what cannot be read, and gives up what can", async () => {
    const disk = new MemoryDisk();
    const { log } = logOn(disk, 90_000);
    await log.open(DEVICE, epochs[0]!);
    for (let seq = 1; seq < 401; seq += 20) await log.append(entries(seq, seq + 19, 3, 200));
    disk.fail({ operation: "read", code: "EIO" });
    const plan = await log.planEviction(20_000, 20);
    await plan!.apply();
    const left = (await drain(log)).flatMap((run) => run.seqs);
    expect(left).toContain(1);
    expect(new Set([...left, ...seqsIn(plan!.ranges)]).size).toBe(400);
  });

  it("stays within its cap through restarts with evictions cut short by a crash", async () => {
    let disk = new MemoryDisk();
    for (const epoch of epochs.slice(0, 8)) {
      const { log } = logOn(disk, 100_000);
      await log.open(DEVICE, epoch);
      for (let i = 0; i < 10; i++) {
        const plan = await log.planEviction(5_000, 20);
        await log.append(entries(i * 20 + 1, i * 20 + 20, 2, 200));
        await plan?.apply();
      }
      expect(log.backlog().bytes).toBeLessThan(110_000);
      disk = disk.processKill();
    }
  });
});
