import { decode, encode } from "@msgpack/msgpack";
import { COLUMNS_MAX, ColumnsEncoder, encodeMsgpackBatch, msgpackCodec } from "@tonearm/sdk/wire";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { linesOf } from "../testing/batches.ts";
import { NOW, refusalOf } from "../testing/spellings.ts";
import { decodeColumnsBatch } from "./columns-batch.ts";
import { decodeMsgpackBatch } from "./msgpack-batch.ts";

const HEADER = { device: "d1", epoch: "e1", firstSeq: 7 };

interface Told {
  readonly type: string;
  readonly timeMs: number;
  readonly monoMs: number;
  readonly offsetMs: number | null;
  readonly json: string;
}

const encoded = (events: readonly (Told | null)[]) =>
  events.map((event) => (event ? Uint8Array.from(msgpackCodec.encodeEvent(event)) : new Uint8Array(0)));

/** What is of interest in JSON: whole numbers and instants, what only looks like them, and everything else. */
const scalar = fc.oneof(
  fc.maxSafeInteger(),
  fc.integer({ min: -200, max: 200 }),
  fc.constantFrom(0, -0, 1e15, -1e15, 999_999_999_999_999, 1e21, 1e-7, 0.5),
  fc.date({ noInvalidDate: true }).map((date) => date.toISOString()),
  fc.constantFrom("2026-02-29T00:00:00.000Z", "2026-01-01T24:00:00.000Z", "", "\n", '"', "\u2028é"),
  fc.string({ unit: "binary" }),
  fc.boolean(),
  fc.constant(null),
);
/** One kind of value for all events of a place, or anything. */
const kinds = fc.constantFrom(
  fc.integer({ min: -1e15, max: 1e15 }),
  fc.date({ noInvalidDate: true, min: new Date(0) }).map((date) => date.toISOString()),
  fc.constantFrom("a", "b", "é"),
  fc.oneof({ arbitrary: fc.constant("again"), weight: 9 }, scalar),
  scalar,
  fc.tuple(scalar, fc.record({ deeper: scalar })),
);
const ms = fc.oneof(fc.nat(), fc.integer({ min: 0, max: 1e15 }));
const names = ["a", 'b":', "é,{", ""];

const places = fc.array(kinds, { maxLength: 4 });

/** An event of a type, whose data has a value of its kind in each place. */
const eventOf = (type: string, each: readonly fc.Arbitrary<unknown>[]) =>
  fc.record({
    type: fc.constant(type),
    timeMs: ms,
    monoMs: ms,
    offsetMs: fc.option(fc.integer()),
    json: fc
      .tuple(...each)
      .map((values) => JSON.stringify(Object.fromEntries(values.map((value, i) => [names[i], value])))),
  });
const batch = fc
  .tuple(places, places, fc.boolean(), fc.boolean())
  .chain(([ours, others, mixes, hasHoles]) =>
    fc.array(
      fc.oneof(
        { arbitrary: eventOf("play", ours), weight: 20 },
        { arbitrary: eventOf("a.b-c_d", others), weight: mixes ? 10 : 0 },
        { arbitrary: fc.constant(null), weight: hasHoles ? 1 : 0 },
      ),
      { minLength: 10, maxLength: 60, size: "max" },
    ),
  );

