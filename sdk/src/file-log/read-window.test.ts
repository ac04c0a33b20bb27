import { describe, expect, it } from "vitest";
import { packer } from "../node/compress.ts";
import { CONTROL, type Entry } from "../store.ts";
import { ManualClock } from "../testing/manual-clock.ts";
import { MemoryDisk } from "../testing/memory-disk.ts";
import { DEVICE, drain, entries, seqsOf } from "../testing/store-contract.ts";
import { FileLog, type FileLogOptions } from "./file-log.ts";
import { PackedEntries } from "./packed-entries.ts";

const [OLD, EPOCH, NEXT] = ["a", "b", "c"].map((letter) => letter.repeat(16)) as [string, string, string];
const WIDE = { eventsMax: 10_000, bytesMax: 100_000_000 };
/** What is kept of what was just written. */
const FRESH = 524_288;

function logOn(disk: MemoryDisk, options: Partial<FileLogOptions> = {}, seed = 1) {
  const given: number[] = [];
  const log = new FileLog({
    disk,
    clock: new ManualClock(seed),
    spelling: 1,
    segmentBytes: 500,
    storeBytesMax: 64 * 1024 * 1024,
    storeEventsMax: 1_000_000,
    freeBytesMin: 0,
    discard: (buffer) => given.push(buffer.byteLength),
    onDamage: () => undefined,
    onQuarantine: () => undefined,
    ...options,
  });
  return { log, given };
}

const reads = (disk: MemoryDisk) => disk.calls.filter((call) => call === "read").length;
const upTo = (last: number) => Array.from({ length: last }, (_, i) => i + 1);

/** An open log, and how often it has read from the disk since. */
async function opened(
  disk = new MemoryDisk(),
  options: Partial<FileLogOptions> = {},
  epoch = EPOCH,
  seed = 1,
) {
  const made = logOn(disk, options, seed);
  await made.log.open(DEVICE, epoch);
  const before = reads(disk);
  return { ...made, disk, readsSince: () => reads(disk) - before };
}

describe("what was just written", () => {
  it("is shown without being read back, up to half a MiB that waits, and as much again when that is acknowledged", async () => {
    const { log, readsSince } = await opened();
    for (let seq = 1; seq <= 3; seq++) await log.append(entries(seq, seq, 2, 300_000));
    expect(seqsOf(await log.read(WIDE))).toEqual([1, 2, 3]);
    expect(readsSince()).toBe(1);
    await log.acknowledge(EPOCH, 3);
    for (let seq = 4; seq <= 5; seq++) await log.append(entries(seq, seq, 2, 300_000));
    expect(seqsOf(await log.read(WIDE))).toEqual([4, 5]);
    expect(readsSince()).toBe(1);
  });

  it("is kept when exactly half a MiB waits", async () => {
    const { log, readsSince } = await opened();
    await log.append(entries(1, 1, 2, FRESH));
    await log.append(entries(2, 2));
    expect(seqsOf(await log.read(WIDE))).toEqual([1, 2]);
    expect(readsSince()).toBe(0);
  });

  it("is kept again when what waited was given up", async () => {
    const { log, disk } = await opened();
    await log.append(entries(1, 1, 2, 600_000));
    const plan = await log.planEviction(1e9, 0);
    await plan!.apply();
    const before = reads(disk);
    await log.append(entries(2, 2));
    expect(seqsOf(await log.read(WIDE))).toEqual([2]);
    expect(reads(disk)).toBe(before);
  });

  it("is kept for as much as what was not given up leaves room for", async () => {
    const { log, disk } = await opened(undefined, { segmentBytes: 700_000 });
    await log.append([...entries(1, 1, CONTROL, 300_000), ...entries(2, 2, 3, 300_000)]);
    const plan = await log.planEviction(1e9, 0);
    await plan!.apply();
    const before = reads(disk);
    for (let seq = 3; seq <= 4; seq++) await log.append(entries(seq, seq, 2, 300_000));
    expect((await drain(log)).flatMap(({ seqs }) => seqs)).toEqual([1, 3, 4]);
    expect(reads(disk)).toBe(before + 1);
  });

  it("is not unpacked to be kept", async () => {
    const { log, readsSince } = await opened(undefined, { packer });
    const plain = entries(2, 41);
    const bytes = new Uint8Array(Buffer.concat(plain.map((entry) => entry.bytes)));
    const marks = Uint32Array.from(plain, (entry) => entry.bytes.length * 4 + entry.priority);
    const packed = new PackedEntries(2, marks, bytes, packer);
    const mixed: Entry[] = [...entries(1, 1), ...plain.map((_, i) => packed.entry(i))];
    await log.append(mixed);
    expect(seqsOf(await log.read(WIDE))).toEqual(upTo(41));
    expect(readsSince()).toBe(1);
  });

  it("is the application's: nothing of it is given back to the system", async () => {
    const { log, given } = await opened();
    await log.append(entries(1, 5));
    await log.read(WIDE);
    await log.acknowledge(EPOCH, 5);
    expect(given).toEqual([]);
  });
});

