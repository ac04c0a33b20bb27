import { describe, expect, it } from "vitest";
import { ByteWriter } from "./byte-writer.ts";
import { EventReader } from "./event-reader.ts";
import { endOfValue } from "./json-values.ts";

const TICK = [0xa4, ...Buffer.from("tick")];
const DATA = [0xa2, ...Buffer.from("{}")];
const NIL = [0xc0];
const read = (...parts: readonly (readonly number[])[]) => {
  const found = new EventReader().read(Uint8Array.from([0x95, ...parts.flat()]));
  return found && { ...found };
};
const float = (value: number) => {
  const bytes = Buffer.alloc(9, 0xcb);
  bytes.writeDoubleBE(value, 1);
  return [...bytes];
};

describe("an event is read", () => {
  it.each([
    ["in the byte itself", [5], 5],
    ["of one byte", [0xcc, 200], 200],
    ["of two bytes", [0xcd, 1, 0], 256],
    ["of four bytes", [0xce, 0, 1, 0, 0], 65_536],
    ["of eight bytes", [0xcf, 0, 0, 1, 0, 0, 0, 0, 0], 2 ** 40],
    ["with a sign, of one byte", [0xd0, 127], 127],
    ["with a sign, of two bytes", [0xd1, 0, 5], 5],
    ["with a sign, of four bytes", [0xd2, 0, 0, 1, 0], 256],
    ["as a double", float(1_763_840_940_123), 1_763_840_940_123],
  ])("with a time %s", (_, spelled, timeMs) => {
    expect(read(TICK, spelled, [7], NIL, DATA)).toMatchObject({
      type: "tick",
      timeMs,
      monoMs: 7,
      offsetMs: null,
    });
  });

  it.each([
    ["in the byte itself", [0xe0], -32],
    ["of one byte", [0xd0, 0x80], -128],
    ["of two bytes", [0xd1, 0xff, 0xff], -1],
    ["as a double", float(-5_000_000_000), -5_000_000_000],
  ])("with an offset below 0, %s", (_, spelled, offsetMs) => {
    expect(read(TICK, [1], [2], spelled, DATA)).toMatchObject({ offsetMs });
  });

  it.each([
    ["whose type is a number", read([5], [1], [2], NIL, DATA)],
    ["whose type is empty", read([0xa0], [1], [2], NIL, DATA)],
    ["whose time is text", read(TICK, TICK, [2], NIL, DATA)],
    ["whose time is a part of a ms", read(TICK, float(0.5), [2], NIL, DATA)],
    ["whose time is below 0", read(TICK, [0xff], [2], NIL, DATA)],
    ["whose time is no clock's", read(TICK, float(2e15), [2], NIL, DATA)],
    ["whose offset is no clock's", read(TICK, [1], [2], float(-2e15), DATA)],
    ["whose data is no text", read(TICK, [1], [2], NIL, NIL)],
    ["with something behind it", read(TICK, [1], [2], NIL, DATA, [0])],
  ])("and none %s", (_, found) => {
    expect(found).toBeUndefined();
  });

  it("with a type as long as it may be, and one after another", () => {
    const reader = new EventReader();
    const long = "t".repeat(200);
    const of = (type: readonly number[]) => Uint8Array.from([0x95, ...type, 1, 2, ...NIL, ...DATA]);
    expect(reader.read(of([0xd9, 200, ...Buffer.from(long)]))?.type).toBe(long);
    expect(reader.read(of(TICK))?.type).toBe("tick");
    expect(reader.read(of([0xda, 0, 4, ...Buffer.from("tock")]))?.type).toBe("tock");
    expect(reader.read(of([0xa3, ...Buffer.from("toc")]))?.type).toBe("toc");
  });
});

const written = (write: (out: ByteWriter) => void) => {
  const out = new ByteWriter();
  write(out);
  return [...out.bytes];
};

describe("bytes that are put behind one another", () => {
  it.each([
    [0x7f, [0x7f]],
    [0x80, [0xcd, 0, 0x80]],
    [0xffff, [0xcd, 0xff, 0xff]],
    [0x1_0000, [0xcf, 0, 0, 0, 0, 0, 1, 0, 0]],
    [2 ** 40 + 7, [0xcf, 0, 0, 1, 0, 0, 0, 0, 7]],
  ])("spell the whole number %i as msgpack does", (value, bytes) => {
    expect(written((out) => out.msgpackWhole(value))).toEqual(bytes);
  });

  it("grow where they no longer fit, whatever comes then", () => {
    const full = new Uint8Array(65_536).fill(9);
    for (const [more, write] of [
      [[1], (out: ByteWriter) => out.byte(1)],
      [[1, 2], (out: ByteWriter) => out.put(Uint8Array.of(1, 2))],
      [[2, 3], (out: ByteWriter) => out.part(Uint8Array.of(1, 2, 3), 1, 3)],
    ] as const) {
      const bytes = written((out) => {
        out.put(full);
        write(out);
      });
      expect([bytes.length, bytes[65_535], ...bytes.slice(65_536)]).toEqual([
        65_536 + more.length,
        9,
        ...more,
      ]);
    }
  });
});

describe("a value in JSON", () => {
  const end = (text: string, from = 0) => endOfValue(new TextEncoder().encode(text), from);

  it.each([
    ['"ab",', 4],
    ['"a\\"b",', 6],
    ["12}", 2],
    ["true]", 4],
    ["7", 1],
  ])("%s ends where it does", (text, at) => {
    expect(end(text)).toBe(at);
  });

  it.each([['"ab'], ['"a\nb"'], ["\n"], [""]])("%j has no end", (text) => {
    expect(end(text)).toBe(0);
  });
});
