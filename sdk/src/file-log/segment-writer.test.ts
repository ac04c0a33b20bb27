import { describe, expect, it } from "vitest";
import { ManualClock } from "../testing/manual-clock.ts";
import { MemoryDisk } from "../testing/memory-disk.ts";
import { entries } from "../testing/store-contract.ts";
import { Catalog } from "./catalog.ts";
import { scanFrames } from "./scan.ts";
import { decodeHeader, FRAMES_START, segmentName } from "./segment-format.ts";
import { BALLAST_NAME, SegmentWriter } from "./segment-writer.ts";

const [OLD, EPOCH] = ["a", "b"].map((letter) => letter.repeat(16)) as [string, string];
const IDENTITY = { spelling: 1, device: "speaker-1", epoch: EPOCH, epochIndex: 2 } as const;

function writerOn(disk: MemoryDisk, segmentBytes = 10_000, segmentEvents = 1_000, clock = new ManualClock()) {
  const catalog = new Catalog();
  const options = { segmentBytes, segmentEvents, nextNumber: 5, packer: undefined };
  return { catalog, writer: new SegmentWriter(disk, clock, catalog, IDENTITY, options) };
}

const filesOn = (disk: MemoryDisk) => disk.names().filter((name) => name !== BALLAST_NAME);
const headerOf = (disk: MemoryDisk, number: number) => decodeHeader(disk.bytesOf(segmentName(number)))!;

/** What stands in a file: acknowledgements, and events by their numbers. */
function contentOf(disk: MemoryDisk, number: number) {
  const { salt } = headerOf(disk, number);
  return Array.from(scanFrames(disk.bytesOf(segmentName(number)), FRAMES_START, salt), (finding) => {
    if (finding.kind === "ack") return `${finding.epoch} ${finding.throughSeq}`;
    return finding.kind === "events" ? finding.entries.map(({ seq }) => seq) : finding.kind;
  });
}

describe("a segment file", () => {
  it("is durable, with its name, before the first event", async () => {
    const disk = new MemoryDisk();
    const { catalog, writer } = writerOn(disk);
    await writer.begin();
    const left = disk.powerCut();
    expect(filesOn(left)).toEqual([segmentName(5)]);
    expect(headerOf(left, 5)).toMatchObject({ ...IDENTITY, number: 5, firstSeq: 1 });
    expect(writer.active).toBe(catalog.segments[0]);
  });

  it.each([
    [1_763_840_940_000.9, 1_763_840_940_000],
    [-5, 0],
  ])("says that it is of %d, when it is, as %d", async (wallMs, createdMs) => {
    const disk = new MemoryDisk();
    const clock = new ManualClock();
    clock.wall = wallMs;
    await writerOn(disk, undefined, undefined, clock).writer.begin();
    expect(headerOf(disk, 5).createdMs).toBe(createdMs);
  });

  it("takes commits until it has its size, and the next goes into another", async () => {
    const disk = new MemoryDisk();
    const { writer, catalog } = writerOn(disk);
    await writer.begin();
    await writer.append(entries(1, 3));
    const { bytes } = catalog.segments[0]!;
    for (const [segmentBytes, files] of [
      [bytes, 2],
      [bytes + 1, 1],
    ] as const) {
      const one = writerOn(new MemoryDisk(), segmentBytes);
      await one.writer.begin();
      await one.writer.append(entries(1, 3));
      await one.writer.append(entries(4, 4));
      expect(one.catalog.segments.map(({ lastSeq }) => lastSeq)).toEqual(files === 2 ? [3, 4] : [4]);
    }
  });

  it("takes commits until so many events wait in it, those acknowledged not counted", async () => {
    const { writer, catalog } = writerOn(new MemoryDisk(), undefined, 4);
    await writer.begin();
    await writer.append(entries(1, 3));
    await writer.append(entries(4, 4));
    await writer.append(entries(5, 8));
    catalog.segments[1]!.live.fill(0);
    await writer.append(entries(9, 9));
    expect(catalog.segments.map(({ header, lastSeq }) => [header.firstSeq, lastSeq])).toEqual([
      [1, 4],
      [5, 9],
    ]);
  });

  it("tells where each commit stands, and counts it", async () => {
    const { writer, catalog } = writerOn(new MemoryDisk());
    await writer.begin();
    const first = await writer.append(entries(1, 3, 2));
    const second = await writer.append(entries(4, 5, 0));
    const [segment] = catalog.segments;
    expect(first).toMatchObject({ ok: true, offset: FRAMES_START });
    expect(second.ok && second.offset).toBeGreaterThan(FRAMES_START);
    expect(segment).toMatchObject({ lastSeq: 5, live: [2, 0, 3, 0] });
  });

  it("that cannot be begun leaves nothing, and the next commit begins another", async () => {
    const disk = new MemoryDisk();
    const { writer } = writerOn(disk);
    // The ballast, and then the file.
    disk.fail({ operation: "syncDirectory", code: "EIO" });
    await writer.begin();
    expect([writer.active, filesOn(disk)]).toEqual([undefined, []]);
    expect((await writer.append(entries(1, 3))).ok).toBe(true);
    expect(contentOf(disk.powerCut(), 6)).toEqual([[1, 2, 3]]);
  });

  it("that is full may fail to close: nothing of it is lost", async () => {
    const disk = new MemoryDisk();
    const { writer } = writerOn(disk, 1);
    await writer.begin();
    await writer.append(entries(1, 3));
    disk.fail({ operation: "close", code: "EIO" });
    expect((await writer.append(entries(4, 5))).ok).toBe(true);
    expect([contentOf(disk, 5), contentOf(disk, 6)]).toEqual([[], [[1, 2, 3]]]);
  });
});

