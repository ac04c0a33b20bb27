import { describe, expect, it } from "vitest";
import type { Codec } from "./codec.ts";
import { isControl, rangesOf, runOf, sizeThrough } from "./run.ts";
import type { RunLimit } from "./store.ts";
import { msgpackCodec } from "./wire/msgpack.ts";
import { ndjsonCodec } from "./wire/ndjson.ts";

const entry = (seq: number, length = 10) => ({ seq, priority: 2, bytes: new Uint8Array(length) }) as const;
const entries = (...seqs: readonly number[]) => seqs.map((seq) => entry(seq));
const lengths = (given: readonly ReturnType<typeof entry>[], limit: Partial<RunLimit> = {}) =>
  runOf("d1", "e1", given, { eventsMax: 100, bytesMax: 1_000, ...limit })?.events.map(({ length }) => length);

describe("a run", () => {
  it("ends where a number is missing, and where one comes again", () => {
    expect(lengths(entries(3, 4, 6))).toEqual([10, 10]);
    expect(lengths(entries(3, 4, 4, 5))).toEqual([10, 10]);
    expect(lengths([])).toBeUndefined();
  });

  it("shows so many missing numbers in a row as empty, and ends where there are more", () => {
    expect(lengths(entries(3, 6, 9, 13), { gapMax: 2 })).toEqual([10, 0, 0, 10, 0, 0, 10]);
  });

  it("has no more numbers than the limit says, empty ones among them", () => {
    expect(lengths(entries(1, 2, 3, 4), { eventsMax: 3 })).toEqual([10, 10, 10]);
    expect(lengths(entries(1, 3), { eventsMax: 2, gapMax: 5 })).toEqual([10]);
    expect(lengths(entries(1, 3), { eventsMax: 3, gapMax: 5 })).toEqual([10, 0, 10]);
  });

  it("has no more bytes than the limit says, unless its first event alone has", () => {
    expect(lengths(entries(1, 2, 3), { bytesMax: 20 })).toEqual([10, 10]);
    expect(lengths([entry(1, 50), entry(2)], { bytesMax: 20 })).toEqual([50]);
  });

  it("tells how many events it has up to a number, and their bytes; those given up do not count", () => {
    const run = runOf("d1", "e1", [entry(5, 10), entry(7, 20), entry(8, 30)], {
      eventsMax: 100,
      bytesMax: 1_000,
      gapMax: 1,
    })!;
    expect([4, 5, 6, 7, 8].map((seq) => sizeThrough(run, seq))).toEqual([
      { events: 0, bytes: 0 },
      { events: 1, bytes: 10 },
      { events: 1, bytes: 10 },
      { events: 2, bytes: 30 },
      { events: 3, bytes: 60 },
    ]);
  });
});

describe("events that are given up", () => {
  const odd = (count: number) => entries(...Array.from({ length: count }, (_, i) => 2 * i + 1));

  it("are declared stretch by stretch", () => {
    expect(rangesOf("e1", entries(1, 2, 3, 7))).toEqual([
      { epoch: "e1", fromSeq: 1, toSeq: 3 },
      { epoch: "e1", fromSeq: 7, toSeq: 7 },
    ]);
    expect(rangesOf("e1", [])).toEqual([]);
    expect(rangesOf("e1", odd(8))).toHaveLength(8);
  });

  it("are declared by their count in one stretch when they lie too scattered", () => {
    expect(rangesOf("e1", odd(9))).toEqual([{ epoch: "e1", fromSeq: 1, toSeq: 17, count: 9 }]);
  });
});

describe.each<[string, Codec]>([
  ["JSON", ndjsonCodec],
  ["msgpack", msgpackCodec],
])("an event in %s", (_, codec) => {
  const event = (type: string) =>
    codec.encodeEvent({ type, timeMs: 5, monoMs: 5, offsetMs: null, json: '{"$":"$"}' });

  it.each(["$open", "$drop", "$close", "$purge"])("is a control record when its type is %s", (type) => {
    expect(isControl(event(type))).toBe(true);
  });

  // A type of 36 characters has a `$` for its length in msgpack.
  it.each(["play", "p$", "x".repeat(36), "x".repeat(64)])("is none when its type is %s", (type) => {
    expect(isControl(event(type))).toBe(false);
  });
});
