import { describe, expect, it } from "vitest";
import { packer } from "../node/compress.ts";
import { discard } from "../node/discard.ts";
import { PackedQueue } from "../node/packed-queue.ts";
import type { Packer } from "../packer.ts";
import { NORMAL, type SeqRange } from "../store.ts";
import { systemClock } from "../system-clock.ts";
import { MemoryDisk } from "../testing/memory-disk.ts";
import { DEVICE, drain, entries, seqsOf } from "../testing/store-contract.ts";
import type { Disk } from "./disk.ts";
import { FileLog, type FileLogOptions } from "./file-log.ts";

const SEGMENT_BYTES = 16_384;
/** Less than a commit. */
const FEW = { eventsMax: 7, bytesMax: 1_000_000 };
const FIRST = "a".repeat(16);
const SECOND = "b".repeat(16);

function logOn(disk: Disk, packs = true, options: Partial<FileLogOptions> = {}) {
  const damage: SeqRange[] = [];
  const log = new FileLog({
    disk,
    clock: systemClock,
    spelling: 1,
    packer: packs ? packer : undefined,
    segmentBytes: SEGMENT_BYTES,
    storeBytesMax: 64 * 1024 * 1024,
    storeEventsMax: 1_000_000,
    freeBytesMin: 0,
    onDamage: (range) => damage.push(range),
    onQuarantine: (name, reason) => {
      throw new Error(`${name} ${reason}`);
    },
    ...options,
  });
  return { log, damage };
}

const segmentsOf = (disk: MemoryDisk) => disk.names().filter((name) => name.startsWith("seg-"));
const seqsIn = async (log: FileLog) => (await drain(log)).flatMap(({ seqs }) => seqs);
const upTo = (last: number) => Array.from({ length: last }, (_, i) => i + 1);

describe("FileLog with a packer", () => {
  it("writes a commit packed, and shows it as it was, now and after a crash", async () => {
    const disk = new MemoryDisk();
    const { log } = logOn(disk);
    await log.open(DEVICE, FIRST);
    const given = entries(1, 200);
    await log.append(given);
    const plain = given.reduce((sum, { bytes }) => sum + bytes.length, 0);
    expect(disk.bytesOf(segmentsOf(disk)[0]!).length).toBeLessThan(plain / 3);
    const wanted = given.map(({ bytes }) => bytes);
    const limit = { eventsMax: 1_000, bytesMax: 1_000_000 };
    expect((await log.read(limit))!.events).toEqual(wanted);
    const next = logOn(disk.powerCut()).log;
    expect((await next.open(DEVICE, SECOND)).previous).toEqual({ epoch: FIRST, lastSeq: 200 });
    expect((await next.read(limit))!.events.map((bytes) => Uint8Array.from(bytes))).toEqual(wanted);
  });

  it("declares exactly the commit that a flipped byte took, wherever in it the byte is", async () => {
    const disk = new MemoryDisk();
    const { log } = logOn(disk);
    await log.open(DEVICE, FIRST);
    await log.append(entries(1, 50));
    const from = disk.bytesOf(segmentsOf(disk)[0]!).length;
    await log.append(entries(51, 100));
    const to = disk.bytesOf(segmentsOf(disk)[0]!).length;
    await log.append(entries(101, 150));
    for (let at = from; at < to; at += 5) {
      const damaged = disk.powerCut();
      damaged.bytesOf(segmentsOf(damaged)[0]!)[at]! ^= 0x08;
      const { log: next, damage } = logOn(damaged);
      await next.open(DEVICE, SECOND);
      expect(await seqsIn(next)).toEqual(upTo(150).filter((seq) => seq <= 50 || seq > 100));
      expect(damage).toEqual([{ epoch: FIRST, fromSeq: 51, toSeq: 100 }]);
    }
  });

  it("reads what was written without one, and declares what it cannot unpack", async () => {
    const disk = new MemoryDisk();
    const before = logOn(disk, false).log;
    await before.open(DEVICE, FIRST);
    await before.append(entries(1, 50));
    const { log } = logOn(disk);
    await log.open(DEVICE, SECOND);
    expect(await seqsIn(log)).toEqual(upTo(50));
    await log.append(entries(1, 50));
    await log.append(entries(51, 52));
    const { log: without, damage } = logOn(disk.powerCut(), false);
    await without.open(DEVICE, "c".repeat(16));
    expect(await seqsIn(without)).toEqual([51, 52]);
    expect(damage).toEqual([{ epoch: SECOND, fromSeq: 1, toSeq: 50 }]);
  });

  it("ends a segment that a reader would need too much memory for", async () => {
    const disk = new MemoryDisk();
    const { log } = logOn(disk);
    await log.open(DEVICE, FIRST);
    for (let seq = 1; seq <= 20_000; seq += 200) await log.append(entries(seq, seq + 199));
    const plainBytes = entries(1, 20_000).reduce((sum, { bytes }) => sum + bytes.length, 0);
    expect(segmentsOf(disk).length).toBeGreaterThanOrEqual(
      Math.floor(plainBytes / (4 * SEGMENT_BYTES + 12_000)),
    );
  });
});

