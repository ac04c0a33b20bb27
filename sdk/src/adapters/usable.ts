import type { Sighting } from "./sighting.ts";
import { clipped } from "./words-of-items.ts";

/** More than this in one ms is no rate: positions would leave the whole numbers. */
const RATE_MAX = 1_000;

/** A sighting whose numbers can be counted with, and whose words can be told: what is none is not known. */
export function usable(seen: Sighting): Sighting {
  const { item, state, positionMs, rate = 1, soundedMs = 0, crossfadeMs = 0 } = seen;
  return {
    ...seen,
    // At rate 0 nothing of the item passes.
    state: state === "playing" && rate === 0 ? "paused" : state,
    item: item && {
      ...item,
      durationMs: lengthOf(item.durationMs) ?? null,
      words: clipped(item.words),
      ...(item.ifLive && { ifLive: clipped(item.ifLive) }),
    },
    positionMs: lengthOf(positionMs === undefined ? undefined : Math.max(0, positionMs)),
    beganMs: lengthOf(seen.beganMs),
    rate: rate !== 0 && Math.abs(rate) <= RATE_MAX ? rate : 1,
    soundedMs: lengthOf(soundedMs) ?? 0,
    crossfadeMs: lengthOf(crossfadeMs) ?? 0,
  };
}

/** A time in ms, if it is one. */
const lengthOf = (ms: number | null | undefined): number | undefined =>
  typeof ms === "number" && ms >= 0 && ms <= Number.MAX_SAFE_INTEGER ? ms : undefined;