describe("an acknowledgement", () => {
  const syncs = (disk: MemoryDisk) => disk.calls.filter((call) => call === "sync").length;

  it("waits until it is synced with a commit, or because somebody asks, and then it is once", async () => {
    const disk = new MemoryDisk();
    const { writer } = writerOn(disk);
    await writer.begin();
    await writer.append(entries(1, 3));
    const before = syncs(disk);
    await writer.syncAcks();
    await writer.appendAck(EPOCH, 1);
    expect(syncs(disk)).toBe(before);
    expect(contentOf(disk.powerCut(), 5)).toEqual([[1, 2, 3]]);
    await writer.syncAcks();
    await writer.syncAcks();
    expect(syncs(disk)).toBe(before + 1);
    await writer.appendAck(EPOCH, 2);
    await writer.append(entries(4, 4));
    await writer.syncAcks();
    expect(syncs(disk)).toBe(before + 2);
    expect(contentOf(disk.powerCut(), 5)).toEqual([[1, 2, 3], `${EPOCH} 1`, `${EPOCH} 2`, [4]]);
  });

  it("is nothing that a reader at the end of the file has still to read, and does not take one there that is not", async () => {
    const { writer, catalog } = writerOn(new MemoryDisk());
    await writer.begin();
    const [segment] = catalog.segments;
    await writer.appendAck(EPOCH, 1);
    expect(segment!.readOffset).toBe(segment!.bytes);
    await writer.append(entries(1, 3));
    const { readOffset } = segment!;
    await writer.appendAck(EPOCH, 2);
    expect(segment!.readOffset).toBe(readOffset);
    expect(segment!.bytes).toBeGreaterThan(readOffset);
  });

  it("of which half is written ends the file: nothing stands behind half a frame", async () => {
    const disk = new MemoryDisk();
    const { writer } = writerOn(disk);
    await writer.begin();
    disk.fail({ operation: "write", code: "", shortBytes: 9 });
    await writer.appendAck(EPOCH, 1);
    expect(writer.active).toBeUndefined();
    await writer.appendAck(EPOCH, 1);
    await writer.append(entries(1, 1));
    expect([contentOf(disk, 5), contentOf(disk, 6)]).toEqual([["damage"], [[1]]]);
  });

  it("whose sync fails ends the file", async () => {
    const disk = new MemoryDisk();
    const { writer } = writerOn(disk);
    await writer.begin();
    await writer.appendAck(EPOCH, 1);
    disk.fail({ operation: "sync", code: "EIO" });
    await writer.syncAcks();
    expect(writer.active).toBeUndefined();
  });
});

