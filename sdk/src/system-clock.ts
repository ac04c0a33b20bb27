import type { Clock } from "./clock.ts";

/**
 * The real clock. This file is the only one that may name `Date.now`, `performance.now`, `setTimeout`,
 * `Math.random` or `crypto.getRandomValues`.
 */
export const systemClock: Clock = {
  wallMs: () => Date.now(),
  monotonicMs: () => performance.now(),
  after(delayMs, callback, hold = false) {
    const timer = setTimeout(callback, delayMs);
    // Browsers return a number, which keeps nothing alive anyway.
    if (!hold && typeof timer === "object") timer.unref();
    return () => clearTimeout(timer);
  },
  fraction: () => Math.random(),
  randomBytes: (count) => crypto.getRandomValues(new Uint8Array(count)),
};
