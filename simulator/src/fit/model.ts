import { inferPlayed, type StartRow } from "../history/infer-played.ts";
import { HABITS } from "../listening/fitted.ts";
import type { PlayHappening } from "../listening/happening.ts";
import { createListener, type Listener } from "../listening/listener.ts";
import { Random } from "../listening/random.ts";
import { type Play, playOf, type Sample } from "./sample.ts";

const QUEUE_ONLY = {
  queue: 1,
  radio: 0,
  tv: 0,
  line_in: 0,
  airplay: 0,
  spotify_connect: 0,
  bluetooth: 0,
};

/**
 * What the model has to say, seen through the same export.
 * @param format of the history that it is compared with; it decides the habit, too.
 */
export async function modelOf(format: string, count: number, startedAtMs: number): Promise<Sample> {
  const isAccount = format === "spotify-account";
  const habit = HABITS.find(({ name }) => name === (isAccount ? "hopper" : "album"))!;
  const listener = createListener({
    random: new Random("fit"),
    playerId: "model",
    groupId: "model",
    householdId: "model",
    startedAtMs,
    // Histories are of tracks only: what else a speaker is used for would count as pauses here.
    habit: { ...habit, uses: { ...habit.uses, sources: QUEUE_ONLY, switchShare: 0, alarmShare: 0 } },
  });
  // Of what is played, last.fm sees the greater part.
  const finals = finalsOf(listener, count * 2);
  const plays = format === "lastfm" ? await scrobbled(finals) : finals.map(({ data }) => playOf(data));
  return {
    name: habit.name,
    plays: (isAccount ? plays.map(byMinute) : plays).slice(0, count),
    refused: 0,
    isConsecutive: format !== "spotify-extended",
    timeZone: "UTC",
  };
}

function finalsOf(listener: Listener, count: number): readonly PlayHappening[] {
  const finals: PlayHappening[] = [];
  while (finals.length < count) {
    const happening = listener.next();
    if (happening.type === "play" && happening.data.report_type === "final") finals.push(happening);
  }
  return finals;
}

/** Account history tells the end to the minute. */
function byMinute(play: Play): Play {
  const endedMs = Math.floor(play.endedMs / 60_000) * 60_000;
  return { ...play, endedMs, startedMs: endedMs - play.playedMs };
}

const SCROBBLED_MS = 240_000;

/** last.fm takes what was heard for four minutes or to its half, and tells only the second in which it began. */
async function scrobbled(finals: readonly PlayHappening[]): Promise<readonly Play[]> {
  const plays: Play[] = [];
  for await (const row of inferPlayed(starts(finals))) {
    if (row.kind === "play") plays.push(playOf(row.play));
  }
  return plays;
}

async function* starts(finals: readonly PlayHappening[]): AsyncGenerator<StartRow> {
  for (const [at, { data }] of finals.entries()) {
    if (data.ms_played < Math.min(SCROBBLED_MS, (data.duration_ms ?? 0) / 2)) continue;
    const startedMs = Math.floor(Date.parse(data.started_at) / 1_000) * 1_000;
    yield { kind: "start", line: at + 1, startedMs, playedMs: undefined, durationMs: undefined, rest: data };
  }
}
