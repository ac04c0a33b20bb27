import { type CsvRecord, readCsv } from "./csv.ts";
import type { RawRow, Table } from "./format.ts";
import { HistoryError, type RefusedRow } from "./history.ts";
import { readText } from "./read-text.ts";

/** A CSV file whose first row names the columns; read piece by piece, however long it is. @throws HistoryError */
export async function openCsv(path: string): Promise<Table> {
  for await (const { cells } of readCsv(path, readText(path))) {
    const columns = cells.map((cell) => cell.trim());
    return { columns, rows: () => csvRows(path, columns) };
  }
  throw new HistoryError(`${path} is empty, expected a listening history`);
}

async function* csvRows(path: string, columns: readonly string[]): AsyncGenerator<RawRow | RefusedRow> {
  let isHeader = true;
  for await (const record of readCsv(path, readText(path))) {
    if (!isHeader) yield rowOf(record, columns);
    isHeader = false;
  }
}

/** A row with too few or too many cells has one that belongs nowhere: reading it by position would be a guess. */
function rowOf({ line, cells }: CsvRecord, columns: readonly string[]): RawRow | RefusedRow {
  if (cells.length === columns.length) {
    return { kind: "raw", line, fields: Object.fromEntries(columns.map((name, at) => [name, cells[at]])) };
  }
  const column = columns[cells.length] ?? `${columns.length + 1} (beyond the last)`;
  const reason = `makes the row uneven: it has ${cells.length} cells, expected ${columns.length}`;
  return { kind: "refused", line, column, reason };
}
