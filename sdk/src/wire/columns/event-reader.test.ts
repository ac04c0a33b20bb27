import { describe, expect, it } from "vitest";
import { EventReader } from "./event-reader.ts";

const TEXT = [...Buffer.from("tick")];
const TICK = [0xa4, ...TEXT];
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

  it.each<[string, (readonly number[])[]]>([
    ["whose type is a number", [[5], [1], [2], NIL, DATA]],
    ["whose type is a map", [[0x84, ...TEXT], [1], [2], NIL, DATA]],
    ["whose type is an array", [[0xdc, 0, 0, 0, 0, 0, 0, 0, 4, ...TEXT], [1], [2], NIL, DATA]],
    ["whose type is an extension", [[0xd8, 4, ...TEXT], [1], [2], NIL, DATA]],
    ["whose type is empty", [[0xa0], [1], [2], NIL, DATA]],
    ["whose time is text", [TICK, TICK, [2], NIL, DATA]],
    ["whose time is a map", [TICK, [0x80], [2], NIL, DATA]],
    ["whose time is an extension", [TICK, [0xd4, ...Array<number>(15).fill(0), 5], [2], NIL, DATA]],
    ["whose time is of no type", [TICK, [0xc1, ...float(5).slice(1)], [2], NIL, DATA]],
    ["whose time is a part of a ms", [TICK, float(0.5), [2], NIL, DATA]],
    ["whose time is below 0", [TICK, [0xff], [2], NIL, DATA]],
    ["whose time is no clock's", [TICK, float(2e15), [2], NIL, DATA]],
    ["whose monotonic time is no clock's", [TICK, [1], float(2e15), NIL, DATA]],
    ["whose offset is no clock's", [TICK, [1], [2], float(-2e15), DATA]],
    ["whose data is no text", [TICK, [1], [2], NIL, NIL]],
    ["that is cut off", [TICK, [1], [2], NIL, [0xa3, 1]]],
    ["with something behind it", [TICK, [1], [2], NIL, DATA, [0]]],
  ])("and none %s", (_, parts) => {
    expect(read(...parts)).toBeUndefined();
  });

  it("and none that is no array of five", () => {
    const event = Uint8Array.from([0x95, ...TICK, 1, 2, ...NIL, ...DATA]);
    expect(new EventReader().read(event)).toMatchObject({ type: "tick", dataFrom: 10 });
    expect(new EventReader().read(event.with(0, 0x94))).toBeUndefined();
    expect(new EventReader().read(new Uint8Array(0))).toBeUndefined();
  });

  it("with times up to those of any clock", () => {
    expect(read(TICK, float(1e15), float(1e15), float(-1e15), DATA)).toMatchObject({
      timeMs: 1e15,
      monoMs: 1e15,
      offsetMs: -1e15,
    });
  });

  it("with a type as long as it may be, and one after another", () => {
    const reader = new EventReader();
    const long = "t".repeat(200);
    const of = (type: readonly number[]) => Uint8Array.from([0x95, ...type, 1, 2, ...NIL, ...DATA]);
    expect(reader.read(of([0xd9, 200, ...Buffer.from(long)]))?.type).toBe(long);
    expect(reader.read(of(TICK))?.type).toBe("tick");
    expect(reader.read(of([0xda, 0, 4, ...Buffer.from("tock")]))?.type).toBe("tock");
    expect(reader.read(of([0xa3, ...Buffer.from("toc")]))?.type).toBe("toc");
    expect(reader.read(of([0xdb, 0, 0, 0, 4, ...TEXT]))?.type).toBe("tick");
    expect(reader.read(of([0xbf, ...Buffer.from(long.slice(0, 31))]))?.type).toBe(long.slice(0, 31));
    expect(reader.read(of([0xa5, ...Buffer.from("ttttu")]))?.type).toBe("ttttu");
  });
});
