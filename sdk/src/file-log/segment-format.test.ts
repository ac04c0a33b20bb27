import { describe, expect, it } from "vitest";
import { packer } from "../node/compress.ts";
import type { Packer } from "../packer.ts";
import { entries } from "../testing/store-contract.ts";
import { crc32c } from "./crc32c.ts";
import { entriesIn, pack, payloadOf, unpack } from "./payload.ts";
import { decodeFrame, decodeHeader, encodeEventsFrame, encodeHeader, entriesOf } from "./segment-format.ts";

const HEADER = {
  spelling: 2,
  salt: 7,
  number: 2 ** 40,
  firstSeq: 2 ** 35 + 1,
  createdMs: 1_763_840_940_000,
  epochIndex: 2,
  epoch: "a".repeat(16),
  device: "speaker-1",
} as const;

/** Both copies of the header with a byte changed, and a checksum that fits. */
function changed(at: number, value: number): Uint8Array {
  const bytes = encodeHeader(HEADER);
  bytes[at] = value;
  new DataView(bytes.buffer).setUint32(124, crc32c(bytes.subarray(0, 124)), true);
  bytes.copyWithin(128, 0, 128);
  return bytes;
}

describe("the header of a segment", () => {
  it("comes back as it went in, from either of its copies", () => {
    const bytes = encodeHeader(HEADER);
    expect(decodeHeader(bytes)).toEqual(HEADER);
    expect(decodeHeader(bytes.slice().fill(0, 0, 128))).toEqual(HEADER);
    expect(decodeHeader(bytes.slice().fill(0, 128))).toEqual(HEADER);
    expect(decodeHeader(bytes.slice().fill(0))).toBeUndefined();
    expect(decodeHeader(bytes.subarray(0, 127))).toBeUndefined();
  });

  it.each([
    ["another magic", 0, 0x55],
    ["another version", 8, 9],
    ["a spelling that there is not", 10, 3],
    ["no spelling", 10, 0],
    ["a device longer than a device may be", 11, 65],
  ])("with %s is none, although its checksum is right", (_, at, value) => {
    const bytes = changed(at, value);
    expect(bytes).not.toEqual(encodeHeader(HEADER));
    expect(decodeHeader(bytes)).toBeUndefined();
  });
});

describe("a frame", () => {
  it("of a type that there is not is none, although its checksum is right", () => {
    const frame = encodeEventsFrame(0, entries(1, 2));
    frame[4] = 9;
    const head = crc32c(frame.subarray(0, 24), crc32c(new Uint8Array(4)));
    new DataView(frame.buffer).setUint32(24, crc32c(frame.subarray(28), head), true);
    expect(decodeFrame(frame, 0, 0)).toBeUndefined();
  });

  it("that ends early is none, wherever it ends, and whole at its end", () => {
    const frame = encodeEventsFrame(3, entries(5, 9));
    for (let length = 0; length < frame.length; length++)
      expect(decodeFrame(frame.subarray(0, length), 0, 3)).toBeUndefined();
    const whole = decodeFrame(frame, 0, 3);
    expect(whole).toMatchObject({ firstSeq: 5, count: 5, byteLength: frame.length });
    expect(decodeFrame(frame, 0, 4)).toBeUndefined();
  });

  it("gives no entries when it promises more or fewer than it holds", () => {
    const frame = decodeFrame(encodeEventsFrame(3, entries(5, 9)), 0, 3);
    if (!frame) throw new Error("no frame");
    expect(entriesOf(frame)).toHaveLength(5);
    expect(entriesOf({ ...frame, count: 4 })).toBeUndefined();
    expect(entriesOf({ ...frame, count: 6 })).toBeUndefined();
  });

  it("that is packed cannot be read without the packer", () => {
    const frame = decodeFrame(encodeEventsFrame(3, entries(1, 200), packer), 0, 3);
    if (!frame) throw new Error("no frame");
    expect(entriesOf(frame)).toBeUndefined();
    expect(entriesOf(frame, packer)).toHaveLength(200);
  });
});

describe("what is packed", () => {
  it("comes back as it was", () => {
    const payload = payloadOf(entries(1, 50)).slice();
    expect(unpack(pack(payload, packer), packer)).toEqual(payload);
  });

  it.each([
    [
      "is shorter than its length, although what stands behind it is not",
      (packed: Uint8Array) => packed.subarray(0, 3),
    ],
    ["says that it is longer than anything may be", (packed: Uint8Array) => withLength(packed, 16_777_217)],
    ["says that it is shorter than it is", (packed: Uint8Array) => withLength(packed, 5)],
    ["is not what the packer makes", (packed: Uint8Array) => packed.slice().fill(0xff, 4)],
  ])("cannot be had when it %s", (_, change) => {
    expect(unpack(change(pack(payloadOf(entries(1, 50)), packer)), packer)).toBeUndefined();
  });
});

it("no packer is asked for more than 16 MiB", () => {
  const asked: number[] = [];
  const curious: Packer = {
    ...packer,
    unpack: (_, length) => {
      asked.push(length);
      return new Uint8Array(length);
    },
  };
  const packed = pack(payloadOf(entries(1, 50)), packer);
  expect(unpack(withLength(packed, 16_777_216), curious)).toHaveLength(16_777_216);
  expect(unpack(withLength(packed, 16_777_217), curious)).toBeUndefined();
  expect(asked).toEqual([16_777_216]);
});

describe("the payload of a frame", () => {
  const read = (bytes: readonly number[], count = 1) =>
    entriesIn(Uint8Array.from(bytes), 7, count)?.map((entry) => [entry.seq, entry.priority, ...entry.bytes]);

  it("holds of each event its priority, its length and its bytes", () => {
    expect(read([0, 1, 9, 3, 0, 2, 2, 8, 8], 3)).toEqual([
      [7, 0, 9],
      [8, 3],
      [9, 2, 8, 8],
    ]);
    expect(read([], 0)).toEqual([]);
  });

  it("may spell a length in up to five bytes", () => {
    expect(read([1, 0x81, 0x80, 0x80, 0x80, 0, 9])).toEqual([[7, 1, 9]]);
    expect(read([1, 0x81, 0x80, 0x80, 0x80, 0x80, 0, 9])).toBeUndefined();
  });

  it.each([
    ["is of a priority that there is not", [4, 1, 9], 1],
    ["has no length", [1], 1],
    ["has half a length", [1, 0x80], 1],
    ["is cut off", [1, 2, 9], 1],
    ["is cut off, with another promised", [1, 9, 9], 2],
    ["has something behind it", [1, 1, 9, 9], 1],
    ["is one of more than there can be", [1, 0], 2],
  ])("is none when an event of it %s", (_, bytes, count) => {
    expect(read(bytes, count)).toBeUndefined();
  });
});

function withLength(packed: Uint8Array, length: number): Uint8Array {
  const bytes = packed.slice();
  new DataView(bytes.buffer).setUint32(0, length, true);
  return bytes;
}
