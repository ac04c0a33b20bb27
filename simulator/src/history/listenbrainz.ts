import { countOf, isFields, readRow, textOf } from "./cells.ts";
import type { Fields, Format, RawRow, Table } from "./format.ts";
import type { RefusedRow } from "./history.ts";
import { inferPlayed, type StartRow } from "./infer-played.ts";
import { epochSecondsOf } from "./moments.ts";

/**
 * Listens of ListenBrainz: its export, an answer of its API, or what a player submits. `listened_at` is the START, in
 * seconds. Players may tell how long the item is, and how much of it was played; most tell neither.
 */
export const listenbrainz: Format = {
  name: "listenbrainz",
  columns: [["listened_at", "track_metadata"]],
  momentMs: (fields) => epochSecondsOf(fields, "listened_at"),
  read: (rows) => inferPlayed(starts(rows)),
};

async function* starts(rows: ReturnType<Table["rows"]>): AsyncGenerator<StartRow | RefusedRow> {
  for await (const row of rows) yield row.kind === "raw" ? startOf(row) : row;
}

function startOf(row: RawRow): StartRow | RefusedRow {
  return readRow(row, (fields) => {
    const track = objectIn(fields, "track_metadata");
    const more = objectIn(track, "additional_info");
    const durationMs = countOf(more, "duration_ms") ?? secondsOf(more, "duration");
    return {
      kind: "start",
      line: row.line,
      startedMs: epochSecondsOf(fields, "listened_at"),
      playedMs: secondsOf(more, "duration_played"),
      durationMs,
      rest: {
        ...(durationMs !== undefined && { duration_ms: durationMs }),
        content_type: "track",
        item_uri: textOf(more, "spotify_id"),
        title: textOf(track, "track_name"),
        artist: textOf(track, "artist_name"),
        album: textOf(track, "release_name"),
        service: textOf(more, "music_service", 64) ?? textOf(more, "music_service_name", 64),
        reason_basis: "inferred",
      },
    };
  });
}

function secondsOf(fields: Fields, column: string): number | undefined {
  const seconds = countOf(fields, column);
  return seconds === undefined ? undefined : seconds * 1_000;
}

/** An object inside a row; an empty one when there is none, so that whatever it would tell is not known. */
function objectIn(fields: Fields, column: string): Fields {
  const value = fields[column];
  return isFields(value) ? value : {};
}
