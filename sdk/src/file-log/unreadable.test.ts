import { describe, expect, it } from "vitest";
import type { SeqRange } from "../store.ts";
import { ManualClock } from "../testing/manual-clock.ts";
import { MemoryDisk } from "../testing/memory-disk.ts";
import { DEVICE, drain, entries, seqsOf } from "../testing/store-contract.ts";
import { FileLog } from "./file-log.ts";
import { encodeEventsFrame, encodeHeader, segmentName } from "./segment-format.ts";

const [EPOCH, NEXT, LAST] = ["a", "b", "c"].map((letter) => letter.repeat(16)) as [string, string, string];
const WIDE = { eventsMax: 1_000, bytesMax: 1_000_000 };
const TOO_MUCH = 1e9;
const HEADER = {
  spelling: 1,
  salt: 7,
  number: 1,
  firstSeq: 1,
  createdMs: 0,
  epochIndex: 1,
  epoch: EPOCH,
  device: DEVICE,
} as const;

function logOn(disk: MemoryDisk, seed = 1) {
  const damage: SeqRange[] = [];
  const told: string[] = [];
  const log = new FileLog({
    disk,
    clock: new ManualClock(seed),
    spelling: 1,
    segmentBytes: 400,
    storeBytesMax: TOO_MUCH / 2,
    storeEventsMax: 1_000_000,
    freeBytesMin: 0,
    onDamage: (range) => damage.push(range),
    onQuarantine: (_, reason) => told.push(reason),
  });
  return { log, damage, told };
}

/** What a process leaves that was killed after 30 events in 6 commits, in several segments. */
async function killed(): Promise<MemoryDisk> {
  const disk = new MemoryDisk();
  const { log } = logOn(disk);
  await log.open(DEVICE, EPOCH);
  for (let i = 0; i < 6; i++) await log.append(entries(i * 5 + 1, i * 5 + 5));
  return disk.processKill();
}

/** A disk with one segment of these frames in it. */
function diskOf(...frames: readonly Uint8Array[]): MemoryDisk {
  const disk = new MemoryDisk();
  disk.setBytes(segmentName(1), new Uint8Array(Buffer.concat([encodeHeader(HEADER), ...frames])));
  return disk;
}

const seqsIn = async (log: FileLog) => (await drain(log)).flatMap(({ seqs }) => seqs);
const upTo = (last: number) => Array.from({ length: last }, (_, i) => i + 1);