describe("what waits packed in memory", () => {
  /** Stores all of a queue in commits of up to `bytesMax`; returns how often something was packed for it. */
  async function store(queue: PackedQueue, log: FileLog, bytesMax: number, packs: () => number) {
    const before = packs();
    for (let group = queue.peek(bytesMax); group.length > 0; group = queue.peek(bytesMax)) {
      expect(await log.append(group)).toEqual({ ok: true });
      queue.release(group.at(-1)!.seq);
    }
    return packs() - before;
  }

  function burst(from: number, to: number) {
    let packs = 0;
    const counting: Packer = {
      ...packer,
      pack: (bytes, headroom) => {
        packs++;
        return packer.pack(bytes, headroom);
      },
    };
    const queue = new PackedQueue(counting);
    for (const entry of entries(from, to, NORMAL, 400)) queue.push(entry);
    return { queue, counting, packs: () => packs };
  }

  it("goes to the disk as it is, and comes back as it was, now and after a crash", async () => {
    const disk = new MemoryDisk();
    const { queue, counting, packs } = burst(1, 9_000);
    const { log } = logOn(disk, true, { packer: counting });
    await log.open(DEVICE, FIRST);
    // The first blocks waited as they were, and what was pushed last; three commits hold them.
    expect(await store(queue, log, 262_144, packs)).toBe(4);
    expect(queue.bytes).toBe(0);
    const next = logOn(disk.powerCut()).log;
    expect((await next.open(DEVICE, SECOND)).previous).toEqual({ epoch: FIRST, lastSeq: 9_000 });
    expect(await seqsIn(next)).toEqual(upTo(9_000));
    expect(await seqsIn(log)).toEqual(upTo(9_000));
  });

  it("is packed anew where a commit ends in the middle of it", async () => {
    const disk = new MemoryDisk();
    const { queue, counting, packs } = burst(1, 3_000);
    const { log } = logOn(disk, true, { packer: counting });
    await log.open(DEVICE, FIRST);
    expect(await store(queue, log, 30_000, packs)).toBeGreaterThan(30);
    expect(await seqsIn(log)).toEqual(upTo(3_000));
  });
});

describe("what was read back from a file", () => {
  /** Frames of all kinds in one file: single events as they are, commits packed. */
  async function written(): Promise<MemoryDisk> {
    const disk = new MemoryDisk();
    const { log } = logOn(disk);
    await log.open(DEVICE, FIRST);
    for (let seq = 1; seq <= 400; seq += 40) {
      await log.append(entries(seq, seq));
      await log.append(entries(seq + 1, seq + 38));
      await log.append(entries(seq + 39, seq + 39));
    }
    return disk.powerCut();
  }

  it("is given back to the system when all of it is acknowledged, and nothing before", async () => {
    const given: number[] = [];
    const { log } = logOn(await written(), true, {
      discard: (buffer) => {
        given.push(buffer.byteLength);
        discard(buffer);
      },
    });
    await log.open(DEVICE, SECOND);
    const seqs: number[] = [];
    for (let run = await log.read(FEW); run; run = await log.read(FEW)) {
      // Reads what the bytes say, too: nothing that waits is gone.
      seqs.push(...seqsOf(run));
      await log.acknowledge(run.epoch, seqs.at(-1)!);
    }
    expect(seqs).toEqual(upTo(400));
    // Ten commits that were unpacked, and the file in which the single events stood.
    expect(given).toHaveLength(11);
  });
});
