import { type Release, takeLock, webLocks } from "../../browser/locks.ts";
import { newEpochId } from "../../ids.ts";
import { systemClock } from "../../system-clock.ts";
import type { PlayNotes } from "../play-notes.ts";

/**
 * Notes in the origin's `localStorage`, one for each page. A page holds a Web Lock for as long as it lives, so a note whose lock is
 * free belongs to nobody any more. Without Web Locks nothing is kept, because the living and the dead cannot be told apart.
 * @param name tells notes apart that are not each other's to tell: the element's, or the application's.
 */
export function pageNotes(name: string): PlayNotes {
  const prefix = `tonearm-play:${name}:`;
  const key = prefix + newEpochId(systemClock);
  const locks = webLocks();
  if (!locks) return { left: async () => [], keep: async () => undefined };
  const owned = new Map<string, Release>();
  /** Holds the lock until `owned` lets it go; false when another page has it. */
  const own = async (lock: string) => {
    const release = await takeLock(locks, lock, false);
    if (release) owned.set(lock, release);
    return release !== undefined;
  };
  const isOwned = own(key);
  return {
    async left() {
      const texts: string[] = [];
      for (const other of Object.keys(localStorage).filter((each) => each.startsWith(prefix))) {
        const text = other !== key && (await own(other)) && localStorage.getItem(other);
        if (text) texts.push(text);
      }
      return texts;
    },
    async keep(text) {
      if (text === undefined) localStorage.removeItem(key);
      else if (await isOwned) localStorage.setItem(key, text);
      for (const [other, release] of owned) {
        if (other === key) continue;
        localStorage.removeItem(other);
        owned.delete(other);
        release();
      }
    },
  };
}
