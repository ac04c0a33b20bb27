import { beforeEach, describe, expect, it } from "vitest";
import { ManualClock } from "../testing/manual-clock.ts";
import { TapedPlays } from "../testing/taped-plays.ts";
import { PlayTracker } from "./play-tracker.ts";
import type { Sighting } from "./sighting.ts";

let clock: ManualClock;
let telemetry: TapedPlays;
let tracker: PlayTracker;

beforeEach(() => {
  clock = new ManualClock();
  telemetry = new TapedPlays();
  tracker = new PlayTracker({ telemetry, clock, player_id: "p1" });
  tracker.see({ state: "stopped", item: null });
});

const play = (key: string, more: Partial<Sighting> = {}) =>
  tracker.see({
    state: "playing",
    item: { key, durationMs: 60_000, words: { title: key, source_type: "queue" } },
    ...more,
  });
const stop = (more: Partial<Sighting> = {}) => tracker.see({ state: "stopped", item: null, ...more });

describe("what the application says of a change", () => {
  it("holds for the word it was said of, and the other is concluded", () => {
    tracker.because({ start: "alarm" });
    play("a");
    tracker.because({ start: "remote" });
    play("b");
    tracker.because({ end: "fwdbtn" });
    play("c");
    expect(telemetry.plays).toMatchObject([
      { reason_start: "alarm", reason_end: "clickrow", reason_basis: "inferred" },
      { reason_start: "remote", reason_end: "fwdbtn", reason_basis: "reported" },
    ]);
    tracker.close();
    // The end of the one is how the next one begins.
    expect(telemetry.plays[2]).toMatchObject({ reason_start: "fwdbtn", reason_basis: "inferred" });
  });

  it("may be said in two parts", () => {
    play("a");
    tracker.because({ end: "backbtn" });
    tracker.because({ start: "remote", trigger: "voice" });
    play("b");
    stop();
    expect(telemetry.plays).toMatchObject([
      { reason_end: "backbtn", reason_basis: "reported" },
      { reason_start: "remote" },
    ]);
  });

  it("is worth more than what a player's adapter concluded, and less than what the player said", () => {
    play("a");
    tracker.because({ end: "fwdbtn", start: "fwdbtn" });
    play("b", { because: { end: "trackerror", start: "autoplay", basis: "inferred" } });
    tracker.because({ end: "fwdbtn" });
    stop({ because: { end: "trackdone" } });
    expect(telemetry.plays).toMatchObject([
      { reason_end: "fwdbtn", reason_basis: "reported" },
      { reason_start: "fwdbtn", reason_end: "trackdone", reason_basis: "reported" },
    ]);
  });

  it("makes nothing reported that was not said", () => {
    play("a");
    tracker.because({ start: "remote" });
    stop({ because: { end: "group_change", basis: "inferred" } });
    expect(telemetry.plays).toMatchObject([{ reason_end: "group_change", reason_basis: "inferred" }]);
  });
});

it("an item that begins once more is another play, wherever it was", async () => {
  play("a", { positionMs: 0 });
  await clock.advance(20_000);
  play("a", { positionMs: 0, isAnew: true });
  await clock.advance(1_000);
  stop();
  expect(telemetry.plays).toMatchObject([
    { ms_played: 20_000, reason_end: "clickrow" },
    { ms_played: 1_000, reason_start: "clickrow", position_start_ms: 0 },
  ]);
});