describe("a batch by columns", () => {
  it("becomes byte for byte the records that it becomes in msgpack, whatever the events hold", () => {
    const encoder = new ColumnsEncoder();
    let byColumns = 0;
    fc.assert(
      fc.property(batch, (events) => {
        const given = encoded(events.slice(events.findIndex(Boolean), 1 + events.findLastIndex(Boolean)));
        const columns = encoder.encode(HEADER, given);
        if (!columns) return;
        byColumns++;
        const { records, ...header } = decodeColumnsBatch(Buffer.from(columns), NOW);
        const expected = decodeMsgpackBatch(Buffer.from(encodeMsgpackBatch(HEADER, given)), NOW);
        expect(header).toEqual(HEADER);
        expect(Buffer.from(records.bytes).toString()).toBe(Buffer.from(expected.records.bytes).toString());
        expect(records.ends).toEqual(expected.records.ends);
      }),
      { numRuns: 1_000, seed: 1 },
    );
    expect(byColumns).toBeGreaterThan(100);
  }, 60_000);

  it("tells whole numbers and instants from each other, and the rest stands once where it is the same", () => {
    const events = Array.from({ length: 20 }, (_, i): Told => {
      const startedMs = Date.UTC(2026, 10, 24) + i * 200_000;
      const at = (atMs: number) => new Date(atMs).toISOString();
      const data = {
        artist: "Calkello",
        ms_played: 200_000,
        started_at: at(startedMs),
        ended_at: at(startedMs + 200_000),
      };
      return {
        type: "play",
        timeMs: startedMs + 200_000,
        monoMs: i,
        offsetMs: null,
        json: JSON.stringify(data),
      };
    });
    const [, , , , order, shapes, columns] = decode(
      new ColumnsEncoder().encode(HEADER, encoded(events))!,
    ) as unknown[];
    expect(order).toEqual(events.map(() => 1));
    expect(shapes).toEqual([["play", '{"artist":', ',"ms_played":', ',"started_at":', ',"ended_at":', "}"]]);
    expect((columns as (string | Uint8Array)[]).slice(2, 4)).toEqual([
      `:null${"\n".repeat(20)}`,
      `"Calkello${"\n".repeat(20)}`,
    ]);
    // ended_at is time_ms, to the millisecond.
    expect((columns as Uint8Array[])[6]).toEqual(Uint8Array.of(1, 1, 0, 0, ...new Uint8Array(20)));
  });
});

/** A batch of `count` events of one shape; `columns` are time_ms, mono_ms, offset_ms and the values. */
const made = (
  columns: readonly unknown[],
  { count = 1, shapes = [["t", '{"n":', "}"]] as unknown[], order = Array(count).fill(1) as unknown[] } = {},
) => Buffer.from(encode([1, "d1", "e1", 7, order, shapes, columns]));
const bin = (...bytes: number[]) => Uint8Array.from(bytes);
const TIMES = [":5\n", ":6\n", ":null\n"];

