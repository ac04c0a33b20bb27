import type { PlayEvent } from "@tonearm/sdk";
import type { History } from "../history/history.ts";

/** A play as the figures need it. */
export interface Play {
  /** Derived from the end, as Spotify's rows must be, so that a pause inside a play counts as time before it. */
  readonly startedMs: number;
  readonly endedMs: number;
  readonly playedMs: number;
  readonly isTrack: boolean;
  readonly title: string;
  readonly artist: string;
  readonly album: string;
  readonly reasonStart: string;
  readonly reasonEnd: string;
}

/** Plays to measure, with what makes them readable. */
export interface Sample {
  readonly name: string;
  readonly plays: readonly Play[];
  readonly refused: number;
  /** Whether the rows follow one another; figures about sessions and repeats mean nothing otherwise. */
  readonly isConsecutive: boolean;
  /** Time zone of the listener, for the hours of the day. */
  readonly timeZone: string;
}

/** Reads a history into memory: the figures need all of it at once. */
export async function sampleOf(history: History, timeZone: string): Promise<Sample> {
  const plays: Play[] = [];
  let refused = 0;
  for await (const row of history.rows()) {
    if (row.kind === "play") plays.push(playOf(row.play));
    else refused++;
  }
  return { name: history.format, plays, refused, isConsecutive: isConsecutive(plays), timeZone };
}

/** A random sample of somebody's years has hours between most of its rows; a listener does not. */
function isConsecutive(plays: readonly Play[]): boolean {
  const near = plays.filter((play, at) => at > 0 && play.startedMs - plays[at - 1]!.endedMs < 1_800_000);
  return near.length > plays.length / 2;
}

/** A final report as the figures need it. */
export function playOf(play: PlayEvent): Play {
  const endedMs = Date.parse(play.ended_at ?? play.started_at);
  return {
    startedMs: endedMs - play.ms_played,
    endedMs,
    playedMs: play.ms_played,
    isTrack: play.content_type !== "station",
    title: play.title ?? "",
    artist: play.artist ?? "",
    album: play.album ?? "",
    reasonStart: play.reason_start ?? "unknown",
    reasonEnd: play.reason_end ?? "unknown",
  };
}

/** Exports of one service spell one item in one way. */
export function itemOf({ artist, title }: Play): string {
  return `${artist}\0${title}`;
}
