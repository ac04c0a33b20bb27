import type { Figure } from "./figures.ts";
import type { Play } from "./sample.ts";
import { countBy, percent, SPREAD_NAME, shareOf, spread } from "./statistics.ts";

/** Names, as far as they trouble a pipeline. */
export function textFigures(plays: readonly Play[]): Figure[] {
  const words = plays.map(({ title, artist, album }) => `${title}${artist}${album}`);
  const beyond = words.filter((text) => /[^\0-\x7f]/.test(text)).length;
  const titles = plays.map(({ title }) => title.length);
  return [
    ["beyond ASCII in title, artist or album", `${percent(beyond / (words.length || 1))} (${beyond})`],
    ["with a comma or a quote", percent(shareOf(words, (text) => /[",]/.test(text)))],
    [`characters of a title: ${SPREAD_NAME}`, spread(titles)],
  ];
}

/** Why plays began and ended, most frequent first. */
export function reasonFigures(plays: readonly Play[]): Figure[] {
  return [
    ["reason_start", mixOf(plays.map(({ reasonStart }) => reasonStart))],
    ["reason_end", mixOf(plays.map(({ reasonEnd }) => reasonEnd))],
  ];
}

function mixOf(reasons: readonly string[]): string {
  const counts = [...countBy(reasons, String)].toSorted(([, a], [, b]) => b - a);
  return counts.map(([reason, count]) => `${reason} ${percent(count / reasons.length)}`).join(", ");
}