describe("what a stranger may send as columns", () => {
  it("is taken when it says what it should (control)", () => {
    const batchOf = (column: unknown) => linesOf(decodeColumnsBatch(made([...TIMES, column]), NOW)).join("");
    expect(batchOf(":1.5\n")).toContain('"n":1.5}');
    expect(batchOf('"x\n')).toContain('"n":"x"}');
    expect(batchOf(bin(0, 0, 0, 0, 3))).toContain('"n":-2}');
    expect(batchOf(bin(1, 0, 0, 0, 0))).toContain('"n":"1970-01-01T00:00:00.000Z"}');
  });

  it.each([
    ["no array", Buffer.from(encode({ v: 1 })), "malformed_body"],
    ["an array that is too short", Buffer.from(encode([1, "d1", "e1", 7])), "malformed_body"],
    ["another version", Buffer.from(encode([2, "d1", "e1", 7, [1], [], []])), "unsupported_version"],
    ["no events", made([], { order: [], shapes: [] }), "invalid_batch"],
    ["bytes behind the end", Buffer.concat([made([...TIMES, ":1\n"]), Buffer.of(0)]), "malformed_body"],
    ["a shape that is not there", made([...TIMES, ":1\n"], { order: [2] }), "malformed_body"],
    ["half a shape", made([...TIMES, ":1\n"], { order: [0.5] }), "malformed_body"],
    ["a shape without text", made(TIMES, { shapes: [["t"]] }), "malformed_body"],
    ["a column too few", made(TIMES), "malformed_body"],
    ["a column too many", made([...TIMES, ":1\n", ":1\n"]), "malformed_body"],
    ["a value too few", made([...TIMES, ":1\n"], { count: 2 }), "malformed_body"],
    ["a value too many", made([...TIMES, ":1\n2\n"]), "malformed_body"],
    ["a line without an end", made([...TIMES, ":1"]), "malformed_body"],
    ["an empty line before all others", made([...TIMES, ":\n"]), "malformed_body"],
    ["text of an unknown kind", made([...TIMES, "1\n"]), "malformed_body"],
    ["no text at all", made([...TIMES, ""]), "malformed_body"],
    ["numbers of an unknown form", made([...TIMES, bin(2, 0, 0, 0, 1)]), "malformed_body"],
    ["numbers cut off in their beginning", made([...TIMES, bin(0, 0, 0)]), "malformed_body"],
    ["a number that does not end", made([...TIMES, bin(0, 0, 0, 0, 0x80)]), "malformed_body"],
    [
      "a number of nine bytes",
      made([...TIMES, bin(0, 0, 0, 0, ...Array<number>(8).fill(0x80), 1)]),
      "malformed_body",
    ],
    [
      "a number beyond 2^53",
      made([...TIMES, bin(0, 0, 0, 0, ...Array<number>(7).fill(0xff), 0x7f)]),
      "malformed_body",
    ],
    [
      "an instant beyond the year 9999",
      made([...TIMES, bin(1, 0, 0, 0, ...Array<number>(6).fill(0xff), 0x7f)]),
      "malformed_body",
    ],
    ["a number told from itself", made([...TIMES, bin(0, 4, 0, 0, 1)]), "malformed_body"],
    ["a number told from text", made([...TIMES, bin(0, 1, 0, 0, 1)]), "malformed_body"],
    ["a number told from a column that is not there", made([...TIMES, bin(0, 0, 0, 9, 1)]), "malformed_body"],
    ["numbers given up at the end", made([...TIMES, ":1\n"], { order: [1, 0] }), "invalid_event"],
    ["a time that is no number", made([":x\n", ":6\n", ":null\n", ":1\n"]), "invalid_event"],
    ["a time in quotes", made(['"5\n', ":6\n", ":null\n", ":1\n"]), "invalid_event"],
    ["a time as an instant", made([bin(1, 0, 0, 0, 0), ":6\n", ":null\n", ":1\n"]), "invalid_event"],
    [
      "a type of its own making",
      made([...TIMES, ":1\n"], { shapes: [["$mine", '{"n":', "}"]] }),
      "invalid_event",
    ],
    ["a value that is no JSON", made([...TIMES, ":x\n"]), "invalid_event"],
    [
      "a piece with another object in it",
      made([...TIMES, ":1\n"], { shapes: [["t", '{"n":', "}{}"]] }),
      "invalid_event",
    ],
    ["a name of the relay's", made([...TIMES, ":1\n"], { shapes: [["t", '{"seq":', "}"]] }), "invalid_event"],
    [
      "a line break in a piece",
      made([...TIMES, ":1\n"], { shapes: [["t", '{"n":\n', "}"]] }),
      "invalid_event",
    ],
  ])("is refused with %s", (_, body, code) => {
    expect(refusalOf(() => decodeColumnsBatch(body, NOW)).code).toBe(code);
  });

  it("is refused with more columns than may be, before they are read", () => {
    const pieces = Array<string>(COLUMNS_MAX).fill(",");
    const { message } = refusalOf(() => decodeColumnsBatch(made([], { shapes: [["t", ...pieces]] }), NOW));
    expect(message).toBe(`the batch has more than ${COLUMNS_MAX} columns`);
  });

  it("holds no more data than a compressed body of its size might, however often a text comes again", () => {
    const text = "x".repeat(1_000);
    const times = TIMES.map((column) => column + "\n".repeat(599));
    const body = (count: number) =>
      made(
        [
          ...times.map((column) => column.slice(0, count - 600 || undefined)),
          `"${text}${"\n".repeat(count)}`,
        ],
        { count },
      );
    expect(decodeColumnsBatch(body(500), NOW).records.ends).toHaveLength(500);
    expect(refusalOf(() => decodeColumnsBatch(body(600), NOW)).code).toBe("inflated_too_large");
  });

  it("is refused with an event that is too large", () => {
    const piece = "x".repeat(200_000);
    const shapes = [["t", `{"a":"${piece}","b":"${piece}","n":`, "}"]];
    expect(refusalOf(() => decodeColumnsBatch(made([...TIMES, ":1\n"], { shapes }), NOW))).toMatchObject({
      code: "invalid_event",
      seq: 7,
    });
  });
});
