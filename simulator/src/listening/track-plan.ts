import type { PlayEvent } from "@tonearm/sdk";
import type { Track } from "./catalogue.ts";
import { Course, type Segment } from "./course.ts";
import type { Patience, SourceKind } from "./habit.ts";
import type { ReasonEnd } from "./player.ts";
import type { Random } from "./random.ts";
import { SERVICE } from "./sources.ts";
import { UPDATE_GAP_MS } from "./stint.ts";
import type { Choice } from "./taste.ts";

/** How a play will end, and how much of the item will have been heard by then. */
export interface Ending {
  readonly kind: "hop" | "leave" | "error" | "done";
  readonly reasonEnd: ReasonEnd;
  readonly playedMs: number;
}

/** Most of a track that is heard twice, in percent. */
const REWIND_PERCENT_MAX = 50;

/** Most reports of a track before the last. */
const UPDATES_MAX = 8;

/** What becomes of a play, given what became of the one before. */
export function drawEnding(
  durationMs: number,
  patience: Patience,
  before: Ending["kind"],
  random: Random,
): Ending {
  if (random.chance(patience.errorShare)) {
    return { kind: "error", reasonEnd: "trackerror", playedMs: random.integer(0, 3_000) };
  }
  if (random.chance(before === "hop" ? patience.hopAfterHop : patience.hopAfterOther)) {
    const playedMs = Math.min(durationMs, Math.round(patience.hopSeconds.draw(random) * 1_000));
    return { kind: "hop", reasonEnd: random.weighted(patience.hopEnds), playedMs };
  }
  if (random.chance(patience.leaveShare)) {
    const playedMs = Math.round((durationMs * patience.leavePart.draw(random)) / 1_000);
    return { kind: "leave", reasonEnd: random.weighted(patience.leaveEnds), playedMs };
  }
  const isRewound = random.chance(patience.rewindShare);
  const againMs = isRewound ? Math.round((durationMs * random.integer(3, REWIND_PERCENT_MAX)) / 100) : 0;
  return { kind: "done", reasonEnd: "trackdone", playedMs: durationMs + againMs };
}

/** The course of a play that sounds for `playedMs` in all. */
export function drawCourse(startMs: number, ending: Ending, pauseMs: number, random: Random): Course {
  const { playedMs, reasonEnd } = ending;
  const segments: Segment[] = [];
  if (random.chance(0.1)) {
    segments.push({ kind: "buffering", lengthMs: Math.min(30_000, Math.round(random.logNormal(400, 1))) });
  }
  const endsPaused = reasonEnd === "unexpected-exit-while-paused";
  const beforeMs = endsPaused || pauseMs === 0 ? playedMs : random.integer(0, playedMs);
  segments.push({ kind: "sounding", lengthMs: beforeMs });
  const pausedMs = endsPaused ? Math.max(pauseMs, Math.round(random.exponential(120_000))) : pauseMs;
  if (pausedMs > 0) segments.push({ kind: "paused", lengthMs: pausedMs });
  segments.push({ kind: "sounding", lengthMs: playedMs - beforeMs });
  return new Course(startMs, segments);
}

/** When a play is reported before its end. A player that is paused has nothing new to say. */
export function drawUpdates(course: Course, random: Random): readonly number[] {
  const updates: number[] = [];
  let atMs = course.startMs;
  for (let count = 0; count < UPDATES_MAX; count++) {
    atMs += UPDATE_GAP_MS + Math.round(random.exponential(45_000));
    if (atMs >= course.endMs) break;
    if (course.at(atMs).playedMs > course.at(atMs - 1).playedMs) updates.push(atMs);
  }
  return updates;
}

/** What a player knows of a track, by the way it comes in: the more protocols in between, the less. */
export function factsOf(
  track: Track,
  choice: Choice,
  kind: SourceKind,
  shuffle: boolean,
): Partial<PlayEvent> {
  const common = {
    content_type: "track",
    artist: track.artist,
    album: track.album,
    livestream: false,
    position_start_ms: 0,
  } as const;
  if (kind === "bluetooth") return { ...common, duration_ms: null, reason_basis: "inferred" };
  if (kind === "airplay") return { ...common, duration_ms: track.durationMs, reason_basis: "inferred" };
  return {
    ...common,
    duration_ms: track.durationMs,
    item_uri: track.uri,
    service: SERVICE,
    ...containerOf(track, choice),
    reason_basis: "reported",
    shuffle: shuffle && choice.spell !== "album",
    repeat: choice.isAgain ? "one" : "off",
    offline: false,
  };
}

function containerOf(track: Track, { spell }: Choice): Partial<PlayEvent> {
  if (spell === "album") {
    return { container_type: "album", container_id: track.albumId, container_name: track.album };
  }
  const isArtist = spell === "artist";
  const container_name = isArtist ? track.artist : null;
  return { container_type: isArtist ? "artist" : "playlist", container_id: null, container_name };
}
