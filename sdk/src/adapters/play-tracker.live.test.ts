import { beforeEach, describe, expect, it } from "vitest";
import { ManualClock } from "../testing/manual-clock.ts";
import { TapedPlays } from "../testing/taped-plays.ts";
import { PlayTracker } from "./play-tracker.ts";
import type { Sighting } from "./sighting.ts";

let clock: ManualClock;
let telemetry: TapedPlays;
let tracker: PlayTracker;
let note: string | undefined;

beforeEach(async () => {
  clock = new ManualClock();
  telemetry = new TapedPlays();
  note = undefined;
  const notes = {
    left: async () => [],
    keep: async (text: string | undefined) => {
      note = text;
    },
  };
  tracker = new PlayTracker({ telemetry, clock, player_id: "p", notes });
  tracker.see({ state: "stopped", item: null });
  await clock.settle();
});

/** From the network, of which the player says no more than a length, or none. */
const far = (key: string, durationMs: number | null = null, more: Partial<Sighting> = {}) =>
  tracker.see({
    state: "playing",
    item: {
      key,
      durationMs,
      place: 1,
      words: { title: key, content_type: "track", source_type: "queue" },
      ifLive: { title: "Jazz FM", content_type: "station", source_type: "radio" },
    },
    ...more,
  });
const near = (key: string) =>
  tracker.see({
    state: "playing",
    item: { key, durationMs: 60_000, place: 0, words: { title: key, source_type: "queue" } },
  });
const told = () => telemetry.sources.map(({ to }) => to.source_type);

describe("what comes from the network", () => {
  it("is a file when a length is told in time, and has never been anything else", async () => {
    near("a");
    await clock.advance(5_000);
    far("b");
    await clock.advance(200);
    far("b", 180_000);
    await clock.advance(30_000);
    far("c");
    await clock.advance(2_900);
    far("c", 90_000);
    tracker.close();
    expect(telemetry.finals).toMatchObject([
      { title: "a", reason_end: "fwdbtn", source_type: "queue" },
      { title: "b", ms_played: 30_200, duration_ms: 180_000, reason_start: "fwdbtn", reason_end: "clickrow" },
      { title: "c", duration_ms: 90_000, livestream: false, reason_start: "clickrow", content_type: "track" },
    ]);
    expect(told()).toEqual(["queue"]);
  });

  it("is a live stream when it has sounded for 3 s without a length, and was the source from its beginning", async () => {
    near("a");
    await clock.advance(5_000);
    far("b", null, { state: "buffering" });
    await clock.advance(700);
    far("b");
    const begun = new Date(clock.wall).toISOString();
    await clock.advance(2_000);
    far("b", null, { state: "paused" });
    await clock.advance(60_000);
    far("b");
    await clock.advance(900);
    expect(told()).toEqual(["queue"]);
    await clock.advance(100);
    expect(told()).toEqual(["queue", "radio"]);
    expect(telemetry.sources[1]).toMatchObject({ from: { source_type: "queue" }, occurred_at: begun });
    near("c");
    tracker.close();
    expect(telemetry.finals).toMatchObject([
      // What it ended for was not known when it ended.
      { title: "a", ms_played: 5_000, reason_end: "fwdbtn" },
      {
        title: "Jazz FM",
        content_type: "station",
        livestream: true,
        ms_played: 3_000,
        reason_start: "fwdbtn",
        reason_end: "source_switch",
      },
      { title: "c", reason_start: "source_switch" },
    ]);
  });

  it("ends the item before it as another source, if it turns out to be one within 10 s", async () => {
    near("a");
    await clock.advance(5_000);
    far("b");
    await clock.advance(2_900);
    expect(telemetry.finals).toEqual([]);
    await clock.advance(100);
    expect(telemetry.finals).toMatchObject([
      { title: "a", ms_played: 5_000, reason_end: "source_switch", skipped: false },
    ]);
    near("c");
    expect(telemetry.finals[1]).toMatchObject({ reason_start: "source_switch" });
  });

  it("is neither when it ends before it can be known, and its source is not told", async () => {
    far("b");
    await clock.advance(2_000);
    tracker.see({ state: "stopped", item: null });
    expect(telemetry.finals).toMatchObject([
      { title: "b", ms_played: 2_000, source_type: "unknown", content_type: "unknown", livestream: false },
    ]);
    expect(told()).toEqual([]);
  });

  it("is what it was known as, whatever is told later", async () => {
    far("b");
    await clock.advance(3_000);
    far("b", 90_000);
    await clock.advance(1_000);
    far("c", 90_000);
    await clock.advance(1_000);
    far("c");
    await clock.advance(10_000);
    tracker.close();
    expect(telemetry.finals).toMatchObject([
      { livestream: true, duration_ms: null, ms_played: 4_000 },
      { livestream: false, duration_ms: 90_000, ms_played: 11_000 },
    ]);
    expect(told()).toEqual(["radio", "queue"]);
  });

  it("is known at once when the player is already far in it", () => {
    far("b", null, { positionMs: 3_600_000 });
    expect(told()).toEqual(["radio"]);
  });

  it.each([
    ["never sounds", 10_000, () => undefined],
    ["is lost", 1_000, () => tracker.lost()],
    ["is stopped with the adapter", 1_000, () => tracker.close()],
  ])("does not hold back the final before it when it %s", async (_, afterMs, act) => {
    near("a");
    await clock.advance(5_000);
    far("b", null, { state: "buffering" });
    await clock.advance(afterMs);
    act();
    expect(telemetry.finals).toMatchObject([{ title: "a", ms_played: 5_000, reason_end: "fwdbtn" }]);
    tracker.close();
    expect(telemetry.finals).toHaveLength(1);
  });

  it("leaves the final before it in the note until it is told, and then has its own there", async () => {
    near("a");
    await clock.advance(5_000);
    far("b");
    await clock.advance(2_000);
    expect(JSON.parse(note!)).toMatchObject({ open: { title: "a", ms_played: 5_000, reason_end: "fwdbtn" } });
    await clock.advance(2_000);
    expect(JSON.parse(note!)).toMatchObject({
      open: { title: "Jazz FM", reason_end: "unexpected-exit", reason_start: "source_switch" },
    });
  });

  it("has its own in the note as soon as the final before it is told, although it is paused", async () => {
    near("a");
    await clock.advance(5_000);
    far("b");
    await clock.advance(2_000);
    far("b", null, { state: "paused" });
    await clock.advance(8_500);
    expect(telemetry.finals).toMatchObject([{ title: "a" }]);
    expect(JSON.parse(note!)).toMatchObject({
      open: { ms_played: 2_000, reason_end: "unexpected-exit-while-paused" },
    });
  });

  it("holds the final before it for 10 s at most, however often it is looked at", async () => {
    near("a");
    await clock.advance(5_000);
    for (let s = 0; s < 10; s++) {
      far("b", null, { state: s === 0 ? "playing" : "buffering" });
      expect(telemetry.finals).toEqual([]);
      await clock.advance(1_000);
    }
    expect(telemetry.finals).toMatchObject([{ title: "a", ms_played: 5_000 }]);
  });

  it("is no play when consent is denied meanwhile, nor is what is held", async () => {
    near("a");
    await clock.advance(5_000);
    far("b");
    telemetry.consent = "denied";
    telemetry.tell("drop", { reason: "consent" });
    await clock.advance(30_000);
    tracker.close();
    expect(telemetry.plays).toEqual([]);
  });
});

