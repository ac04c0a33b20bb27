import { decode } from "@msgpack/msgpack";
import { describe, expect, it } from "vitest";
import type { PlayEvent } from "../../vocabulary/play.ts";
import type { SourceEvent } from "../../vocabulary/source.ts";
import { COLUMNS_MAX } from "../limits.ts";
import { msgpackCodec } from "../msgpack.ts";
import { ColumnsEncoder } from "./encode.ts";
import { instantIn, wholeIn } from "./numbers.ts";
import { COLUMN_NAMES, COLUMN_VALUES } from "./words.ts";

/** Every field that there is; the compiler sees to it. */
const PLAY: Record<keyof PlayEvent, 0> = {
  play_id: 0,
  report_type: 0,
  started_at: 0,
  ended_at: 0,
  ms_played: 0,
  ms_paused: 0,
  ms_buffering: 0,
  position_start_ms: 0,
  position_end_ms: 0,
  duration_ms: 0,
  livestream: 0,
  content_type: 0,
  item_uri: 0,
  title: 0,
  artist: 0,
  album: 0,
  container_type: 0,
  container_id: 0,
  container_name: 0,
  service: 0,
  reason_start: 0,
  reason_end: 0,
  reason_basis: 0,
  skipped: 0,
  shuffle: 0,
  repeat: 0,
  offline: 0,
  source_type: 0,
  player_id: 0,
  group_id: 0,
  household_id: 0,
};
const SOURCE: Record<keyof SourceEvent, unknown> & { from: Record<keyof SourceEvent["from"], 0> } = {
  occurred_at: 0,
  player_id: 0,
  group_id: 0,
  household_id: 0,
  from: { source_type: 0, service: 0 },
  to: 0,
  trigger: 0,
  trigger_basis: 0,
  coordinator_id: 0,
  member_ids: 0,
  group_change: 0,
  evidence: 0,
};

const HEADER = { device: "d1", epoch: "e1", firstSeq: 1 };
const encode = (events: readonly Uint8Array[]) => new ColumnsEncoder().encode(HEADER, events);
const event = (json: string, timeMs = 5, type = "tick") =>
  Uint8Array.from(msgpackCodec.encodeEvent({ type, timeMs, monoMs: 5, offsetMs: null, json }));
const many = (one: (i: number) => Uint8Array, count = 40) => Array.from({ length: count }, (_, i) => one(i));

