import type { HistoryRow, RefusedRow } from "./history.ts";

/** What a row holds by column: text in CSV, any value in JSON. */
export type Fields = Readonly<Record<string, unknown>>;

/** A row as it stands in the file. */
export interface RawRow {
  readonly kind: "raw";
  readonly line: number;
  readonly fields: Fields;
}

/** Rows of a file, before anybody knows what its columns mean. */
export interface Table {
  readonly columns: readonly string[];
  /** May be called again for another pass. */
  rows(): AsyncIterable<RawRow | RefusedRow>;
}

/** What one kind of export looks like, and what its columns mean. */
export interface Format {
  readonly name: string;
  /** A file is of this format when it has all columns of one of these sets; it may have more. */
  readonly columns: readonly (readonly string[])[];
  /** The moment that rows are ordered by, in ms since 1970. @throws Refusal when the row does not tell it. */
  momentMs(fields: Fields): number;
  /** Plays made from rows that are ordered, oldest first. */
  read(rows: AsyncIterable<RawRow | RefusedRow>): AsyncIterable<HistoryRow>;
}
