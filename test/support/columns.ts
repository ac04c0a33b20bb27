/**
 * Reads a batch by columns as `docs/protocol.md` describes it, slowly, and with nothing of the SDK's or the relay's: msgpack
 * is taken apart by another library.
 */
import { decode } from "@msgpack/msgpack";

/** Type, time_ms, mono_ms, offset_ms and data of each event; null for a number that was given up. */
export interface ColumnsBatch {
  readonly device: string;
  readonly epoch: string;
  readonly first_seq: number;
  readonly events: readonly (readonly [string, number, number, number | null, string] | null)[];
}

type Column = string | Uint8Array;
type Encoded = [number, string, string, number, number[], [string, ...string[]][], Column[]];

export function readColumns(body: Uint8Array): ColumnsBatch {
  const [, device, epoch, first_seq, order, shapes, columns] = decode(body) as Encoded;
  let from = 0;
  const rows = shapes.map(([type, ...pieces], i) => {
    const own = columns.slice(from, from + 2 + pieces.length);
    from += own.length;
    return rowsOf(own, order.filter((number) => number === i + 1).length).map(
      ([timeMs, monoMs, offsetMs, ...values]) => {
        const data = pieces.map((piece, at) => piece + (values[at] ?? "")).join("");
        return [type, Number(timeMs), Number(monoMs), JSON.parse(offsetMs!) as number | null, data] as const;
      },
    );
  });
  return { device, epoch, first_seq, events: order.map((shape) => rows[shape - 1]?.shift() ?? null) };
}

/** The values of each event of a shape, as JSON. */
function rowsOf(columns: readonly Column[], count: number): string[][] {
  const numbers = columns.map(() => [] as number[]);
  const read = columns.map(readerOf);
  return Array.from({ length: count }, (_, row) =>
    columns.map((column, at) => {
      if (typeof column === "string") return read[at]!() as string;
      const [form, same = 0, also = 0, before = 0] = column;
      const told =
        (numbers[same - 1]?.[row] ?? 0) +
        (numbers[also - 1]?.[row] ?? 0) +
        (row > 0 ? (numbers[before - 1]?.[row - 1] ?? 0) : 0);
      const value = told + (read[at]!() as number);
      numbers[at]!.push(value);
      return JSON.stringify(form === 0 ? value : new Date(value));
    }),
  );
}

/** Gives a column's lines, or what its numbers leave to be said, one after the other. */
function readerOf(column: Column): () => string | number {
  if (typeof column !== "string") {
    let at = 4;
    return () => {
      let zigzag = 0n;
      for (let shift = 0n; ; shift += 7n) {
        const byte = BigInt(column[at++]!);
        zigzag |= (byte & 0x7fn) << shift;
        if (byte < 0x80n) return Number((zigzag >> 1n) ^ -(zigzag & 1n));
      }
    };
  }
  const quote = column.startsWith('"') ? '"' : "";
  const lines = column.slice(1).split("\n");
  let last = "";
  return () => {
    last = lines.shift() || last;
    return quote + last + quote;
  };
}