describe("what was read back", () => {
  it("is given back to the system at once where all of it was unpacked", async () => {
    const first = await opened(undefined, { packer });
    await first.log.append(entries(1, 200));
    const next = await opened(first.disk.processKill(), { packer }, NEXT, 2);
    expect(seqsOf(await next.log.read(WIDE))).toEqual(upTo(200));
    expect(next.given).toHaveLength(1);
    await next.log.acknowledge(EPOCH, 200);
    expect(next.given).toHaveLength(2);
  });

  it("is not read again when something of its file was given up", async () => {
    const first = await opened();
    await first.log.append([...entries(1, 1, CONTROL), ...entries(2, 20, 3)]);
    const { log, disk } = await opened(first.disk.processKill(), {}, NEXT, 2);
    await log.read(WIDE);
    const plan = await log.planEviction(1e9, 0);
    await plan!.apply();
    const before = reads(disk);
    expect((await drain(log)).map(({ seqs }) => seqs)).toEqual([[1]]);
    expect(reads(disk)).toBe(before);
  });
});

describe("files are read only as far as is asked for:", () => {
  /** Three files of ten events each, of one epoch and perhaps of one before. */
  async function threeFiles(epochs: readonly string[] = [EPOCH], gap = 0) {
    let disk = new MemoryDisk();
    for (const [i, epoch] of epochs.entries()) {
      const { log } = logOn(disk, { segmentBytes: 300 }, i + 1);
      await log.open(DEVICE, epoch);
      const files = epochs.length > 1 ? i + 1 : 3;
      for (let file = 0; file < files; file++) {
        const from = file * 10 + 1;
        const to = from + 9;
        await log.append([...entries(from, from + 4), ...entries(from + 5 + gap, to)]);
      }
      disk = disk.processKill();
    }
    return opened(disk, { segmentBytes: 300 }, NEXT, 9);
  }

  it("one when it holds as many events as that", async () => {
    const { log, readsSince } = await threeFiles();
    for (let i = 0; i < 2; i++) {
      expect(seqsOf(await log.read({ ...WIDE, eventsMax: 10 }))).toEqual(upTo(10));
      expect(readsSince()).toBe(1);
    }
    expect(seqsOf(await log.read({ ...WIDE, eventsMax: 11 }))).toEqual(upTo(11));
    expect(readsSince()).toBe(2);
  });

  it("one when it holds as many bytes as that", async () => {
    const { log, readsSince } = await threeFiles();
    expect(seqsOf(await log.read({ ...WIDE, bytesMax: 7 * 20 }))).toEqual(upTo(7));
    expect(readsSince()).toBe(1);
  });

  it("one when a number is missing in it", async () => {
    const { log, readsSince } = await threeFiles([EPOCH], 1);
    expect(seqsOf(await log.read(WIDE))).toEqual(upTo(5));
    expect(readsSince()).toBe(1);
  });

  it("two when the second is of another epoch", async () => {
    const { log, readsSince } = await threeFiles([OLD, EPOCH]);
    const run = await log.read(WIDE);
    expect([run!.epoch, seqsOf(run)]).toEqual([OLD, upTo(10)]);
    expect(readsSince()).toBe(2);
  });

  it("all when that many are wanted", async () => {
    const { log, readsSince } = await threeFiles();
    expect(seqsOf(await log.read(WIDE))).toEqual(upTo(30));
    expect(readsSince()).toBe(3);
  });
});
