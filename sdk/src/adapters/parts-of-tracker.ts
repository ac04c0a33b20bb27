import { TonearmError } from "../errors.ts";
import { inWords } from "../words.ts";
import type { OpenPlay } from "./open-play.ts";

/** Where plays sound. */
export interface PlayerPlace {
  /** This player: 1 to 128 characters. */
  readonly player_id: string;
  readonly group_id?: string | null;
  readonly household_id?: string | null;
}

/** Of the play under way; times in ms. */
export interface Current {
  readonly key: string;
  readonly positionMs: number;
  readonly remainingMs: number | undefined;
}

/** @throws TonearmError `invalid_option` when one is none. */
export function checkOptions(player_id: unknown, updateIntervalMs: number, leastMs: number): void {
  if (typeof player_id !== "string" || player_id === "" || player_id.length > 128) {
    throw new TonearmError(
      "invalid_option",
      `option player_id is ${inWords(player_id)}, expected 1 to 128 characters`,
    );
  }
  if (!(updateIntervalMs >= leastMs)) {
    throw new TonearmError(
      "invalid_option",
      `option updateIntervalMs is ${inWords(updateIntervalMs)}, expected ${leastMs} or more milliseconds`,
    );
  }
}

/** The place that is in the options, and nothing else of them. */
export const placeOf = ({ player_id, group_id, household_id }: PlayerPlace): PlayerPlace => ({
  player_id,
  ...(group_id !== undefined && { group_id }),
  ...(household_id !== undefined && { household_id }),
});

/** In how many ms a play is to be looked at again: when an update is due, or it is known what it plays; `mostMs` at the latest. */
export function tickInMs(mostMs: number, play: OpenPlay | undefined, updateInMs: number): number {
  const isNext = play?.isSounding && updateInMs > 0 && updateInMs < mostMs;
  return Math.min(isNext ? updateInMs : mostMs, Math.max(1, play?.knownInMs ?? mostMs));
}
