import { readRow, textOf } from "./cells.ts";
import type { Fields, Format, RawRow, Table } from "./format.ts";
import type { RefusedRow } from "./history.ts";
import { inferPlayed, type StartRow } from "./infer-played.ts";
import { epochSecondsOf, momentOf, spokenMomentOf } from "./moments.ts";

/**
 * Scrobbles of last.fm, as several tools save them. The moment is the START, and nothing tells the length. A scrobble
 * is written only when half of the item, or four minutes, were played, so skips are missing.
 */
export const lastfm: Format = {
  name: "lastfm",
  columns: [
    ["ts", "track", "artist", "album"],
    ["uts", "track", "artist", "album"],
    ["utc_time", "track", "artist", "album"],
  ],
  momentMs: startedMsOf,
  read: (rows) => inferPlayed(starts(rows)),
};

async function* starts(rows: ReturnType<Table["rows"]>): AsyncGenerator<StartRow | RefusedRow> {
  for await (const row of rows) yield row.kind === "raw" ? startOf(row) : row;
}

function startOf(row: RawRow): StartRow | RefusedRow {
  return readRow(row, (fields) => ({
    kind: "start",
    line: row.line,
    startedMs: startedMsOf(fields),
    playedMs: undefined,
    durationMs: undefined,
    rest: {
      content_type: "track",
      title: textOf(fields, "track"),
      artist: textOf(fields, "artist"),
      album: textOf(fields, "album"),
      reason_basis: "inferred",
    },
  }));
}

/** Tools name and write the moment in their own way; the most exact one is taken. */
function startedMsOf(fields: Fields): number {
  if ("uts" in fields) return epochSecondsOf(fields, "uts");
  return "ts" in fields ? momentOf(fields, "ts") : spokenMomentOf(fields, "utc_time");
}
