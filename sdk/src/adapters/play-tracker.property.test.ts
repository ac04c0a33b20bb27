import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { ManualClock } from "../testing/manual-clock.ts";
import { TapedPlays } from "../testing/taped-plays.ts";
import { PlayTracker } from "./play-tracker.ts";
import type { Sighting } from "./sighting.ts";

const RATES = [0, 0.5, 1, 2] as const;
const ITEMS = ["a", "b", "c"] as const;

const sighting = fc.record({
  state: fc.constantFrom("playing", "buffering", "paused", "stopped"),
  item: fc.option(
    fc.record({
      key: fc.constantFrom(...ITEMS),
      durationMs: fc.option(fc.integer({ min: 0, max: 60_000 })),
      livestream: fc.boolean(),
      place: fc.option(fc.integer({ min: 0, max: 3 }), { nil: undefined }),
      words: fc.constant({ title: "t", source_type: "queue" as const }),
      ifLive: fc.option(fc.constant({ title: "l", source_type: "radio" as const }), { nil: undefined }),
    }),
    { freq: 5 },
  ),
  positionMs: fc.option(fc.integer({ min: 0, max: 60_000 }), { nil: undefined }),
  rate: fc.constantFrom(...RATES),
  isUntouched: fc.boolean(),
  soundedMs: fc.integer({ min: 0, max: 30_000 }),
  crossfadeMs: fc.constantFrom(0, 2_000),
  repeat: fc.constantFrom("off", "one", "all", undefined),
}) satisfies fc.Arbitrary<Sighting>;

const step = fc.oneof(
  { weight: 8, arbitrary: sighting.map((seen) => (tracker: PlayTracker) => tracker.see(seen)) },
  { weight: 1, arbitrary: fc.constant((tracker: PlayTracker) => tracker.lost()) },
  { weight: 1, arbitrary: fc.constant((tracker: PlayTracker) => tracker.because({ end: "fwdbtn" })) },
);
const course = fc.array(fc.tuple(fc.double({ min: 0, max: 40_000, noNaN: true }), step), { maxLength: 40 });

/** Lets a player do all of it, and closes the tracker. */
function outcome(steps: readonly (readonly [number, (tracker: PlayTracker) => void])[]) {
  const clock = new ManualClock(7);
  const telemetry = new TapedPlays();
  const tracker = new PlayTracker({ telemetry, clock, player_id: "p", updateIntervalMs: 10_000 });
  const seen: Sighting[] = [];
  const see = tracker.see.bind(tracker);
  tracker.see = (given) => {
    seen.push(given);
    see(given);
  };
  for (const [pauseMs, act] of steps) {
    passTime(clock, pauseMs);
    act(tracker);
  }
  tracker.close();
  return { clock, telemetry, seen };
}

/** Without a turn of the event loop for each step. */
function passTime(clock: ManualClock, ms: number): void {
  clock.now += ms;
  clock.wall += ms;
}

const sum = (numbers: readonly number[]) => numbers.reduce((total, each) => total + each, 0);

describe("whatever a player does", () => {
  it("no more was heard than wall time has passed at whatever rate, pauses and buffering beside it", () => {
    fc.assert(
      fc.property(course, (steps) => {
        const { clock, telemetry } = outcome(steps);
        const { finals } = telemetry;
        expect(sum(finals.map(({ ms_played }) => ms_played))).toBeLessThanOrEqual(clock.now);
        for (const { started_at, ended_at, ms_played, ms_paused = 0, ms_buffering = 0 } of finals) {
          const lastedMs = Date.parse(ended_at!) - Date.parse(started_at);
          // Moments are cut to whole milliseconds.
          expect(ms_played + ms_paused + ms_buffering).toBeLessThanOrEqual(lastedMs + 1);
        }
      }),
    );
  });

  it("each play has one final, and no two overlap", () => {
    fc.assert(
      fc.property(course, (steps) => {
        const { finals } = outcome(steps).telemetry;
        expect(new Set(finals.map(({ play_id }) => play_id)).size).toBe(finals.length);
        for (const [i, { started_at }] of finals.entries()) {
          if (i > 0) expect(started_at >= finals[i - 1]!.ended_at!).toBe(true);
        }
      }),
    );
  });

  it("nothing is a play that was not seen to sound", () => {
    fc.assert(
      fc.property(course, (steps) => {
        const { telemetry, seen } = outcome(steps);
        const sounded = seen.filter(
          ({ state, item, rate }) => state === "playing" && item !== null && rate !== 0,
        );
        expect(telemetry.finals.length).toBeLessThanOrEqual(sounded.length);
        if (sounded.length > 0) expect(telemetry.finals.length).toBeGreaterThan(0);
      }),
    );
  });

  it("updates are 10 s apart or more, belong to a play that has a final, and only grow", async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.tuple(fc.integer({ min: 0, max: 25_000 }), step), { maxLength: 8 }),
        async (steps) => {
          const clock = new ManualClock(7);
          const telemetry = new TapedPlays();
          const tracker = new PlayTracker({ telemetry, clock, player_id: "p", updateIntervalMs: 10_000 });
          const told: number[] = [];
          const play = telemetry.play.bind(telemetry);
          telemetry.play = (each) => {
            if (each.report_type === "update") told.push(clock.now);
            return play(each);
          };
          for (const [pauseMs, act] of steps) {
            await clock.advance(pauseMs);
            act(tracker);
          }
          tracker.close();
          for (const [i, at] of told.entries())
            if (i > 0) expect(at - told[i - 1]!).toBeGreaterThanOrEqual(10_000);
          for (const [i, update] of telemetry.plays.entries()) {
            if (update.report_type === "final") continue;
            const later = telemetry.plays.slice(i + 1).filter(({ play_id }) => play_id === update.play_id);
            expect(later.at(-1)?.report_type).toBe("final");
            for (const each of later) expect(each.ms_played).toBeGreaterThanOrEqual(update.ms_played);
          }
          expect(clock.timers).toBe(0);
        },
      ),
      { numRuns: 30 },
    );
  });
});
