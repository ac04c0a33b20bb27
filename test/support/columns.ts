/**
 * Reads a batch by columns as `docs/protocol.md` describes it, slowly, and with nothing of the SDK's or the relay's: msgpack
 * is taken apart by another library, and what both ends know already is read from that page.
 */
import { readFileSync } from "node:fs";
import { decode } from "@msgpack/msgpack";

/** Type, time_ms, mono_ms, offset_ms and data of each event; null for a number that was given up. */
export interface ColumnsBatch {
  readonly device: string;
  readonly epoch: string;
  readonly first_seq: number;
  readonly events: readonly (readonly [string, number, number, number | null, string] | null)[];
}

type Column = string | Uint8Array;
type Piece = string | number;
type Encoded = [number, string, string, number, number[] | number, [string, ...Piece[]][], Column[]];

const page = readFileSync(new URL("../../docs/protocol.md", import.meta.url), "utf8");
/** The words of the block that stands behind a heading. */
const wordsBehind = (heading: string): string[] =>
  page.split(heading)[1]!.split("```")[1]!.replace(/^text/, "").trim().split(/\s+/);
const NAMES = wordsBehind("**Names**");
/** By the code of their characters: LF would be the tenth. */
const VALUES = ["", ...wordsBehind("**Values**").map((word, i) => (i < 3 ? word : JSON.stringify(word)))];
VALUES.splice(10, 0, "");

export function readColumns(body: Uint8Array): ColumnsBatch {
  const [, device, epoch, first_seq, given, shapes, columns] = decode(body) as Encoded;
  const order = typeof given === "number" ? Array<number>(given).fill(1) : given;
  let from = 0;
  const rows = shapes.map(([type, ...pieces], i) => {
    const own = columns.slice(from, from + 2 + pieces.length);
    from += own.length;
    return rowsOf(own, order.filter((number) => number === i + 1).length).map(
      ([timeMs, monoMs, offsetMs, ...values]) => {
        const data = pieces.map((piece, at) => textOf(piece, at) + (values[at] ?? "")).join("");
        return [type, Number(timeMs), Number(monoMs), JSON.parse(offsetMs!) as number | null, data] as const;
      },
    );
  });
  return { device, epoch, first_seq, events: order.map((shape) => rows[shape - 1]?.shift() ?? null) };
}

/** What a number says in the place of a piece. */
function textOf(piece: Piece, at: number): string {
  if (typeof piece === "string") return piece;
  return piece === 0 ? "}" : `${at === 0 ? "{" : ","}"${NAMES[piece - 1]}":`;
}

/** The values of each event of a shape, as JSON. */
function rowsOf(columns: readonly Column[], count: number): string[][] {
  const numbers = columns.map(() => [] as number[]);
  const read = columns.map(readerOf);
  return Array.from({ length: count }, (_, row) =>
    columns.map((column, at) => {
      if (typeof column === "string") return read[at]!() as string;
      const [form = 0, same = 0, also = 0, before = 0] = column;
      const told =
        (numbers[same - 1]?.[row] ?? 0) +
        (numbers[also - 1]?.[row] ?? 0) +
        (row > 0 ? (numbers[before - 1]?.[row - 1] ?? 0) : 0);
      const said = read[at]!() as bigint;
      const hasNull = (form & 2) > 0;
      const isNull = hasNull && said === 0n;
      const zigzag = hasNull ? said - 1n : said;
      const value = isNull ? 0 : told + Number((zigzag >> 1n) ^ -(zigzag & 1n));
      numbers[at]!.push(value);
      return JSON.stringify(isNull ? null : form % 2 === 0 ? value : new Date(value));
    }),
  );
}

/** Gives a column's lines, or what its numbers leave to be said, one after the other. */
function readerOf(column: Column): () => string | bigint {
  if (typeof column !== "string") {
    let at = 4;
    return () => {
      let number = 0n;
      for (let shift = 0n; ; shift += 7n) {
        const byte = BigInt(column[at++] ?? 0);
        number |= (byte & 0x7fn) << shift;
        if (byte < 0x80n) return number;
      }
    };
  }
  const quote = column.startsWith('"') ? '"' : "";
  const lines = column.slice(1).split("\n");
  let last = "";
  return () => {
    const line = lines.shift();
    if (line) last = line.length === 1 && line < " " ? VALUES[line.charCodeAt(0)]! : quote + line + quote;
    return last;
  };
}
