import type { Metadata } from "./metadata.ts";

/** So long after an item's beginning its words may still come in. */
const COMING_IN_MS = 10_000;

/** The item that is on, and what is known of it. */
interface SessionItem {
  readonly key: string;
  readonly track: Metadata;
  readonly sinceMs: number;
}

/**
 * The items of a session of AirPlay's or Spotify Connect's, which all have one address: their words tell them apart.
 *
 *   untitled ──a title, at its beginning──▶ titled: the same item
 *   titled ──more words, or none while nothing sounds──▶ the same item
 *   any other change of the title or the artist ──▶ the next item
 */
export class SessionItems {
  #on: SessionItem | undefined;
  #uri = "";
  #count = 0;

  /**
   * @param track what is told of the item now.
   * @param sounds whether the player says that it plays.
   * @returns the item's key, and what is known of it.
   */
  look(uri: string, track: Metadata, sounds: boolean, nowMs: number): SessionItem {
    const on = this.#uri === uri ? this.#on : undefined;
    this.#uri = uri;
    if (on && this.#isSame(on, track, sounds, nowMs)) {
      this.#on = track.title === null ? on : { ...on, track };
      return this.#on;
    }
    this.#count++;
    this.#on = { key: `${uri} #${this.#count}`, track, sinceMs: nowMs };
    return this.#on;
  }

  #isSame({ track: was, sinceMs }: SessionItem, now: Metadata, sounds: boolean, nowMs: number): boolean {
    const isComingIn = nowMs - sinceMs <= COMING_IN_MS;
    if (was.title === null) return now.title === null || isComingIn;
    if (now.title === null) return !sounds;
    return now.title === was.title && (isComingIn || agrees(was.artist, now.artist));
  }
}

/** What is not told agrees with everything. */
const agrees = (one: string | null, other: string | null): boolean =>
  one === null || other === null || one === other;
