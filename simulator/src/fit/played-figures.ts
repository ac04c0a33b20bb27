import type { Figure } from "./figures.ts";
import { itemOf, type Play } from "./sample.ts";
import { countBy, percent, SPREAD_NAME, shareOf, spread } from "./statistics.ts";

/** Plays under this are taken for skips where a history gives no reasons. */
const SHORT_MS = 30_000;

/** What is played of an item that was heard to its end, at least; ends are cut and faded. */
const THROUGH = 0.98;

/** An item must have been played so often, for so long, before anything is said about its length. */
const LONG_PLAYS_MIN = 3;

/** How much of things people hear. */
export function playedFigures(plays: readonly Play[]): Figure[] {
  const seconds = plays.map(({ playedMs }) => playedMs / 1_000);
  const under = (ms: number) => percent(shareOf(plays, ({ playedMs }) => playedMs < ms));
  const shorts = seconds.filter((value) => value < SHORT_MS / 1_000);
  const isShort = plays.map(({ playedMs }) => playedMs < SHORT_MS);
  return [
    [`s played: ${SPREAD_NAME}`, spread(seconds)],
    ["of 0 ms, under 1 s, under 30 s", `${under(1)} ${under(1_000)} ${under(SHORT_MS)}`],
    [`s played of those under 30 s: ${SPREAD_NAME}`, spread(shorts, 1)],
    ["under 30 s after one such, after another", afterItself(isShort)],
  ];
}

/** How far into an item people get. */
export function completionFigures(plays: readonly Play[]): Figure[] {
  const lengths = lengthsOf(plays);
  const parts = plays.flatMap((play) => {
    const lengthMs = lengths.get(itemOf(play));
    return lengthMs === undefined ? [] : [play.playedMs / lengthMs];
  });
  const between = (from: number, to: number) => percent(shareOf(parts, (part) => part >= from && part < to));
  const early = parts.filter((part) => part < THROUGH);
  const long = plays.flatMap((play) => {
    const lengthMs = lengths.get(itemOf(play));
    return lengthMs === undefined || play.playedMs < SHORT_MS ? [] : [play.playedMs / lengthMs];
  });
  const left = long.filter((part) => part < THROUGH);
  const seconds = [...lengths.values()].map((lengthMs) => lengthMs / 1_000);
  return [
    ["plays of items of known length", String(parts.length)],
    [
      "ended early, to the end, further",
      [between(0, THROUGH), between(THROUGH, 1.02), between(1.02, 1_000)].join(" "),
    ],
    ["ended early after one such, after another", afterItself(parts.map((part) => part < THROUGH))],
    ["ended early of those over 30 s", percent(left.length / (long.length || 1))],
    [`part played of those ended early over 30 s: ${SPREAD_NAME}`, spread(left, 3)],
    [`part played if ended early: ${SPREAD_NAME}`, spread(early, 3)],
    [`s an item is long: ${SPREAD_NAME}`, spread(seconds)],
  ];
}

/** How often something holds for a play when it held, and when it did not hold, for the one before. */
function afterItself(holds: readonly boolean[]): string {
  const after = (before: boolean) => holds.filter((_, at) => at > 0 && holds[at - 1] === before);
  return [true, false].map((before) => percent(shareOf(after(before), (now) => now))).join(" ");
}

/** Rows tell no lengths: an item's is what was played of it most often, or the longest when nothing occurs twice. */
function lengthsOf(plays: readonly Play[]): Map<string, number> {
  const played = new Map<string, number[]>();
  for (const play of plays) {
    if (play.playedMs < SHORT_MS) continue;
    const key = itemOf(play);
    played.set(key, [...(played.get(key) ?? []), play.playedMs]);
  }
  const lengths = new Map<string, number>();
  for (const [key, values] of played) {
    if (values.length < LONG_PLAYS_MIN) continue;
    const [common, count] = [...countBy(values, String)].toSorted(([, a], [, b]) => b - a)[0]!;
    lengths.set(key, count > 1 ? Number(common) : Math.max(...values));
  }
  return lengths;
}
