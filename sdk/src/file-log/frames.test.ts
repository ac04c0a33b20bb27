import { describe, expect, it } from "vitest";
import { packer } from "../node/compress.ts";
import type { Priority } from "../store.ts";
import { entries } from "../testing/store-contract.ts";
import { crc32c } from "./crc32c.ts";
import { PackedEntries, wholeBlockAt } from "./packed-entries.ts";
import { entriesIn, payloadOf } from "./payload.ts";
import {
  decodeFrame,
  decodeHeader,
  encodeEventsFrame,
  encodeHeader,
  segmentNumber,
} from "./segment-format.ts";

/** The frame with bytes of its header changed, and a checksum that fits. */
function changed(frame: Uint8Array, change: (view: DataView) => void): Uint8Array {
  const bytes = frame.slice();
  const view = new DataView(bytes.buffer);
  change(view);
  const head = crc32c(bytes.subarray(0, 24), crc32c(new Uint8Array(4)));
  view.setUint32(24, crc32c(bytes.subarray(28), head), true);
  return bytes;
}

const typeOf = (frame: Uint8Array) => frame[4];

describe("a frame", () => {
  it("with another magic, or of nothing, is none, although its checksum is right", () => {
    const frame = encodeEventsFrame(0, entries(1, 2));
    expect(
      decodeFrame(
        changed(frame, () => undefined),
        0,
        0,
      ),
    ).toBeDefined();
    expect(
      decodeFrame(
        changed(frame, (view) => view.setUint8(3, 2)),
        0,
        0,
      ),
    ).toBeUndefined();
    const empty = changed(frame.subarray(0, 28), (view) => view.setUint32(8, 0, true));
    expect(decodeFrame(empty, 0, 0)).toBeUndefined();
  });

  it("is packed from 512 bytes on, where that makes it smaller", () => {
    expect([508, 509].map((size) => typeOf(encodeEventsFrame(0, entries(1, 1, 2, size), packer)))).toEqual([
      1, 3,
    ]);
    const bytes = crypto.getRandomValues(new Uint8Array(2_000));
    expect(typeOf(encodeEventsFrame(0, [{ seq: 1, priority: 2, bytes }], packer))).toBe(1);
  });

  it("is the same whatever stood in its room", () => {
    const dirty = (length: number) => new Uint8Array(length).fill(0xff);
    expect(encodeEventsFrame(0, entries(1, 2), undefined, dirty)).toEqual(
      encodeEventsFrame(0, entries(1, 2)),
    );
  });
});

it("a header takes a device's name of up to 64 characters", () => {
  const header = {
    spelling: 1,
    salt: 7,
    number: 1,
    firstSeq: 1,
    createdMs: 0,
    epochIndex: 1,
    epoch: "a".repeat(16),
    device: "d".repeat(64),
  } as const;
  expect(decodeHeader(encodeHeader(header))).toEqual(header);
});

it("a file with something before or behind a segment's name is none", () => {
  expect(segmentNumber("old-seg-0000000000000007.log")).toBeUndefined();
  expect(segmentNumber("seg-0000000000000007.log.gz")).toBeUndefined();
});

it.each([0, 127, 128, 16_383, 16_384, 300_000])("a payload holds an event of %i bytes", (length) => {
  const event = { seq: 7, priority: 3 as Priority, bytes: new Uint8Array(length).fill(9) };
  const [entry] = entriesIn(payloadOf([event]), 7, 1)!;
  expect([entry!.seq, entry!.priority, entry!.bytes.length]).toEqual([7, 3, length]);
  expect(entry!.bytes.every((byte) => byte === 9)).toBe(true);
});

describe("events that are packed already", () => {
  const blockOf = (firstSeq: number) => {
    const plain = [0, 1, 2].map((i) => entries(firstSeq + i, firstSeq + i, i as Priority)[0]!);
    const bytes = new Uint8Array(Buffer.concat(plain.map((entry) => entry.bytes)));
    const marks = Uint32Array.from(plain, (entry) => entry.bytes.length * 4 + entry.priority);
    const block = new PackedEntries(firstSeq, marks, bytes, packer);
    return { block, all: [0, 1, 2].map((i) => block.entry(i)) };
  };

  it("have their number, their importance and their bytes", () => {
    const { all } = blockOf(5);
    expect(all.map(({ seq, priority }) => [seq, priority])).toEqual([
      [5, 0],
      [6, 1],
      [7, 2],
    ]);
    expect(Buffer.from(all[1]!.bytes).toString()).toMatch(/^event 6/);
  });

  it("are a whole block where all of it stands in order, and nowhere else", () => {
    const [one, other] = [blockOf(1), blockOf(4)];
    expect(wholeBlockAt([...one.all, ...other.all], 0)).toBe(one.block);
    expect(wholeBlockAt([...one.all, ...other.all], 3)).toBe(other.block);
    expect(wholeBlockAt([...one.all, ...other.all], 1)).toBeUndefined();
    expect(wholeBlockAt(one.all.slice(0, 2), 0)).toBeUndefined();
    expect(wholeBlockAt([...one.all.slice(0, 2), ...other.all], 0)).toBeUndefined();
    expect(wholeBlockAt([...one.all.slice(0, 2), ...entries(3, 3)], 0)).toBeUndefined();
    expect(wholeBlockAt(entries(1, 3), 0)).toBeUndefined();
  });
});
