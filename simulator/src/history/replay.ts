import type { PlayEvent } from "@tonearm/sdk";
import type { PlayHappening } from "../listening/happening.ts";
import { playId } from "../listening/play-id.ts";
import type { Random } from "../listening/random.ts";
import type { History, RefusedRow } from "./history.ts";
import { instantOf } from "./moments.ts";

/** The speaker that a play is said to have sounded on; histories do not tell. */
interface ReplaySpeaker {
  readonly playerId: string;
  readonly groupId: string;
  readonly householdId: string;
}

export interface ReplayOptions {
  readonly history: History;
  /** Speakers that share the history, in the order in which sessions are dealt to them. */
  readonly speakers: readonly ReplaySpeaker[];
  /** Where the ids of plays come from. */
  readonly random: Random;
  /** Moves the whole history, so that it begins at this time, in ms since 1970. Default: it stays where it was. */
  readonly startedAtMs?: number;
  /** Told of every refused row. */
  readonly onRefused?: (row: RefusedRow) => void;
}

/** A pause at least this long parts two sessions; as for the figures of the listening model. */
const SESSION_PAUSE_MS = 1_800_000;

/** A play of the history, and the speaker that it is dealt to. */
export interface Dealt {
  readonly speaker: number;
  readonly happening: PlayHappening;
}

/**
 * What the speakers have to report if a real history happened to them all together, in one pass over the file.
 *
 * Sessions are dealt in turn, so every row is replayed exactly once whatever the number of speakers, and what reaches
 * the stream can be counted against the file; inside a session nothing moves: overlaps, repeats and rows of 0 ms stay
 * neighbours.
 *
 * `gapMs` is the time from one END of the same speaker to the next, and for its first from the beginning of the history:
 * a final report is made when a play ends, and ends are what files are ordered by or can be put in order by. A row that
 * ends before the one before it follows at once.
 */
export async function* replayHistory(options: ReplayOptions): AsyncGenerator<Dealt, void> {
  const { history, speakers, random, startedAtMs, onRefused } = options;
  const toldMs = new Map<number, number>();
  let session = 0;
  let count = 0;
  let beganMs: number | undefined;
  let endedMs = Number.POSITIVE_INFINITY;
  for await (const row of history.rows()) {
    if (row.kind === "refused") {
      onRefused?.(row);
      continue;
    }
    const [playStartMs, playEndMs] = spanOf(row.play);
    beganMs ??= playStartMs;
    if (playStartMs - endedMs >= SESSION_PAUSE_MS) session++;
    endedMs = playEndMs;
    const speaker = session % speakers.length;
    const lastMs = toldMs.get(speaker) ?? beganMs;
    const gapMs = Math.max(0, playEndMs - lastMs);
    toldMs.set(speaker, lastMs + gapMs);
    const shiftMs = startedAtMs === undefined ? 0 : startedAtMs - beganMs;
    const id = playId(playStartMs + shiftMs, random.fork(`play ${++count}`));
    const data = placed(row.play, id, shiftMs, speakers[speaker]!);
    yield { speaker, happening: { gapMs, type: "play", data } };
  }
}

function placed(play: PlayEvent, id: string, shiftMs: number, speaker: ReplaySpeaker): PlayEvent {
  const [startMs, endMs] = spanOf(play);
  return {
    play_id: id,
    report_type: "final",
    ...play,
    started_at: instantOf(startMs + shiftMs),
    ended_at: instantOf(endMs + shiftMs),
    player_id: speaker.playerId,
    group_id: speaker.groupId,
    household_id: speaker.householdId,
  };
}

/** Start and end, in ms since 1970. */
function spanOf(play: PlayEvent): readonly [number, number] {
  return [Date.parse(play.started_at), Date.parse(play.ended_at ?? play.started_at)];
}
