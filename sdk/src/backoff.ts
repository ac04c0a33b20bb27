import type { Clock } from "./clock.ts";

/** Bounds of exponential backoff. */
export interface BackoffOptions {
  readonly backoffBaseMs: number;
  readonly backoffMaxMs: number;
}

/**
 * Full jitter: anything between 0 and the exponential bound, so that devices that failed together do not return
 * together.
 * @param attempt failures in a row, from 1.
 */
export function fullJitterMs(clock: Clock, attempt: number, options: BackoffOptions): number {
  const bound = Math.min(options.backoffMaxMs, options.backoffBaseMs * 2 ** Math.min(attempt - 1, 30));
  return clock.fraction() * bound;
}

/** What a relay asked for, and a little more, so that those who were told the same do not come at once. */
export function afterJitterMs(clock: Clock, afterMs: number, options: BackoffOptions): number {
  return afterMs + clock.fraction() * options.backoffBaseMs;
}
