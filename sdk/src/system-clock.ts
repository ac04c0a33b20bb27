import type { Clock } from "./clock.ts";

/** Asking for chance costs 1 µs however little is asked for; an id is made for every play. */
const POOL_BYTES = 1_024;
let pool = /* @__PURE__ */ new Uint8Array(0);

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
  randomBytes(count) {
    if (count > pool.length) pool = crypto.getRandomValues(new Uint8Array(Math.max(count, POOL_BYTES)));
    const bytes = pool.slice(0, count);
    pool = pool.subarray(count);
    return bytes;
  },
};
