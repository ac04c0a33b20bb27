import type { PlayEvent } from "@tonearm/sdk";

/** A row that told of a play. */
export interface PlayRow {
  readonly kind: "play";
  /** Counted from 1: the line a row begins on in CSV and JSON lines, the position in a JSON array. */
  readonly line: number;
  readonly play: PlayEvent;
}

/** A row that is no play, with the reason. It is handed over like any other, so that nobody loses it by accident. */
export interface RefusedRow {
  readonly kind: "refused";
  readonly line: number;
  readonly column: string;
  /** What stood there and what was expected. */
  readonly reason: string;
}

export type HistoryRow = PlayRow | RefusedRow;

/** What somebody listened to, as an export tells it. */
export interface History {
  readonly path: string;
  /** The format that its columns were recognised as, such as `spotify-account`. */
  readonly format: string;
  /**
   * Every row, oldest first, in the order of the file otherwise. May be called again for another pass.
   * @throws HistoryError while iterating, when the file cannot be read as CSV or JSON from some row on.
   */
  rows(): AsyncIterable<HistoryRow>;
}

/** A file that cannot be read as a history. The message names the file, what was found and what was expected. */
export class HistoryError extends Error {
  override readonly name = "HistoryError";

  constructor(message: string, cause?: unknown) {
    super(message, cause === undefined ? undefined : { cause });
  }
}

/** One line for a log: where the refused row is, and why it was refused. */
export function describeRefusal(path: string, row: RefusedRow): string {
  return `${path}: row ${row.line}, column ${row.column} ${row.reason}`;
}
