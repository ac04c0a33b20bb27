import { encode } from "@msgpack/msgpack";
import { COLUMN_NAMES, COLUMNS_MAX } from "@tonearm/sdk/wire";
import { describe, expect, it } from "vitest";
import { linesOf } from "../testing/batches.ts";
import { NOW, refusalOf } from "../testing/spellings.ts";
import { decodeColumnsBatch } from "./columns-batch.ts";

/** A batch of `count` events of one shape; `columns` are time_ms, mono_ms, offset_ms and the values. */
const made = (
  columns: readonly unknown[],
  { count = 1, shapes = [["t", '{"n":', "}"]] as unknown[], order = Array(count).fill(1) as unknown } = {},
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
    expect(batchOf(bin(2, 0, 0, 0, 4))).toContain('"n":-2}');
    expect(batchOf(bin(2, 0, 0, 0, 0))).toContain('"n":null}');
    expect(batchOf(bin(3, 0, 0, 0, 1))).toContain('"n":"1970-01-01T00:00:00.000Z"}');
  });

  const linesWith = (
    columns: readonly unknown[],
    more: { count?: number; shapes?: unknown[]; order?: unknown },
  ) =>
    linesOf(decodeColumnsBatch(made(columns, more), NOW)).map((line) =>
      line.replace(/^.*?"n/, '{"n').trimEnd(),
    );

  it("goes on where a column ends: as the value before, or as nothing that is left to say", () => {
    const columns = [...TIMES, ":1\n2\n", bin(0, 0, 0, 5, 6)];
    const shapes = [["t", '{"n":', ',"m":', "}"]];
    expect(linesWith(columns, { order: 3, shapes })).toEqual([
      '{"n":1,"m":3}',
      '{"n":2,"m":3}',
      '{"n":2,"m":3}',
    ]);
  });

  it("may say a known name in a number, and a known value in a character", () => {
    const number = 1 + COLUMN_NAMES.indexOf("title");
    const columns = [...TIMES, ":1\n", '"a\n\u0001\n\n\u000c\nb\n'];
    const shapes = [["t", '{"n":', number, 0]];
    expect(linesWith(columns, { order: 5, shapes })).toEqual(
      ['"a"', "null", "null", '"trackdone"', '"b"'].map((title) => `{"n":1,"title":${title}}`),
    );
    const first = linesOf(decodeColumnsBatch(made([...TIMES, ":1\n"], { shapes: [["t", number, 0]] }), NOW));
    expect(first.join("")).toContain(',"title":1}');
  });

  it("tells nothing from null, and from null as from 0", () => {
    const columns = [
      ...TIMES,
      bin(2, 0, 0, 0, 11, 0, 21),
      bin(2, 4, 0, 0, 3, 3, 0),
      bin(0, 0, 0, 5, 2, 2, 2),
    ];
    const shapes = [["t", '{"n":', ',"m":', ',"o":', "}"]];
    expect(linesWith(columns, { order: 3, shapes })).toEqual([
      '{"n":5,"m":6,"o":1}',
      '{"n":null,"m":1,"o":7}',
      '{"n":10,"m":null,"o":2}',
    ]);
  });

  it.each([
    ["no array", Buffer.from(encode({ v: 1 })), "malformed_body"],
    ["an array that is too short", Buffer.from(encode([1, "d1", "e1", 7])), "malformed_body"],
    ["another version", Buffer.from(encode([2, "d1", "e1", 7, [1], [], []])), "unsupported_version"],
    ["no events", made([], { order: [], shapes: [] }), "invalid_batch"],
    ["bytes behind the end", Buffer.concat([made([...TIMES, ":1\n"]), Buffer.of(0)]), "malformed_body"],
    ["a shape that is not there", made([...TIMES, ":1\n"], { order: [2] }), "malformed_body"],
    ["half an event", made([...TIMES, ":1\n"], { order: 1.5 }), "malformed_body"],
    ["no number of events", made([...TIMES, ":1\n"], { order: null }), "malformed_body"],
    ["text for an order", made([...TIMES, ":1\n"], { order: "1" }), "malformed_body"],
    ["fewer events than none", made([...TIMES, ":1\n"], { order: -1 }), "invalid_batch"],
    ["more events than may be, in a number", made([...TIMES, ":1\n"], { order: 10_001 }), "invalid_batch"],
    ["a number of events, and no shape", made([], { order: 1, shapes: [] }), "malformed_body"],
    ["half a shape", made([...TIMES, ":1\n"], { order: [0.5] }), "malformed_body"],
    ["a shape without text", made(TIMES, { shapes: [["t"]] }), "malformed_body"],
    ["a column too few", made(TIMES), "malformed_body"],
    ["a column too many", made([...TIMES, ":1\n", ":1\n"]), "malformed_body"],
    [
      "a name that nobody knows",
      made([...TIMES, ":1\n"], { shapes: [["t", 1 + COLUMN_NAMES.length, 0]] }),
      "malformed_body",
    ],
    ["a name of less than none", made([...TIMES, ":1\n"], { shapes: [["t", -1, 0]] }), "malformed_body"],
    ["a name in two bytes", made([...TIMES, ":1\n"], { shapes: [["t", 200, 0]] }), "malformed_body"],
    ["names where an object begins", made([...TIMES, ":1\n"], { shapes: [["t", 0, 0]] }), "invalid_event"],
    ["a character that stands for nothing", made([...TIMES, ":\u0000\n"]), "malformed_body"],
    ["a control character in a text", made([...TIMES, '"a\u0001\n']), "invalid_event"],
    ["a known value for a time", made([":\u0002\n", ":6\n", ":null\n", ":1\n"]), "invalid_event"],
    ["null for a time", made([bin(2, 0, 0, 0, 0), ":6\n", ":null\n", ":1\n"]), "invalid_event"],
    ["a value too many", made([...TIMES, ":1\n2\n"]), "malformed_body"],
    ["a line without an end", made([...TIMES, ":1"]), "malformed_body"],
    ["an empty line before all others", made([...TIMES, ":\n"]), "malformed_body"],
    ["text of an unknown kind", made([...TIMES, "1\n"]), "malformed_body"],
    ["no text at all", made([...TIMES, ""]), "malformed_body"],
    ["numbers of an unknown form", made([...TIMES, bin(4, 0, 0, 0, 1)]), "malformed_body"],
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
