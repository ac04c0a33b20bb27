import { beforeEach, describe, expect, it, vi } from "vitest";
import { ManualClock } from "../testing/manual-clock.ts";
import { TapedPlays } from "../testing/taped-plays.ts";
import { type AdapterOptions, PlayTracker } from "./play-tracker.ts";
import type { Item, Sighting } from "./sighting.ts";

let clock: ManualClock;
let telemetry: TapedPlays;
let tracker: PlayTracker;

beforeEach(() => {
  clock = new ManualClock();
  telemetry = new TapedPlays();
  tracker = begin();
});

/** A tracker whose player was silent when it came. */
function begin(more: Partial<AdapterOptions> = {}): PlayTracker {
  const made = new PlayTracker({ telemetry, clock, player_id: "p1", ...more });
  made.see({ state: "stopped", item: null });
  return made;
}

const track = (key: string, more: Partial<Item> = {}): Item => ({
  key,
  durationMs: 10_000,
  words: { title: key, source_type: "queue" },
  ...more,
});
const play = (key: string, more: Partial<Sighting> = {}, item: Partial<Item> = {}) =>
  tracker.see({ state: "playing", item: track(key, item), ...more });
const stop = () => tracker.see({ state: "stopped", item: null });

describe("a play's time", () => {
  it("is what sounded, without pauses and buffering, whatever was seeked", async () => {
    play("a", { positionMs: 0 });
    await clock.advance(2_000);
    play("a", { state: "paused", positionMs: 2_000 });
    await clock.advance(5_000);
    play("a", { state: "buffering", positionMs: 6_000 });
    await clock.advance(700);
    play("a", { positionMs: 6_000 });
    await clock.advance(1_000);
    play("a", { positionMs: 1_000 });
    await clock.advance(300);
    stop();
    expect(telemetry.plays).toHaveLength(1);
    expect(telemetry.plays[0]).toMatchObject({
      report_type: "final",
      started_at: "2025-11-22T19:49:00.000Z",
      ended_at: "2025-11-22T19:49:09.000Z",
      ms_played: 3_300,
      ms_paused: 5_000,
      ms_buffering: 700,
      position_start_ms: 0,
      position_end_ms: 1_300,
      duration_ms: 10_000,
      reason_start: "playbtn",
      reason_end: "endplay",
      reason_basis: "inferred",
      skipped: false,
      player_id: "p1",
    });
  });

  it("is the clock's, not the item's, at another rate, which only tells its end", async () => {
    play("a", { positionMs: 0, rate: 2 });
    await clock.advance(5_000);
    stop();
    expect(telemetry.plays[0]).toMatchObject({ ms_played: 5_000, reason_end: "trackdone" });
  });

  it("does not jump when the wall clock does", async () => {
    play("a", { positionMs: 0 });
    await clock.advance(1_000);
    clock.wall -= 86_400_000;
    await clock.advance(1_000);
    stop();
    expect(telemetry.plays[0]).toMatchObject({ ended_at: "2025-11-22T19:49:02.000Z", ms_played: 2_000 });
  });

  it("reaches back for a player that is believed late, but not into the play before", async () => {
    play("a", { positionMs: 0 });
    await clock.advance(10_000);
    stop();
    await clock.advance(1_000);
    play("b", { positionMs: 30_000, soundedMs: 30_000 }, { durationMs: 60_000 });
    await clock.advance(1_000);
    stop();
    expect(telemetry.plays[1]).toMatchObject({
      started_at: telemetry.plays[0]!.ended_at,
      ms_played: 2_000,
      position_start_ms: 29_000,
    });
  });
});

describe("the end of a play", () => {
  it.each([
    [8_499, "fwdbtn"],
    [8_500, "trackdone"],
    [11_500, "trackdone"],
    [11_501, "fwdbtn"],
  ])("after %i of 10,000 ms, when the next one comes, is %s", async (ms, reason_end) => {
    play("a", { positionMs: 0 }, { place: 0 });
    await clock.advance(ms);
    play("b", { positionMs: 0 }, { place: 1 });
    await clock.advance(100);
    stop();
    expect(telemetry.plays).toMatchObject([
      { reason_end },
      { reason_start: reason_end, reason_end: "endplay" },
    ]);
  });

  it.each([
    [{ place: 4 }, { place: 5 }, "fwdbtn"],
    [{ place: 4, nextPlace: 0 }, { place: 0 }, "fwdbtn"],
    [{ place: 4, nextPlace: 0 }, { place: 3 }, "backbtn"],
    [{ place: 4 }, { place: 9 }, "clickrow"],
    [{}, {}, "clickrow"],
    [{}, { words: { source_type: "radio" } }, "source_switch"],
  ] as const)("of an item that stands at %j, replaced by one at %j, is %s", async (from, to, reason_end) => {
    play("a", { positionMs: 0 }, from);
    await clock.advance(3_000);
    play("b", { positionMs: 0 }, to);
    expect(telemetry.plays).toMatchObject([{ reason_end, reason_basis: "inferred" }]);
  });

  it("may come earlier when the next one is faded in", async () => {
    play("a", { positionMs: 0, crossfadeMs: 3_000 });
    await clock.advance(7_000);
    play("b", { positionMs: 0, crossfadeMs: 3_000 });
    expect(telemetry.plays).toMatchObject([{ reason_end: "trackdone", position_end_ms: 10_000 }]);
  });

  it("is what was said, by the player or before by the application, for as long as that can be meant", async () => {
    play("a", { positionMs: 0 });
    tracker.because({ end: "remote", start: "remote", trigger: "voice" });
    await clock.advance(3_000);
    play("b", { positionMs: 0 }, { words: { source_type: "radio" } });
    await clock.advance(1_000);
    tracker.because({ end: "fwdbtn" });
    await clock.advance(3_001);
    tracker.see({ state: "stopped", item: null, because: { end: "trackerror" } });
    expect(telemetry.plays).toMatchObject([
      { reason_end: "remote", reason_basis: "reported" },
      { reason_start: "remote", reason_end: "trackerror", reason_basis: "reported" },
    ]);
    expect(telemetry.sources[1]).toMatchObject({ trigger: "voice", trigger_basis: "reported" });
  });

  it("is an unexpected exit when the player is gone, and the next play owes it nothing", async () => {
    play("a");
    tracker.lost();
    play("b", { positionMs: 60 });
    play("b", { state: "paused" });
    tracker.lost();
    tracker.lost();
    expect(telemetry.plays).toMatchObject([
      { reason_end: "unexpected-exit", reason_basis: "inferred" },
      { reason_start: "unknown", reason_end: "unexpected-exit-while-paused" },
    ]);
  });

  it("of a live stream is never its own", async () => {
    play("a", {}, { durationMs: null, livestream: true });
    await clock.advance(10_000);
    stop();
    expect(telemetry.plays[0]).toMatchObject({
      reason_end: "endplay",
      livestream: true,
      duration_ms: null,
      position_start_ms: null,
    });
  });
});

