import type { Rhythm } from "./habit.ts";
import type { Random } from "./random.ts";

export const HOUR_MS = 3_600_000;

/** Pauses drawn before one is taken whatever the hour: habits must not make it wait for ever. */
const DRAWS = 40;

/** Above 1, since pauses smear what the hours prefer; chosen so that sessions begin when measured ones do. */
const SHARPNESS = 1.5;

/**
 * When the next session begins. Pauses are drawn as they were measured, and those that would end at an hour at which
 * hardly anybody begins are mostly drawn again: so a pause that begins in the evening tends to last until the morning.
 * @param nowMs in ms since 1970; `utcOffsetMs` makes it local time.
 */
export function nextSessionMs(nowMs: number, rhythm: Rhythm, utcOffsetMs: number, random: Random): number {
  const most = Math.max(...rhythm.hourWeights);
  for (let draw = 1; ; draw++) {
    const beginMs = nowMs + Math.round(rhythm.pauseHours.draw(random) * HOUR_MS);
    const weight = rhythm.hourWeights[hourOf(beginMs, utcOffsetMs)] ?? 0;
    if (draw === DRAWS || random.chance((weight / most) ** SHARPNESS)) return beginMs;
  }
}

/** The hour of the day, 0 to 23. */
export function hourOf(timeMs: number, utcOffsetMs: number): number {
  return Math.floor((timeMs + utcOffsetMs) / HOUR_MS) % 24;
}