describe("a file that cannot be read", () => {
  it("for want of descriptors at the start waits for the next start, and no end is named until then", async () => {
    const disk = await killed();
    disk.fail({ operation: "read", code: "EMFILE" });
    const first = logOn(disk, 2);
    expect((await first.log.open(DEVICE, NEXT)).previous).toEqual({ epoch: EPOCH, lastSeq: 30 });
    expect(first.told).toEqual([expect.stringMatching(/the next start tries again$/)]);
    // Its place is behind what comes now: nothing takes the file away.
    expect((await seqsIn(first.log)).at(-1)).toBe(30);
    const again = logOn(disk.processKill(), 3);
    await again.log.open(DEVICE, LAST);
    expect(again.told).toEqual([]);
  });

  it("for good at the start goes into quarantine when what is missing is declared", async () => {
    const disk = await killed();
    disk.fail({ operation: "read", code: "EIO" });
    const { log, told, damage } = logOn(disk, 2);
    await log.open(DEVICE, NEXT);
    expect(told).toEqual([expect.stringMatching(/^cannot be read \(EIO.*quarantine/)]);
    const seqs = await seqsIn(log);
    expect(damage).toHaveLength(1);
    expect(seqs[0]).toBe(damage[0]!.toSeq + 1);
    expect(disk.quarantined.size).toBe(1);
  });

  it("because it is longer than a log writes is no segment", async () => {
    const disk = await killed();
    disk.setBytes(segmentName(2 ** 20), new Uint8Array(25_165_825));
    const { log, told } = logOn(disk, 2);
    expect((await log.open(DEVICE, NEXT)).previous).toEqual({ epoch: EPOCH, lastSeq: null });
    expect(told).toEqual([expect.stringMatching(/^is 25165825 bytes long, expected at most 25165824/)]);
  });

  it("is not one that is as long as a file may be", async () => {
    const disk = diskOf(encodeEventsFrame(7, entries(1, 3)));
    const bytes = new Uint8Array(25_165_824);
    bytes.set(disk.bytesOf(segmentName(1)));
    disk.setBytes(segmentName(1), bytes);
    const { log, told } = logOn(disk, 2);
    await log.open(DEVICE, NEXT);
    expect(told).toEqual([]);
    expect(await seqsIn(log)).toEqual([1, 2, 3]);
  });

  it("for want of descriptors while it is read is read later, and nothing is lost", async () => {
    const disk = await killed();
    const { log, damage } = logOn(disk, 2);
    await log.open(DEVICE, NEXT);
    disk.fail({ operation: "read", code: "EMFILE", times: 2 });
    expect(await log.read(WIDE)).toBeUndefined();
    expect(await log.read(WIDE)).toBeUndefined();
    expect(log.backlog().events).toBe(30);
    expect(await seqsIn(log)).toEqual(upTo(30));
    expect(damage).toEqual([]);
  });

  it("for good while it is read costs what is in it, declared", async () => {
    const { log, damage } = logOn(await killedThenFailing("EIO"), 2);
    await log.open(DEVICE, NEXT);
    const seqs = await seqsIn(log);
    expect(damage).toEqual([{ epoch: EPOCH, fromSeq: 1, toSeq: seqs[0]! - 1 }]);
    expect(seqs).toEqual(upTo(30).slice(seqs[0]! - 1));
  });

  it("while a purge is planned stays with its events, and the purge says that it is not complete", async () => {
    const disk = new MemoryDisk();
    const { log } = logOn(disk);
    await log.open(DEVICE, EPOCH);
    await log.append(entries(1, 5));
    disk.fail({ operation: "read", code: "EIO", times: 9 });
    const purge = await log.planPurge();
    expect(purge.ranges).toEqual([]);
    expect(await purge.apply()).toBe(false);
    disk.clearFaults();
    const second = await log.planPurge();
    expect(second.ranges).toEqual([{ epoch: EPOCH, fromSeq: 1, toSeq: 5 }]);
    expect(await second.apply()).toBe(true);
  });

  it("when an eviction is applied stays with its events: what was declared comes all the same", async () => {
    const disk = new MemoryDisk();
    const { log } = logOn(disk);
    await log.open(DEVICE, EPOCH);
    await log.append(entries(1, 5));
    const eviction = await log.planEviction(TOO_MUCH, 0);
    disk.fail({ operation: "read", code: "EIO" });
    await eviction!.apply();
    expect(await seqsIn(log)).toEqual(upTo(5));
  });
});

/** A disk that serves its files once, for recovery, and then fails at the first. */
async function killedThenFailing(code: string): Promise<MemoryDisk> {
  const disk = await killed();
  const segments = disk.names().filter((name) => name.startsWith("seg-")).length;
  disk.fail({ operation: "read", code, after: segments });
  return disk;
}

describe("what a log does that is asked again", () => {
  it("passes over what was trimmed between the plan of an eviction and its end", async () => {
    const { log } = logOn(new MemoryDisk());
    await log.open(DEVICE, EPOCH);
    for (let i = 0; i < 6; i++) await log.append(entries(i * 5 + 1, i * 5 + 5));
    const eviction = await log.planEviction(TOO_MUCH, 0);
    await log.append(entries(31, 35));
    await drain(log);
    await eviction!.apply();
    await log.append(entries(36, 40));
    expect(await seqsIn(log)).toEqual([36, 37, 38, 39, 40]);
  });

  it("declares nothing for a file of a damaged epoch in which there is nothing", async () => {
    const disk = new MemoryDisk();
    const { log } = logOn(disk);
    await log.open(DEVICE, EPOCH);
    await log.append(entries(1, 5));
    const purge = await log.planPurge();
    disk.fail({ operation: "read", code: "EIO" });
    expect(await purge.apply()).toBe(false);
    const left = disk.processKill();
    const [first, second] = left.names().filter((name) => name.startsWith("seg-"));
    expect(second).toBeDefined();
    left.bytesOf(first!)[270]! ^= 0xff;
    const next = logOn(left, 2);
    await next.log.open(DEVICE, NEXT);
    // Nothing in the first file can be read, and the second has no event: nobody knows of any number.
    expect((await next.log.planPurge()).ranges).toEqual([]);
  });

  it("names an epoch of which a purge has left the acknowledgement only", async () => {
    const disk = new MemoryDisk();
    const { log } = logOn(disk);
    await log.open(DEVICE, EPOCH);
    await log.append(entries(1, 5));
    await log.acknowledge(EPOCH, 5);
    expect(await (await log.planPurge()).apply()).toBe(true);
    const next = logOn(disk.powerCut(), 2);
    expect((await next.log.open(DEVICE, NEXT)).previous).toEqual({ epoch: EPOCH, lastSeq: 5 });
  });
});

describe("frames that are not as a log writes them", () => {
  it("with numbers that come again are counted and shown once", async () => {
    const disk = diskOf(encodeEventsFrame(7, entries(1, 3)), encodeEventsFrame(7, entries(2, 4)));
    const { log } = logOn(disk, 2);
    await log.open(DEVICE, NEXT);
    expect(log.backlog().events).toBe(4);
    expect(seqsOf(await log.read(WIDE))).toEqual([1, 2, 3, 4]);
    const again = logOn(diskOf(encodeEventsFrame(7, entries(1, 3)), encodeEventsFrame(7, entries(3, 4))), 2);
    await again.log.open(DEVICE, NEXT);
    expect(again.log.backlog().events).toBe(4);
  });

  it("damaged one after another are one hole", async () => {
    const frames = [entries(1, 2), entries(3, 4), entries(5, 6), entries(7, 8)].map((each) =>
      encodeEventsFrame(7, each),
    );
    for (const at of [1, 2]) frames[at]![40]! ^= 0xff;
    const { log, damage } = logOn(diskOf(...frames), 2);
    await log.open(DEVICE, NEXT);
    expect(await seqsIn(log)).toEqual([1, 2, 7, 8]);
    expect(damage).toEqual([{ epoch: EPOCH, fromSeq: 3, toSeq: 6 }]);
  });
});
