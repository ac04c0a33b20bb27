import type { PlayEvent } from "@tonearm/sdk";
import { flagOf, readPlay, requiredCountOf, textOf } from "./cells.ts";
import type { Fields, Format } from "./format.ts";
import { instantOf, momentOf, startBefore } from "./moments.ts";
import { reasonEndOf, reasonStartOf } from "./reasons.ts";

/**
 * The extended history that Spotify hands out after some weeks: `Streaming_History_Audio_….json` and its like, or a CSV
 * made of it. `ts` is UTC, and the END. Columns that tell of the person (user name, addresses, country, private
 * sessions) are never read.
 *
 * The export's own `skipped` is left out. It contradicts its own `reason_end` in one row of twelve (`fwdbtn` that is not
 * skipped, `endplay` that is), and in the stream `skipped` says nothing else than that the reason is a skip.
 */
export const spotifyExtended: Format = {
  name: "spotify-extended",
  columns: [["ts", "ms_played", "master_metadata_track_name", "reason_start", "reason_end"]],
  momentMs: (fields) => momentOf(fields, "ts"),
  async *read(rows) {
    for await (const row of rows) yield row.kind === "raw" ? readPlay(row, playOf) : row;
  },
};

function playOf(fields: Fields): PlayEvent {
  const endedMs = momentOf(fields, "ts");
  const playedMs = requiredCountOf(fields, "ms_played", "milliseconds");
  const shuffle = flagOf(fields, "shuffle");
  const offline = flagOf(fields, "offline");
  return {
    started_at: instantOf(startBefore(endedMs, playedMs, "ms_played")),
    ended_at: instantOf(endedMs),
    ms_played: playedMs,
    ...itemOf(fields),
    service: "spotify",
    reason_start: reasonStartOf(textOf(fields, "reason_start")),
    reason_end: reasonEndOf(textOf(fields, "reason_end")),
    reason_basis: "reported",
    ...(shuffle !== undefined && { shuffle }),
    ...(offline !== undefined && { offline }),
  };
}

/** A track, an episode or a chapter: its URI says which. */
function itemOf(fields: Fields): Partial<PlayEvent> {
  const episodeUri = textOf(fields, "spotify_episode_uri");
  if (episodeUri) {
    return {
      content_type: "episode",
      item_uri: episodeUri,
      title: textOf(fields, "episode_name"),
      container_type: "show",
      container_name: textOf(fields, "episode_show_name"),
    };
  }
  const chapterUri = textOf(fields, "audiobook_chapter_uri");
  if (chapterUri) {
    return {
      content_type: "audiobook_chapter",
      item_uri: chapterUri,
      title: textOf(fields, "audiobook_chapter_title"),
      container_type: "audiobook",
      container_id: textOf(fields, "audiobook_uri"),
      container_name: textOf(fields, "audiobook_title"),
    };
  }
  const trackUri = textOf(fields, "spotify_track_uri");
  return {
    content_type: trackUri ? "track" : "unknown",
    item_uri: trackUri,
    title: textOf(fields, "master_metadata_track_name"),
    artist: textOf(fields, "master_metadata_album_artist_name"),
    album: textOf(fields, "master_metadata_album_album_name"),
  };
}
