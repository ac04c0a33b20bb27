import { describe, expect, it } from "vitest";
import { ManualClock } from "../testing/manual-clock.ts";
import { TapedPlays } from "../testing/taped-plays.ts";
import { PlayTracker } from "./play-tracker.ts";
import type { Sighting } from "./sighting.ts";

const item = { key: "a", durationMs: 600_000, words: { title: "a", source_type: "queue" } } as const;
const playing: Sighting = { state: "playing", item, positionMs: 0 };
const stopped: Sighting = { state: "stopped", item: null };

function begin() {
  const clock = new ManualClock();
  const telemetry = new TapedPlays();
  const tracker = new PlayTracker({ telemetry, clock, player_id: "p" });
  tracker.see(playing);
  return { clock, telemetry, tracker };
}

describe("a play during which consent is denied", () => {
  it("has no final; what goes on after the grant is a new play, of its own time only", async () => {
    const { clock, telemetry, tracker } = begin();
    const denied = tracker.current;
    await clock.advance(5_000);
    telemetry.consent = "denied";
    await clock.advance(60_000);
    expect(denied).toBeDefined();
    expect(tracker.current).toBeUndefined();
    telemetry.consent = "granted";
    await clock.advance(10_000);
    expect(tracker.current).toBeDefined();
    await clock.advance(3_000);
    tracker.see(stopped);
    expect(telemetry.plays).toHaveLength(1);
    expect(telemetry.plays[0]).toMatchObject({ reason_start: "unknown", position_start_ms: null });
    expect(telemetry.plays[0]!.ms_played).toBeGreaterThanOrEqual(3_000);
    expect(telemetry.plays[0]!.ms_played).toBeLessThanOrEqual(13_000);
  });

  it("ends at once when events are dropped for it", () => {
    const { telemetry, tracker, clock } = begin();
    telemetry.consent = "denied";
    telemetry.tell("drop", { reason: "consent" });
    expect(tracker.current).toBeUndefined();
    tracker.close();
    expect(clock.timers).toBe(0);
    expect(telemetry.listeners).toEqual([]);
    expect(telemetry.plays).toEqual([]);
  });

  it("reaches back into no time in which it was", async () => {
    const { clock, telemetry, tracker } = begin();
    telemetry.consent = "denied";
    await clock.advance(60_000);
    tracker.see(playing);
    telemetry.consent = "granted";
    await clock.advance(1_000);
    tracker.see({ ...playing, soundedMs: 60_000 });
    tracker.see(stopped);
    expect(telemetry.plays).toMatchObject([{ ms_played: 1_000 }]);
  });

  it("goes on while consent is pending, because what is recorded then waits", async () => {
    const { clock, telemetry, tracker } = begin();
    telemetry.consent = "pending";
    await clock.advance(20_000);
    telemetry.consent = "granted";
    tracker.see(stopped);
    expect(telemetry.plays).toMatchObject([{ ms_played: 20_000 }]);
  });

  it("is not begun again by a player that is gone, or that stopped meanwhile", async () => {
    for (const leave of [(t: PlayTracker) => t.lost(), (t: PlayTracker) => t.see(stopped)]) {
      const { clock, telemetry, tracker } = begin();
      telemetry.consent = "denied";
      await clock.advance(20_000);
      leave(tracker);
      telemetry.consent = "granted";
      await clock.advance(30_000);
      expect(tracker.current).toBeUndefined();
      expect(clock.timers).toBe(0);
    }
  });
});
