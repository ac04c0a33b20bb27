import { readRow } from "./cells.ts";
import { openCsv } from "./csv-table.ts";
import type { Format, RawRow, Table } from "./format.ts";
import { type History, HistoryError, type RefusedRow } from "./history.ts";
import { checkFitsWhole, openJson } from "./json-table.ts";
import { lastfm } from "./lastfm.ts";
import { listenbrainz } from "./listenbrainz.ts";
import { readText } from "./read-text.ts";
import { spotifyAccount } from "./spotify-account.ts";
import { spotifyExtended } from "./spotify-extended.ts";

const FORMATS: readonly Format[] = [spotifyExtended, spotifyAccount, lastfm, listenbrainz];

/** Rows by which the order of a file is told. */
const ROWS_FOR_ORDER = 100;

/** Most names of columns in a message. */
const COLUMNS_SHOWN = 30;

/**
 * Opens an export of somebody's listening history, recognised by its columns, whatever the file is called. CSV and JSON
 * lines are read piece by piece. A JSON array, and any file with its newest row first, is read whole, up to 256 MiB.
 * @throws HistoryError when the file cannot be read, is too large, or is of no known format.
 */
export async function openHistory(path: string): Promise<History> {
  const first = await firstCharacter(path);
  const table = first === "[" || first === "{" ? await openJson(path, first) : await openCsv(path);
  const format = FORMATS.find(({ columns }) =>
    columns.some((set) => set.every((name) => table.columns.includes(name))),
  );
  if (!format) throw new HistoryError(`${path} is of no known format: ${describeColumns(table.columns)}`);
  const isNewestFirst = await isDescending(table, format);
  if (isNewestFirst) await checkFitsWhole(path, "a history with its newest row first");
  return {
    path,
    format: format.name,
    rows: () => format.read(isNewestFirst ? backwards(table.rows()) : table.rows()),
  };
}

function describeColumns(columns: readonly string[]): string {
  const more = columns.length > COLUMNS_SHOWN ? ` and ${columns.length - COLUMNS_SHOWN} more` : "";
  const expected = FORMATS.flatMap(({ name, columns: sets }) =>
    sets.map((set) => `${name} (${set.join(", ")})`),
  );
  const found = columns.slice(0, COLUMNS_SHOWN).join(", ") || "none";
  return `its columns are ${found}${more}; expected those of ${expected.join(" or ")}`;
}

async function firstCharacter(path: string): Promise<string> {
  for await (const text of readText(path)) {
    const first = text.trimStart()[0];
    if (first !== undefined) return first;
  }
  throw new HistoryError(`${path} is empty, expected a listening history`);
}

/** Several tools save the newest row first. What a play lasted is told by the one after it, so order matters. */
async function isDescending(table: Table, format: Format): Promise<boolean> {
  let balance = 0;
  let count = 0;
  let previousMs: number | undefined;
  for await (const row of table.rows()) {
    const momentMs = row.kind === "raw" ? readRow(row, (fields) => format.momentMs(fields)) : undefined;
    if (typeof momentMs === "number") {
      if (previousMs !== undefined) balance += Math.sign(momentMs - previousMs);
      previousMs = momentMs;
    }
    if (++count === ROWS_FOR_ORDER) break;
  }
  return balance < 0;
}

async function* backwards(rows: AsyncIterable<RawRow | RefusedRow>): AsyncGenerator<RawRow | RefusedRow> {
  const whole: (RawRow | RefusedRow)[] = [];
  for await (const row of rows) whole.push(row);
  yield* whole.toReversed();
}
