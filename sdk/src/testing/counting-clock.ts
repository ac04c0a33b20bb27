import type { Clock } from "../clock.ts";

/** As many random bytes as the file log's reserve takes. */
const RESERVE = new Uint8Array(65_536).fill(7);

/** Time stands still, and chance counts: two logs that do the same have the same bytes. */
export function countingClock(): Clock {
  let drawn = 0;
  return {
    wallMs: () => 1,
    monotonicMs: () => 0,
    after: () => () => undefined,
    fraction: () => 0.5,
    randomBytes: (count) =>
      count === RESERVE.length ? RESERVE : Uint8Array.from({ length: count }, () => ++drawn & 255),
  };
}
