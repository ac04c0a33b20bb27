import type { Item, Sighting } from "../sighting.ts";
import { schemeOf } from "../words-of-items.ts";
import { type Pairs, pairsOf } from "./protocol.ts";

/** What the reader reads the answer to. One list of commands: nothing can change in between. */
export const LOOK = "command_list_begin\nstatus\ncurrentsong\ncommand_list_end";

/** A stream that does not sound yet is looked at again so soon, one that does so often: MPD says nothing when it stalls. */
const SILENT_LOOK_MS = 500;
const STREAM_LOOK_MS = 10_000;

/** The evidence of what comes from MPD's own disk. */
const FILE = "file";

/** What MPD says of itself, read as what it does. */
export interface MpdSight {
  readonly seen: Sighting;
  /** When to look again although nothing is told; undefined where MPD would tell. */
  readonly lookAgainMs: number | undefined;
}

/** What a stream did when last looked at. */
interface Stream {
  readonly key: string;
  readonly elapsedMs: number;
  readonly sounded: boolean;
}

/** Reads the answers to `LOOK`, one after another. */
export class StatusReader {
  #stream: Stream | undefined;
  /** The length of the song that is on, where only the status tells it. */
  #length: { readonly key: string; readonly durationMs: number } | undefined;
  #error: string | undefined;
  #isFirst = true;

  /** @param isUntouched whether MPD has told of no change of its player since the answer before. */
  read(lines: readonly string[], isUntouched = false): MpdSight {
    const songAt = lines.findIndex((line) => line.startsWith("file: "));
    const status = pairsOf(songAt < 0 ? lines : lines.slice(0, songAt));
    const item = this.#item(status, pairsOf(songAt < 0 ? [] : lines.slice(songAt)));
    const failed = this.#hasFailed(status);
    const said = status.get("state");
    const elapsedMs = msOf(status.get("elapsed"));
    const modes = modesOf(status);
    const isFirst = this.#isFirst;
    this.#isFirst = false;
    if (!item || (said !== "play" && said !== "pause")) {
      this.#stream = undefined;
      const because = failed && { because: { end: "trackerror", basis: "inferred" } as const };
      return { seen: { ...modes, state: "stopped", item, ...because }, lookAgainMs: undefined };
    }
    const seen = {
      ...modes,
      state: said === "play" ? "playing" : "paused",
      item,
      positionMs: elapsedMs,
      // Nobody can seek what has no length.
      isUntouched: isUntouched || (item.durationMs === null && item.evidence !== FILE),
    } as const;
    if (item.evidence === FILE || elapsedMs === undefined) return { seen, lookAgainMs: undefined };
    return this.#readStream(seen, item, elapsedMs, isFirst);
  }

  /** A stream that MPD calls playing sounds only when its time passes. */
  #readStream(seen: Sighting, item: Item, elapsedMs: number, isFirst: boolean): MpdSight {
    const before = this.#stream?.key === item.key ? this.#stream : undefined;
    if (seen.state === "paused") {
      this.#stream = { key: item.key, elapsedMs: -1, sounded: before?.sounded ?? elapsedMs > 0 };
      return { seen, lookAgainMs: undefined };
    }
    const sounds = elapsedMs > 0 && (elapsedMs !== before?.elapsedMs || !seen.isUntouched);
    this.#stream = { key: item.key, elapsedMs, sounded: sounds || (before?.sounded ?? false) };
    if (!sounds) return { seen: { ...seen, state: "buffering" }, lookAgainMs: SILENT_LOOK_MS };
    const soundedMs = before?.sounded || isFirst ? 0 : elapsedMs;
    return { seen: { ...seen, soundedMs }, lookAgainMs: STREAM_LOOK_MS };
  }

  #item(status: Pairs, song: Pairs): Item | null {
    const key = status.get("songid");
    if (key === undefined) return null;
    const ofStatusMs = this.#length?.key === key ? this.#length.durationMs : lengthOf(status.get("duration"));
    // Once it sounds, the length is its own; the next song is not decoded ahead yet.
    if (ofStatusMs !== undefined && Number(status.get("elapsed")) > 0)
      this.#length = { key, durationMs: ofStatusMs };
    return itemOf(key, status, song, ofStatusMs);
  }

  /** An error stays in the status until the next play, so only a new one counts. */
  #hasFailed(status: Pairs): boolean {
    const error = status.get("error");
    const isNew = error !== undefined && error !== this.#error;
    this.#error = error;
    return isNew;
  }
}

function modesOf(status: Pairs) {
  const repeats = status.get("repeat") === "1";
  const isSingle = status.get("single") === "1";
  return {
    crossfadeMs: Number(status.get("xfade") ?? 0) * 1_000,
    shuffle: status.get("random") === "1",
    repeat: repeats ? (isSingle ? "one" : "all") : "off",
    mayRepeat: repeats && (isSingle || status.get("playlistlength") === "1"),
  } as const;
}

function itemOf(key: string, status: Pairs, song: Pairs, ofStatusMs: number | undefined): Item | null {
  const file = song.get("file");
  if (file === undefined) return null;
  // A folder may have a colon in its name.
  const scheme = /^([\w+.-]+:\/\/|(alsa|cdda):)/i.test(file) ? schemeOf(file) : null;
  // While it decodes ahead, the status has the length of the next song.
  const durationMs = lengthOf(song.get("duration") ?? song.get("time")) ?? ofStatusMs ?? null;
  const isLineIn = scheme !== null && durationMs === null && ["alsa", "pulse", "cdda"].includes(scheme);
  return {
    key,
    durationMs,
    livestream: isLineIn,
    place: numberOf(status.get("song")),
    nextPlace: numberOf(status.get("nextsong")),
    // Its place may not tell: in consume mode what has been played is taken out.
    nextKey: status.get("nextsongid"),
    words: isLineIn ? wordsOfLineIn(song) : wordsOfTrack(song),
    ...(scheme !== null && !isLineIn && { ifLive: wordsOfStation(song) }),
    evidence: scheme ?? FILE,
  };
}

const wordsOfLineIn = (song: Pairs): Item["words"] => ({
  content_type: "unknown",
  title: song.get("name") ?? null,
  container_name: song.get("name") ?? null,
  source_type: "line_in",
  service: null,
});

/** The title of a stream changes with what the station plays; the play is the station's. */
function wordsOfStation(song: Pairs): Item["words"] {
  const name = song.get("name") ?? null;
  return {
    content_type: "station",
    title: name,
    artist: null,
    album: null,
    container_type: "station",
    container_name: name,
    source_type: "radio",
    service: null,
  };
}

const wordsOfTrack = (song: Pairs): Item["words"] => ({
  content_type: "track",
  title: song.get("title") ?? null,
  artist: song.get("artist") ?? null,
  album: song.get("album") ?? null,
  source_type: "queue",
  service: null,
});

const numberOf = (text: string | undefined): number | undefined =>
  text !== undefined && /^\d+(\.\d+)?$/.test(text) ? Number(text) : undefined;

/** A length of 0 is none: some streams have it. */
const lengthOf = (seconds: string | undefined): number | undefined => msOf(seconds) || undefined;

function msOf(seconds: string | undefined): number | undefined {
  const number = numberOf(seconds);
  return number === undefined ? undefined : Math.round(number * 1_000);
}
