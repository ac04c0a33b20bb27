/**
 * Where CVE-2026-21717 is mended, by release line: before, a body of a few hundred kilobytes of JSON, with member names
 * chosen for it, kept the process busy for minutes.
 */
const MENDED: Readonly<Record<number, readonly [minor: number, patch: number]>> = {
  20: [20, 2],
  22: [22, 2],
  24: [14, 1],
  25: [8, 2],
};
const FIRST_WITHOUT = 26;

/** Why a version of Node.js must not face strangers; undefined when it may. */
export function nodeFault(version: string): string | undefined {
  const [major = 0, minor = 0, patch = 0] = version.split(".").map((part) => Number.parseInt(part, 10));
  const [leastMinor, leastPatch] = MENDED[major] ?? [Number.POSITIVE_INFINITY, 0];
  if (major >= FIRST_WITHOUT || minor > leastMinor || (minor === leastMinor && patch >= leastPatch))
    return undefined;
  return `Node.js is ${version}, which strangers can stop with a few bodies (CVE-2026-21717), expected 22.22.2, 24.14.1, 25.8.2 or newer of these lines, or 26`;
}