describe("a new file that stands for all others", () => {
  it("says what is acknowledged of every epoch that has a file, durably", async () => {
    const disk = new MemoryDisk();
    const { writer, catalog } = writerOn(disk);
    await writer.begin();
    await writer.append(entries(1, 3));
    catalog.acknowledge(EPOCH, 2);
    catalog.acknowledge(OLD, 9);
    await writer.renew();
    expect(contentOf(disk.powerCut(), 6)).toEqual([`${EPOCH} 2`]);
    expect(headerOf(disk, 6).firstSeq).toBe(4);
    expect(catalog.segments.map(({ sealed }) => sealed)).toEqual([true, false]);
  });

  it("is tried again with the next commit when it cannot be made", async () => {
    const disk = new MemoryDisk();
    const { writer } = writerOn(disk);
    await writer.begin();
    disk.fail({ operation: "create", code: "EIO" });
    await writer.renew();
    expect(writer.active).toBeUndefined();
    expect((await writer.append(entries(1, 3))).ok).toBe(true);
  });
});

it("what is written anew keeps its epoch and its number, in a file of its own that takes nothing more", async () => {
  const disk = new MemoryDisk();
  const { writer, catalog } = writerOn(disk);
  await writer.begin();
  const old = { ...headerOf(disk, 5), epoch: OLD, epochIndex: 1, number: 3, firstSeq: 1 };
  const segment = await writer.rewrite(old, entries(7, 9, 1));
  expect(segment).toMatchObject({ name: segmentName(6), sealed: true, lastSeq: 9, live: [0, 3, 0, 0] });
  const left = disk.powerCut();
  expect(headerOf(left, 6)).toMatchObject({ epoch: OLD, epochIndex: 1, number: 3, firstSeq: 7 });
  expect(contentOf(left, 6)).toEqual([[7, 8, 9]]);
  expect(segment.bytes).toBe(left.bytesOf(segmentName(6)).length);
  expect(catalog.segments).toHaveLength(1);
});

describe("what is set aside for a full disk", () => {
  const ballastOf = (disk: MemoryDisk) =>
    disk.names().includes(BALLAST_NAME) ? disk.bytesOf(BALLAST_NAME).length : undefined;

  it("is 64 KiB of the medium, written and synced once", async () => {
    const disk = new MemoryDisk();
    const { writer } = writerOn(disk);
    await writer.begin();
    expect(ballastOf(disk.powerCut())).toBe(65_536);
    const calls = disk.calls.length;
    expect(await writer.restoreBallast()).toBe(true);
    expect(disk.calls).toHaveLength(calls);
    const creates = () => disk.calls.filter((call) => call === "create").length;
    const before = creates();
    expect(await writerOn(disk).writer.restoreBallast()).toBe(true);
    expect(creates()).toBe(before);
  });

  it("is written anew when it is of another size", async () => {
    const disk = new MemoryDisk();
    disk.setBytes(BALLAST_NAME, new Uint8Array(100));
    expect(await writerOn(disk).writer.restoreBallast()).toBe(true);
    expect(ballastOf(disk)).toBe(65_536);
  });

  it("is missed when the disk has no room for it, which is said, and nothing of it stays", async () => {
    const disk = new MemoryDisk();
    disk.capacity = 60_000;
    const { writer } = writerOn(disk);
    expect(await writer.restoreBallast()).toBe(false);
    expect(ballastOf(disk)).toBeUndefined();
    disk.capacity = 100_000;
    expect(await writer.restoreBallast()).toBe(true);
  });

  it("is missed without a word when it fails otherwise: the disk is not full", async () => {
    const disk = new MemoryDisk();
    disk.fail({ operation: "sync", code: "EIO" });
    const { writer } = writerOn(disk);
    expect(await writer.restoreBallast()).toBe(true);
    expect(ballastOf(disk)).toBeUndefined();
    expect(await writer.restoreBallast()).toBe(true);
    expect(ballastOf(disk)).toBe(65_536);
  });

  it("goes when a commit finds the disk full, and only then", async () => {
    const disk = new MemoryDisk();
    const { writer } = writerOn(disk);
    await writer.begin();
    disk.fail({ operation: "write", code: "EIO" });
    expect((await writer.append(entries(1, 3))).ok).toBe(true);
    expect(ballastOf(disk)).toBe(65_536);
    disk.fail({ operation: "write", code: "ENOSPC" });
    expect((await writer.append(entries(4, 6))).ok).toBe(true);
    expect(ballastOf(disk)).toBeUndefined();
  });
});
