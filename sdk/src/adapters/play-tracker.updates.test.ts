import { beforeEach, describe, expect, it } from "vitest";
import { ManualClock } from "../testing/manual-clock.ts";
import { TapedPlays } from "../testing/taped-plays.ts";
import { PlayTracker } from "./play-tracker.ts";

/** Its timers fire a moment before they are due, as those of Node and of browsers do. */
class HastyClock extends ManualClock {
  override after(delayMs: number, callback: () => void) {
    return super.after(delayMs > 1 ? delayMs - 0.6 : delayMs, callback);
  }
}

let telemetry: TapedPlays;
beforeEach(() => {
  telemetry = new TapedPlays();
});

function begin(clock: ManualClock, updateIntervalMs: number): PlayTracker {
  const tracker = new PlayTracker({ telemetry, clock, player_id: "p1", updateIntervalMs });
  see(tracker, "playing");
  return tracker;
}
const see = (tracker: PlayTracker, state: "playing" | "paused") =>
  tracker.see({ state, item: { key: "a", durationMs: 300_000, words: {} } });
const updates = () =>
  telemetry.plays
    .filter(({ report_type }) => report_type === "update")
    .map(({ ms_played, ms_paused }) => [ms_played, ms_paused]);

describe("updates of a play", () => {
  it("come while it sounds, at the interval that was asked for, and not while it is paused", async () => {
    const clock = new ManualClock();
    const tracker = begin(clock, 20_000);
    await clock.advance(65_000);
    see(tracker, "paused");
    await clock.advance(65_000);
    tracker.close();
    expect(updates()).toEqual([
      [20_000, 0],
      [40_000, 0],
      [60_000, 0],
    ]);
    expect(telemetry.plays[0]).toMatchObject({
      ended_at: null,
      play_id: telemetry.finals[0]!.play_id,
    });
    expect(telemetry.finals).toMatchObject([{ ms_played: 65_000, ms_paused: 65_000, reason_end: "unknown" }]);
    expect(clock.timers).toBe(0);
  });

  it("come at an interval that is no multiple of ten seconds, too", async () => {
    const clock = new ManualClock();
    begin(clock, 12_500);
    await clock.advance(40_000);
    expect(updates().map(([played]) => played)).toEqual([12_500, 25_000, 37_500]);
  });

  it("come every ten seconds, and never earlier, though timers fire a moment too early", async () => {
    const clock = new HastyClock();
    begin(clock, 10_000);
    const at: number[] = [];
    const play = telemetry.play.bind(telemetry);
    telemetry.play = (each) => {
      at.push(clock.now);
      return play(each);
    };
    await clock.advance(60_500);
    expect(at).toHaveLength(6);
    for (const [i, ms] of at.entries()) expect(ms - (at[i - 1] ?? 0)).toBeGreaterThanOrEqual(10_000);
  });

  it("after a long pause come within ten seconds", async () => {
    const clock = new ManualClock();
    const tracker = begin(clock, 15_000);
    await clock.advance(5_000);
    see(tracker, "paused");
    await clock.advance(60_000);
    see(tracker, "playing");
    await clock.advance(10_000);
    expect(updates()).toHaveLength(1);
  });
});
