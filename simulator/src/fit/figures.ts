import { choiceFigures } from "./choice-figures.ts";
import { completionFigures, playedFigures } from "./played-figures.ts";
import type { Sample } from "./sample.ts";
import { hourFigures, sessionFigures } from "./session-figures.ts";
import { reasonFigures, textFigures } from "./word-figures.ts";

/** One line of the table: what was measured, and how it came out. */
export type Figure = readonly [name: string, value: string];

/** Everything that the listening model is fitted to; left out is what would mean nothing for this sample. */
export function figuresOf(sample: Sample): readonly Figure[] {
  const { plays, refused, isConsecutive, timeZone } = sample;
  const tracks = plays.filter(({ isTrack }) => isTrack);
  return [
    ["plays", String(plays.length)],
    ["rows refused", String(refused)],
    ...(isConsecutive ? [...sessionFigures(plays), ...hourFigures(plays, timeZone)] : []),
    ...playedFigures(tracks),
    ...(isConsecutive ? [...completionFigures(tracks), ...choiceFigures(tracks)] : []),
    ...textFigures(tracks),
    ...reasonFigures(tracks),
  ];
}