describe("a batch goes by columns", () => {
  it("when its events have much in common, and in a fraction of the bytes", () => {
    const events = many((i) => event(`{"level":${i},"room":"kitchen"}`, 1_763_840_940_123 + i));
    const bytes = events.reduce((sum, { length }) => sum + length, 0);
    expect(encode(events)!.length).toBeLessThan(bytes / 4);
  });

  it("although numbers between them were given up", () => {
    expect(encode(many((i) => (i % 9 === 5 ? new Uint8Array(0) : event('{"a":1}'))))).toBeDefined();
  });

  it.each([
    ["too few are alike", many((i) => event(`{"a${i % 6}":1}`))],
    ["there are too few of them", many(() => event('{"a":1}'), 7)],
    ["a clock says what no clock says", [...many(() => event('{"a":1}')), event('{"a":1}', 2e15)]],
    [
      "one holds a character that JSON.stringify escapes",
      [...many(() => event('{"a":1}')), event('{"a":\t1}')],
    ],
    ["one holds a string without end", [...many(() => event('{"a":1}')), event('{"a":"1}')]],
    ["one is cut off", [...many(() => event('{"a":1}')), event('{"a":1}').subarray(0, -1)]],
    ["one is not what the codec writes", [...many(() => event('{"a":1}')), Uint8Array.of(0xc3)]],
    ["they have too many places", many(() => event(JSON.stringify(Array(COLUMNS_MAX).fill(1))))],
  ])("only as lines when %s", (_, events) => {
    expect(encode(events)).toBeUndefined();
  });

  it("with names and values of the vocabulary in a byte each, and others as they are", () => {
    const said = (json: string) => {
      const [, , , , , shapes, columns] = decode(encode(many(() => event(json)))!) as unknown[];
      return { pieces: (shapes as unknown[][])[0]!.slice(1), values: (columns as unknown[]).slice(3) };
    };
    expect(said('{"title":"Echo","reason_end":"trackdone","mood":"queue","n":null}')).toEqual({
      pieces: [14, 22, ',"mood":', ',"n":', 0],
      values: ['"Echo\n', '"\u000c\n', '"\u001a\n', '"\u0001\n'],
    });
    // Names in the middle of a text, of an object in another, behind a list; a name that only begins like one; no object at all.
    expect(said('{"a":{"title":[1,2],"titles":[]}}').pieces).toEqual([
      '{"a":{"title":[',
      ",",
      '],"titles":[]}}',
    ]);
    expect(said("{}").pieces).toEqual(["{}"]);
  });

  it("with a name for every field of a play and a source, of which none is another's", () => {
    const fields = [
      ...Object.keys(PLAY),
      ...Object.keys(SOURCE).filter((name) => name !== "from" && name !== "to"),
      ...Object.keys(SOURCE.from),
    ];
    expect([...COLUMN_NAMES].toSorted()).toEqual([...new Set(fields)].toSorted());
    expect(new Set(COLUMN_VALUES.filter(Boolean)).size).toBe(30);
    expect(COLUMN_VALUES).toHaveLength(32);
    expect(COLUMN_VALUES[10]).toBeUndefined();
  });

  it("in the same room each time, whatever was in it before", () => {
    const encoder = new ColumnsEncoder();
    const small = many((i) => event(`{"a":${i}}`));
    const first = Uint8Array.from(encoder.encode(HEADER, small)!);
    encoder.encode(
      HEADER,
      many((i) => event(`{"text":"${"x".repeat(5_000 + i)}"}`)),
    );
    expect(Uint8Array.from(encoder.encode(HEADER, small)!)).toEqual(first);
  });
});

const read = (numberIn: typeof wholeIn, text: string) =>
  numberIn(new TextEncoder().encode(`:${text},`), 1, 1 + text.length);

describe("a value is a number for columns", () => {
  it.each([
    ["0", 0],
    ["-1", -1],
    ["200500", 200_500],
    ["-999999999999999", -999_999_999_999_999],
    ["-0", undefined],
    ["01", undefined],
    ["-", undefined],
    ["1.0", undefined],
    ["1e3", undefined],
    ["1000000000000000", undefined],
    ["null", undefined],
  ])("%s, when JSON.stringify writes it so", (text, value) => {
    expect(read(wholeIn, text)).toBe(value ?? Number.NaN);
  });

  it("an instant of any day there is, as toISOString writes it, and no other", () => {
    for (const year of [0, 1, 1600, 1899, 1900, 1999, 2000, 2023, 2024, 2100, 9999]) {
      for (let month = 0; month <= 13; month++) {
        for (let day = 0; day <= 32; day++) {
          const two = (number: number) => String(number).padStart(2, "0");
          const text = `${String(year).padStart(4, "0")}-${two(month)}-${two(day)}T23:59:58.007Z`;
          const date = new Date(text);
          const isDate = !Number.isNaN(date.getTime()) && date.toISOString() === text;
          expect(read(instantIn, `"${text}"`), text).toBe(isDate ? date.getTime() : Number.NaN);
        }
      }
    }
    for (const text of [
      "2026-11-24T24:00:00.000Z",
      "2026-11-24T12:60:00.000Z",
      "2026-11-24T12:00:60.000Z",
      "2026-11-24 12:00:00.000Z",
    ]) {
      expect(read(instantIn, `"${text}"`)).toBeNaN();
    }
  });
});
