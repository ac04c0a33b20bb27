import type { Random } from "./random.ts";

/**
 * A UUID version 7 (RFC 9562) for a play that begins at `timeMs`, in ms since 1970. Made here, and not left to the SDK,
 * so that one seed gives one sequence of ids.
 */
export function playId(timeMs: number, random: Random): string {
  const time = hex(timeMs, 12);
  const words = [
    random.integer(0, 0xfff),
    random.integer(0, 0x3fff),
    random.integer(0, 2 ** 48 - 1),
  ] as const;
  const version = hex(0x7000 | words[0], 4);
  const variant = hex(0x8000 | words[1], 4);
  return `${time.slice(0, 8)}-${time.slice(8)}-${version}-${variant}-${hex(words[2], 12)}`;
}

function hex(value: number, digits: number): string {
  return Math.max(0, Math.trunc(value)).toString(16).padStart(digits, "0");
}