describe("an item at its beginning again", () => {
  const again = async (ms: number, repeat: Sighting["repeat"]) => {
    play("a", { positionMs: 0, repeat });
    await clock.advance(ms);
    play("a", { positionMs: 20, repeat });
    await clock.advance(1_000);
    stop();
    return telemetry.plays;
  };

  it.each(["one", "all", undefined] as const)(
    "where its end was due is played again, with repeat %s",
    async (repeat) => {
      expect(await again(9_900, repeat)).toMatchObject([
        { ms_played: 9_900, reason_end: "trackdone" },
        { ms_played: 1_000, reason_start: "trackdone", position_start_ms: 20 },
      ]);
    },
  );

  it("in its middle has been seeked", async () => {
    expect(await again(5_000, "one")).toMatchObject([{ ms_played: 6_000 }]);
  });

  it("without repeat has been seeked, even from its end", async () => {
    expect(await again(9_900, "off")).toMatchObject([{ ms_played: 10_900 }]);
  });
});

describe("the start of a play", () => {
  it("is when it first sounds; what never sounds is no play", async () => {
    play("a", { state: "buffering" });
    play("b", { state: "paused" });
    await clock.advance(4_000);
    tracker.see({ state: "stopped", item: track("b"), because: { end: "trackerror" } });
    stop();
    expect(telemetry.plays).toEqual([]);
    expect(telemetry.sources).toEqual([]);
  });

  it("is not known of a player that was playing when the tracker came", () => {
    tracker = new PlayTracker({ telemetry, clock, player_id: "p1" });
    play("a", { positionMs: 90_000 });
    stop();
    expect(telemetry.plays).toMatchObject([{ reason_start: "unknown", position_start_ms: 90_000 }]);
  });

  it.each([
    ["a", 5_000, 100, "playbtn"],
    ["b", 5_000, 100, "clickrow"],
    ["b", 10_000, 900, "trackdone"],
    ["b", 10_000, 1_100, "clickrow"],
  ])(
    "with %s, after a stop at %i and %i ms of silence, is %s",
    async (key, stopMs, silenceMs, reason_start) => {
      play("a", { positionMs: 0 });
      await clock.advance(stopMs);
      stop();
      await clock.advance(silenceMs);
      play(key, { positionMs: 0 });
      stop();
      expect(telemetry.plays[1]).toMatchObject({ reason_start });
    },
  );
});

describe("what the stream is told of a play", () => {
  it("never holds the key of the item, and no longer text than the vocabulary takes", () => {
    play(
      "http://anna:secret@192.0.2.7/a.flac?token=1",
      {},
      { words: { title: "x".repeat(5_000), artist: "" } },
    );
    stop();
    expect(telemetry.text).not.toMatch(/anna|secret|192|token/);
    expect(telemetry.plays[0]).toMatchObject({ title: "x".repeat(1_024), artist: null });
  });

  it("is lost with a word of trouble when it cannot be recorded, and the player never hears of it", () => {
    const onTrouble = vi.fn();
    tracker = begin({ onTrouble });
    play("a", {}, { words: { content_type: "song" as never } });
    stop();
    expect(onTrouble.mock.calls[0]![0]).toMatch(/an event of player p1 cannot be recorded/);
  });

  it("has the source whenever it is another one, and where the player stands", () => {
    play("a", {}, { evidence: "x-file-cifs" });
    play("b");
    tracker.move({ group_id: "g2" });
    play("c", {}, { words: { source_type: "radio", service: "tunein" } });
    stop();
    expect(telemetry.sources).toMatchObject([
      { from: { source_type: "idle" }, to: { source_type: "queue" }, evidence: "x-file-cifs" },
      { from: { source_type: "queue" }, to: { source_type: "radio", service: "tunein" }, group_id: "g2" },
    ]);
    expect(telemetry.finals.at(-1)).toMatchObject({ group_id: "g2", player_id: "p1" });
  });
});

it.each([
  [{ player_id: "" }, 'option player_id is ""'],
  [{ updateIntervalMs: 9_999 }, "option updateIntervalMs is 9999, expected 10000 or more"],
])("a tracker refuses %j", (more, message) => {
  expect(() => begin(more)).toThrow(message);
});
