/**
 * How an item from the network becomes known as a live stream, rather than as a file whose length comes late. No player says which
 * it is, so an adapter that cannot know gives both readings (`words` and `ifLive`), and one of these decides, whichever comes first:
 *
 *   a length is told ──▶ a file          it has sounded for 3 s without one ──▶ a live stream
 *
 * What it is by then it stays. Before that its source is unknown, and nobody is told of one.
 */

import type { Item, Sighting } from "./sighting.ts";

/** So long an item has to sound, in ms, until it is believed to have no length. */
export const LIVE_AFTER_MS = 3_000;

/** Whether it may still be either. */
export const isOpen = ({ ifLive }: Item): boolean => ifLive !== undefined;

/**
 * What an item is, as far as it can be known.
 * @param heardMs how long it has sounded, or how far in it the player is, whichever is more.
 * @param before what the same item was known as.
 */
export function known(item: Item, heardMs: number, before: Item = item): Item {
  const { ifLive, ...rest } = item;
  if (!ifLive) return item;
  const live = { ...rest, durationMs: null, livestream: true, words: ifLive };
  if (!isOpen(before))
    return before.livestream ? live : { ...rest, durationMs: rest.durationMs ?? before.durationMs };
  if (rest.durationMs !== null) return rest;
  if (heardMs >= LIVE_AFTER_MS) return live;
  return { ...item, words: { ...rest.words, content_type: "unknown", source_type: "unknown" } };
}

/** What an item is, as far as it can be known when it is first seen. */
export const atFirst = (item: Item, { soundedMs = 0, positionMs = 0 }: Sighting): Item =>
  known(item, Math.max(soundedMs, positionMs));
