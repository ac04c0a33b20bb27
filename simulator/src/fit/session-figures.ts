import type { Figure } from "./figures.ts";
import type { Play } from "./sample.ts";
import { countBy, mean, percent, SPREAD_NAME, shareOf, spread } from "./statistics.ts";

/** A pause at least this long parts two sessions. */
const SESSION_PAUSE_MS = 1_800_000;

const HOUR_MS = 3_600_000;

/** How long people listen, and how long they do not. */
export function sessionFigures(plays: readonly Play[]): Figure[] {
  const gapsMs = plays.slice(1).map((play, at) => play.startedMs - plays[at]!.endedMs);
  const lengths = sessionsOf(plays).map((session) => session.length);
  const pauses = gapsMs.filter((gap) => gap >= SESSION_PAUSE_MS).map((gap) => gap / HOUR_MS);
  const inside = gapsMs.filter((gap) => gap < SESSION_PAUSE_MS);
  const stops = inside.filter((gap) => gap > 120_000).map((gap) => gap / 1_000);
  const over = (minutes: number) => percent(shareOf(inside, (gap) => gap > minutes * 60_000));
  const overlap = (seconds: number) => percent(shareOf(gapsMs, (gap) => gap < -seconds * 1_000));
  const days = countBy(plays, ({ startedMs }) => String(Math.floor(startedMs / (24 * HOUR_MS))));
  const spanDays = ((plays.at(-1)?.endedMs ?? 0) - (plays[0]?.startedMs ?? 0)) / (24 * HOUR_MS);
  return [
    ["days with plays, of days", `${days.size} ${spanDays.toFixed(0)}`],
    [`plays on such a day: ${SPREAD_NAME}`, spread([...days.values()])],
    ["sessions", String(lengths.length)],
    ["plays in a session: mean", mean(lengths).toFixed(1)],
    [`plays in a session: ${SPREAD_NAME}`, spread(lengths)],
    [`hours between sessions: ${SPREAD_NAME}`, spread(pauses, 1)],
    ["gaps inside over 2, 5, 10 min", `${over(2)} ${over(5)} ${over(10)}`],
    [`s of gaps over 2 min: ${SPREAD_NAME}`, spread(stops)],
    ["overlap the play before by over 0, 60 s", `${overlap(0)} ${overlap(60)}`],
    ["begin in the same second as the one before", String(sameSecond(plays))],
  ];
}

/** When in the day people listen, in percent of all plays, and of beginnings of sessions. */
export function hourFigures(plays: readonly Play[], timeZone: string): Figure[] {
  const clock = new Intl.DateTimeFormat("en", { hour: "numeric", hourCycle: "h23", timeZone });
  const hours = (moments: readonly number[]) => {
    const counts = countBy(moments, (momentMs) => String(Number(clock.format(momentMs))));
    const shares = Array.from({ length: 24 }, (_, hour) => (counts.get(String(hour)) ?? 0) / moments.length);
    return shares.map((share) => (share * 100).toFixed(1)).join(" ");
  };
  const starts = plays.map(({ startedMs }) => startedMs);
  const sessionStarts = sessionsOf(plays).map(([first]) => first!.startedMs);
  return [
    ["plays by local hour, %", hours(starts)],
    ["sessions begun by local hour, %", hours(sessionStarts)],
  ];
}

/** Plays with no long pause between them. */
export function sessionsOf(plays: readonly Play[]): readonly (readonly Play[])[] {
  const sessions: Play[][] = [];
  let endedMs = Number.NEGATIVE_INFINITY;
  for (const play of plays) {
    const last = sessions.at(-1);
    if (last && play.startedMs - endedMs < SESSION_PAUSE_MS) last.push(play);
    else sessions.push([play]);
    endedMs = play.endedMs;
  }
  return sessions;
}

function sameSecond(plays: readonly Play[]): number {
  const seconds = plays.map(({ startedMs }) => Math.floor(startedMs / 1_000));
  return seconds.filter((second, at) => at > 0 && second === seconds[at - 1]).length;
}
