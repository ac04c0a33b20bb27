import { decode } from "@msgpack/msgpack";
import { describe, expect, it } from "vitest";
import { BIN, ByteWriter, STR } from "./byte-writer.ts";

const ROOM = 65_536;
const written = (write: (out: ByteWriter) => void) => {
  const out = new ByteWriter();
  write(out);
  return Uint8Array.from(out.bytes);
};

describe("bytes that are put behind one another", () => {
  it.each([
    [0x7f, [0x7f]],
    [0x80, [0xcd, 0, 0x80]],
    [0xffff, [0xcd, 0xff, 0xff]],
    [0x1_0000, [0xcf, 0, 0, 0, 0, 0, 1, 0, 0]],
    [2 ** 40 + 7, [0xcf, 0, 0, 1, 0, 0, 0, 0, 7]],
  ])("spell the whole number %i as msgpack does", (value, bytes) => {
    expect([...written((out) => out.msgpackWhole(value))]).toEqual(bytes);
  });

  it.each([
    [0, [0]],
    [0x7f, [0x7f]],
    [0x80, [0x80, 1]],
    [300, [0xac, 2]],
    [2 ** 53 - 1, [0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x0f]],
  ])("spell the whole number %i as LEB128 does", (value, bytes) => {
    expect([...written((out) => out.varint(value))]).toEqual(bytes);
  });

  it.each([
    [0, 1],
    [31, 1],
    [32, 2],
    [255, 2],
    [256, 3],
    [65_535, 3],
    [65_536, 5],
  ])("spell a text of %i bytes as msgpack does, in %i more", (length, more) => {
    const text = "x".repeat(length);
    const bytes = written((out) => out.msgpackBytes(STR, new TextEncoder().encode(text)));
    expect(bytes).toHaveLength(length + more);
    expect(decode(bytes) === text).toBe(true);
  });

  it.each([
    [0, 2],
    [31, 2],
    [255, 2],
    [256, 3],
    [65_535, 3],
    [65_536, 5],
  ])("spell %i bytes as msgpack does, in %i more", (length, more) => {
    const bytes = written((out) => out.msgpackBytes(BIN, new Uint8Array(length).fill(7)));
    expect(bytes).toHaveLength(length + more);
    const back = decode(bytes) as Uint8Array;
    expect([back.length, back.every((byte) => byte === 7)]).toEqual([length, true]);
  });

  it.each([
    [0, 1],
    [15, 1],
    [16, 3],
    [300, 3],
  ])("spell an array of %i as msgpack does, in %i more", (length, more) => {
    const bytes = written((out) => {
      out.msgpackArray(length);
      for (let i = 0; i < length; i++) out.byte(5);
    });
    expect(bytes).toHaveLength(length + more);
    expect(decode(bytes)).toEqual(Array(length).fill(5));
  });

  const full = new Uint8Array(ROOM).fill(9);
  const more: readonly [string, readonly number[], (out: ByteWriter) => void][] = [
    ["a byte", [1], (out) => out.byte(1)],
    ["bytes", [1, 2], (out) => out.put(Uint8Array.of(1, 2))],
    ["a part of some", [2, 3], (out) => out.part(Uint8Array.of(1, 2, 3), 1, 3)],
  ];

  it.each(more)("stay where they are as long as %s fits, to the last byte", (_, bytes, write) => {
    const out = new ByteWriter();
    const { buffer } = out.bytes;
    out.put(full.subarray(bytes.length));
    write(out);
    expect([out.bytes.length, out.bytes.buffer === buffer]).toEqual([ROOM, true]);
    expect([...out.bytes.subarray(-bytes.length - 1)]).toEqual([9, ...bytes]);
  });

  it.each(more)("find room where %s no longer fits, twice what is needed", (_, bytes, write) => {
    const out = new ByteWriter();
    out.put(full);
    write(out);
    expect(out.bytes.buffer.byteLength).toBe(2 * (ROOM + bytes.length));
    expect([...out.bytes.subarray(ROOM - 1)]).toEqual([9, ...bytes]);
    expect([out.bytes.length, out.bytes[0]]).toEqual([ROOM + bytes.length, 9]);
  });
});
