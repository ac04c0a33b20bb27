import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { readCsv } from "./csv.ts";

async function* inPieces(text: string, length: number): AsyncGenerator<string> {
  for (let at = 0; at < text.length; at += length) yield text.slice(at, at + length);
}

async function read(text: string, length = 7) {
  const records = [];
  for await (const record of readCsv("file.csv", inPieces(text, length))) records.push(record);
  return records;
}

describe("readCsv", () => {
  it("keeps commas, quotes and line ends that stand in quotes, and counts the lines", async () => {
    expect(await read('a,"b,c","d ""e"" f"\n"two\nlines",x\r\nlast,')).toEqual([
      { line: 1, cells: ["a", "b,c", 'd "e" f'] },
      { line: 2, cells: ["two\nlines", "x"] },
      { line: 4, cells: ["last", ""] },
    ]);
  });

  it("passes over lines of nothing, but not over an empty cell in quotes", async () => {
    expect(await read('a\n\n\r\n""\nb\n')).toEqual([
      { line: 1, cells: ["a"] },
      { line: 4, cells: [""] },
      { line: 5, cells: ["b"] },
    ]);
  });

  it.each([
    ["a quote that is never closed", 'a\nb,"never', "line 2 has a quoted cell that is never closed"],
    ["a quote in the middle", 'a\nb "c"', "line 2 has a quote inside a cell that does not begin with one"],
    ["text after a quote", 'a\n\n"b"c', "line 3 has text after a closing quote"],
    ["a record without end", `"${"x".repeat(1_100_000)}`, "line 1 is longer than 1,048,576 characters"],
  ])("refuses %s, with the row at fault", async (_, text, fault) => {
    await expect(read(text, 65_536)).rejects.toThrow(`file.csv is not well-formed CSV: the row at ${fault}`);
  });

  it("gives back what RFC 4180 writers write, however the text is cut", async () => {
    const cell = fc.string({ unit: fc.constantFrom("a", ",", '"', "\n", "\r\n", "é", "🌙", " ") });
    const table = fc.array(fc.array(cell, { minLength: 1, maxLength: 4 }), { minLength: 1, maxLength: 5 });
    await fc.assert(
      fc.asyncProperty(table, fc.integer({ min: 1, max: 9 }), async (rows, length) => {
        const text = rows
          .map((row) => row.map((each) => `"${each.replaceAll('"', '""')}"`).join(","))
          .join("\n");
        expect((await read(text, length)).map(({ cells }) => cells)).toEqual(rows);
      }),
    );
  });
});
