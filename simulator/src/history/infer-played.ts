import type { PlayEvent } from "@tonearm/sdk";
import type { HistoryRow, PlayRow, RefusedRow } from "./history.ts";
import { instantOf } from "./moments.ts";

/** A row that tells when a play began; how long it was may be known, or not. */
export interface StartRow {
  readonly kind: "start";
  readonly line: number;
  readonly startedMs: number;
  /** Audible time, when the row tells it. */
  readonly playedMs: number | undefined;
  /** Length of the item, when the row tells it. */
  readonly durationMs: number | undefined;
  readonly rest: Omit<PlayEvent, "started_at" | "ended_at" | "ms_played">;
}

/** Longer than this from one start to the next, and something other than the play must have filled the time. */
const PLAYED_MS_MAX = 600_000;

/** What a play takes whose end nothing tells: the median time between two starts in the last.fm history. */
const PLAYED_MS_TYPICAL = 255_000;

/**
 * Turns starts into plays. Where a row does not tell how long it was played, the time to the next start does, up to the
 * item's length, or up to ten minutes; beyond that it tells nothing, and a typical length is taken. Two starts in one
 * second make a play of 0 ms. Holds back one row, so a refused row may come out before the play that it follows.
 */
export async function* inferPlayed(rows: AsyncIterable<StartRow | RefusedRow>): AsyncGenerator<HistoryRow> {
  let held: StartRow | undefined;
  for await (const row of rows) {
    if (row.kind === "refused") {
      yield row;
      continue;
    }
    if (held) yield playOf(held, row.startedMs - held.startedMs);
    held = row;
  }
  if (held) yield playOf(held, undefined);
}

function playOf(row: StartRow, gapMs: number | undefined): PlayRow {
  const playedMs = row.playedMs ?? inferredMs(row.durationMs, gapMs);
  const play: PlayEvent = {
    started_at: instantOf(row.startedMs),
    ended_at: instantOf(row.startedMs + playedMs),
    ms_played: playedMs,
    ...row.rest,
  };
  return { kind: "play", line: row.line, play };
}

/** A gap below zero is a row out of order, and tells nothing either. */
function inferredMs(durationMs: number | undefined, gapMs: number | undefined): number {
  if (durationMs !== undefined) {
    return gapMs === undefined || gapMs < 0 ? durationMs : Math.min(gapMs, durationMs);
  }
  const isTelling = gapMs !== undefined && gapMs >= 0 && gapMs <= PLAYED_MS_MAX;
  return isTelling ? gapMs : PLAYED_MS_TYPICAL;
}
