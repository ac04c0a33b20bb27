/** Players that say anything, and what may be expected of whoever follows them nevertheless. */
import fc from "fast-check";
import { expect } from "vitest";
import { ManualClock } from "./manual-clock.ts";
import { TapedPlays } from "./taped-plays.ts";

/** What nobody may see: in an address, as a user, a token, a session, a client. */
const SECRETS = [
  "http://anna:CANARY@192.0.2.7:8000/live?token=CANARY",
  "x-sonos-http:CANARY%3fsid%3d204.mp3?sid=204&flags=8224&sn=CANARY",
  "x-sonos-vli:RINCON_CANARY:2,spotify:CANARY",
  "x-sonos-spotify:spotify%3atrack%3aAbC?sid=9&sn=CANARY",
  "x-rincon-mp3radio://CANARY/stream?t=CANARY",
  "x-sonosapi-radio:CANARY%3a1?sid=236&sn=CANARY",
  "x-rincon:RINCON_CANARY",
  "file:///home/anna/CANARY/a%20b.flac",
  "/home/anna/CANARY.mp3",
  "cdda:///dev/CANARY",
] as const;
/** Texts that hold what nobody may see. */
export const secret = fc.constantFrom(...SECRETS);
const TEXTS = [
  "",
  "A",
  "Ünïcode & Sons",
  "0",
  "-1",
  "NaN",
  "1e309",
  "play",
  "PLAYING",
  "NOT_IMPLEMENTED",
  "\u0000",
  "𝄞".repeat(700),
];
/** Texts that hold nothing of that, and what is no text of a player's. */
export const text = fc.constantFrom(...TEXTS);
/** Times as UPnP writes them, and others. */
export const time = fc.constantFrom("0:00:00", "0:00:07", "0:03:00", "9999:59:59", "x", "");
/** Any number there is. */
export const number = fc.oneof(fc.integer(), fc.double(), fc.constantFrom(0, 1, 30, 1e300));
/** Anything at all. */
export const any = fc.oneof(
  text,
  secret,
  number,
  fc.constantFrom(null, undefined, true, [], {}, ["a", 1], 7n),
  time,
);

/** What was recorded of the player of this course. */
export const telemetry = { current: new TapedPlays() };

/** A player that says anything at any time, and what may be expected of whoever follows it nevertheless. */
async function survive(
  follow: (
    clock: ManualClock,
    onTrouble: (message: string) => void,
  ) => { readonly hear: (said: never) => void; close(): void },
  saids: readonly (readonly [number, unknown])[],
): Promise<void> {
  const clock = new ManualClock(7);
  const taped = new TapedPlays();
  telemetry.current = taped;
  const troubles: string[] = [];
  const { hear, close } = follow(clock, (message) => troubles.push(message));
  for (const [pauseMs, said] of saids) {
    await clock.advance(pauseMs);
    hear(said as never);
  }
  await clock.advance(1_000);
  close();
  expect(troubles).toEqual([]);
  const { finals, text: told } = taped;
  expect(told).not.toMatch(/CANARY|anna|192\.0\.2|home/);
  expect(new Set(finals.map(({ play_id }) => play_id)).size).toBe(finals.length);
  expect(finals.reduce((sum, { ms_played }) => sum + ms_played, 0)).toBeLessThanOrEqual(clock.now);
  for (const [i, { started_at, ended_at, duration_ms, position_end_ms }] of finals.entries()) {
    expect(started_at <= ended_at!).toBe(true);
    if (i > 0) expect(started_at >= finals[i - 1]!.ended_at!).toBe(true);
    for (const ms of [duration_ms, position_end_ms]) expect(ms ?? 0).toBeGreaterThanOrEqual(0);
  }
}

const course = (said: fc.Arbitrary<unknown>) =>
  fc.array(fc.tuple(fc.constantFrom(0, 1, 900, 3_100, 12_000), said), { maxLength: 14 });
/** Lets whoever follows a player hear all of it, in many courses. */
export const check = (said: fc.Arbitrary<unknown>, follow: Parameters<typeof survive>[0]) =>
  fc.assert(
    fc.asyncProperty(course(said), (saids) => survive(follow, saids)),
    { numRuns: 60 },
  );

/** Some of these fields, each with something sensible or with anything. */
export const fields = (sensible: Readonly<Record<string, fc.Arbitrary<unknown>>>) =>
  fc.record(
    Object.fromEntries(
      Object.entries(sensible).map(([name, value]) => [name, fc.oneof({ weight: 5, arbitrary: value }, any)]),
    ),
    { requiredKeys: [] },
  );
