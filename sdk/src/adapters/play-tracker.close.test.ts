import { describe, expect, it, vi } from "vitest";
import { ManualClock } from "../testing/manual-clock.ts";
import { TapedPlays } from "../testing/taped-plays.ts";
import { PlayTracker } from "./play-tracker.ts";
import type { Sighting } from "./sighting.ts";

function begin() {
  const clock = new ManualClock();
  const telemetry = new TapedPlays();
  const onTrouble = vi.fn();
  const tracker = new PlayTracker({ telemetry, clock, player_id: "p", updateIntervalMs: 10_000, onTrouble });
  return { clock, telemetry, onTrouble, tracker };
}
const playing = (key: string): Sighting => ({
  state: "playing",
  item: { key, durationMs: null, words: { title: key, source_type: "queue" } },
});

describe("a tracker that is closed", () => {
  it("opens no play, tells no source and has no timer, whatever it is shown", async () => {
    const { clock, telemetry, tracker } = begin();
    tracker.close();
    tracker.see(playing("a"));
    tracker.source({ source_type: "tv", service: null });
    tracker.regroup({ group_change: "joined", member_ids: ["b"] });
    tracker.move({ group_id: "g" });
    tracker.lost();
    tracker.close();
    await clock.advance(60_000);
    expect([...telemetry.plays, ...telemetry.sources]).toEqual([]);
    expect(tracker.current).toBeUndefined();
    expect(clock.timers).toBe(0);
  });

  it.each(["play", "source"] as const)("by whoever hears of its %s opens no further one", (kind) => {
    const { clock, telemetry, tracker } = begin();
    const record = telemetry[kind].bind(telemetry) as (event: never) => never;
    telemetry[kind] = (event: never) => {
      tracker.close();
      return record(event);
    };
    tracker.see(playing("a"));
    tracker.see(playing("b"));
    expect(telemetry.finals).toHaveLength(kind === "play" ? 1 : 0);
    expect(tracker.current).toBeUndefined();
    expect(clock.timers).toBe(0);
  });

  it("while an update is recorded has one final, no further update and no trouble", async () => {
    const { clock, telemetry, tracker, onTrouble } = begin();
    const play = telemetry.play.bind(telemetry);
    telemetry.play = (event) => {
      const result = play(event);
      if (event.report_type === "update") tracker.close();
      return result;
    };
    tracker.see(playing("a"));
    await clock.advance(60_000);
    expect(telemetry.plays.map(({ report_type }) => report_type)).toEqual(["update", "final"]);
    expect(clock.timers).toBe(0);
    expect(onTrouble).not.toHaveBeenCalled();
  });
});
