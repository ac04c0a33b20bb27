import type { PlayEvent } from "@tonearm/sdk";
import { readPlay, requiredCountOf, textOf } from "./cells.ts";
import type { Fields, Format } from "./format.ts";
import { instantOf, momentOf, startBefore } from "./moments.ts";

/**
 * The account data that Spotify hands out within days: `StreamingHistory0.json` and its like, or a CSV made of it.
 * `endTime` is UTC to the minute, and the END; the start is as long before it as `msPlayed` says. With whole minutes
 * about half of all plays seem to overlap, which is kept as it is.
 */
export const spotifyAccount: Format = {
  name: "spotify-account",
  columns: [["endTime", "artistName", "trackName", "msPlayed"]],
  momentMs: (fields) => momentOf(fields, "endTime"),
  async *read(rows) {
    for await (const row of rows) yield row.kind === "raw" ? readPlay(row, playOf) : row;
  },
};

function playOf(fields: Fields): PlayEvent {
  const endedMs = momentOf(fields, "endTime");
  const playedMs = requiredCountOf(fields, "msPlayed", "milliseconds");
  return {
    started_at: instantOf(startBefore(endedMs, playedMs, "msPlayed")),
    ended_at: instantOf(endedMs),
    ms_played: playedMs,
    // Music and podcasts stand in the same columns here: nothing tells them apart.
    content_type: "unknown",
    title: textOf(fields, "trackName"),
    artist: textOf(fields, "artistName"),
    service: "spotify",
    reason_basis: "inferred",
  };
}