describe("what is behind the clock, and was left alone", () => {
  const item = { key: "a", durationMs: 600_000, words: { title: "a", source_type: "queue" as const } };
  const at = (positionMs: number, more: Partial<Sighting> = {}) =>
    tracker.see({ state: "playing", item, positionMs, ...more });

  it("has stood still for so long; where it may have been sought, nobody knows", async () => {
    at(1_000);
    await clock.advance(60_000);
    at(2_000, { isUntouched: true });
    await clock.advance(10_000);
    at(3_000);
    tracker.close();
    expect(telemetry.finals).toMatchObject([
      { ms_played: 11_000, ms_buffering: 59_000, position_start_ms: 1_000, position_end_ms: 3_000 },
    ]);
  });

  it("is as late as answers are when that is less than a second", async () => {
    at(0);
    await clock.advance(10_000);
    at(9_100, { isUntouched: true });
    tracker.close();
    expect(telemetry.finals).toMatchObject([{ ms_played: 10_000, ms_buffering: 0, position_end_ms: 9_100 }]);
  });

  it("has sounded for no less than an update told", async () => {
    const own = new PlayTracker({ telemetry, clock, player_id: "q", updateIntervalMs: 10_000 });
    own.see({ state: "playing", item, positionMs: 0 });
    await clock.advance(15_000);
    own.see({ state: "playing", item, positionMs: 2_000, isUntouched: true });
    own.close();
    expect(telemetry.plays).toMatchObject([
      { report_type: "update", ms_played: 10_000 },
      { report_type: "final", ms_played: 10_000, ms_buffering: 5_000 },
    ]);
  });
});
