import { beforeEach, describe, expect, it, vi } from "vitest";
import { FakeBus, NAME, track } from "../../testing/fake-bus.ts";
import { ManualClock } from "../../testing/manual-clock.ts";
import { TapedPlays } from "../../testing/taped-plays.ts";
import type { Adapter } from "../play-tracker.ts";
import { followMpris } from "./mpris.ts";

describe("following a player on D-Bus", () => {
  let bus: FakeBus;
  let clock: ManualClock;
  let telemetry: TapedPlays;
  let adapter: Adapter;
  const onTrouble = vi.fn();
  beforeEach(() => {
    onTrouble.mockClear();
    bus = new FakeBus();
    clock = new ManualClock();
    telemetry = new TapedPlays();
  });
  const follow = async () => {
    adapter = followMpris({ telemetry, clock, player_id: "desk", bus, name: NAME, onTrouble });
    await clock.settle();
  };

  it("attaches to a player that plays, names it without its number, and lets go of it", async () => {
    bus.all = { PlaybackStatus: "Playing", Metadata: track("/1"), Position: 3_000_000n, Rate: 1 };
    await follow();
    await clock.advance(1_000);
    bus.player.emit("Seeked", 9_500_000n);
    await clock.advance(400);
    bus.change({ PlaybackStatus: "Stopped" });
    adapter.close();
    expect(telemetry.plays).toMatchObject([
      {
        service: "spotify",
        position_start_ms: 3_000,
        ms_played: 1_400,
        reason_start: "unknown",
        reason_end: "trackdone",
      },
    ]);
    expect(bus.properties.listenerCount("PropertiesChanged") + bus.player.listenerCount("Seeked")).toBe(0);
    expect(bus.names.listenerCount("NameOwnerChanged")).toBe(0);
    expect(telemetry.text).not.toMatch(/anna|CANARY/);
  });

  it("waits for a player that is not there, and for one that took its name too early", async () => {
    bus.isThere = false;
    await follow();
    bus.refusals = 2;
    bus.all = { PlaybackStatus: "Playing", Metadata: track("/1"), Position: 0n };
    await bus.owner(true);
    await clock.advance(1_000);
    adapter.close();
    expect(telemetry.plays).toHaveLength(1);
    expect(onTrouble).not.toHaveBeenCalled();
  });

  it("tells of a player that cannot be followed, once", async () => {
    bus.refusals = 20;
    await follow();
    await clock.advance(60_000);
    adapter.close();
    expect(onTrouble.mock.calls).toEqual([
      ["player spotify cannot be followed (no such object yet); trying again"],
    ]);
    expect(clock.timers).toBeLessThanOrEqual(1);
  });

  it("ends the play of a player that vanishes, and begins anew with the next", async () => {
    bus.all = { PlaybackStatus: "Playing", Metadata: track("/1"), Position: 0n };
    await follow();
    await clock.advance(1_000);
    await bus.owner(false);
    await clock.advance(5_000);
    await bus.owner(true);
    await clock.advance(1_000);
    adapter.close();
    expect(telemetry.plays).toMatchObject([
      { ms_played: 1_000, reason_end: "unexpected-exit" },
      { ms_played: 1_000, reason_start: "unknown", reason_end: "unknown" },
    ]);
  });

  it("that comes and goes while it is asked for is not waited for, and is followed when it comes again", async () => {
    bus.all = { PlaybackStatus: "Playing", Metadata: track("/1"), Position: 0n };
    // It was there when it was asked for, and is gone when the answer is read.
    bus.names.NameHasOwner = async () => {
      void bus.owner(false);
      bus.refusals = 20;
      return true;
    };
    await follow();
    await clock.advance(60_000);
    expect(onTrouble).not.toHaveBeenCalled();
    expect(clock.timers).toBe(0);
    bus.refusals = 0;
    await bus.owner(true);
    void bus.owner(false);
    void bus.owner(true);
    await clock.advance(1_000);
    adapter.close();
    expect(telemetry.plays).toMatchObject([{ ms_played: 1_000 }]);
    expect(bus.properties.listenerCount("PropertiesChanged")).toBe(0);
  });

  it("misses nothing that changes while it is asked what it does", async () => {
    bus.all = { PlaybackStatus: "Playing", Metadata: track("/1"), Position: 0n };
    const asked = bus.properties.GetAll;
    let times = 0;
    bus.properties.GetAll = async () => {
      times++;
      const answer = await asked();
      if (times === 1) {
        bus.all = { ...bus.all, PlaybackStatus: "Paused" };
        bus.change({ PlaybackStatus: "Paused" });
      }
      return answer;
    };
    await follow();
    await clock.advance(1_000);
    adapter.close();
    expect([times, telemetry.plays]).toEqual([2, []]);
  });

  it("has played a track twice that stands in its list twice", async () => {
    bus.all = { PlaybackStatus: "Playing", Metadata: track("/1"), Position: 0n };
    await follow();
    await clock.advance(1_000);
    bus.change({ Metadata: { ...track("/2"), "xesam:url": track("/1")["xesam:url"] } });
    await clock.advance(1_000);
    adapter.close();
    expect(telemetry.plays).toMatchObject([
      { ms_played: 1_000, reason_end: "clickrow" },
      { ms_played: 1_000 },
    ]);
  });

  it("believes a silent player when it has moved, and not when it has not", async () => {
    bus.all = { PlaybackStatus: "Stopped", Metadata: {}, Position: 0n };
    await follow();
    bus.change({ Metadata: track("/1") });
    bus.all = { PlaybackStatus: "Stopped", Metadata: track("/1"), Position: 380_000n };
    await clock.advance(1_000);
    bus.all = { PlaybackStatus: "Stopped", Metadata: track("/2"), Position: 0n };
    bus.change({ PlaybackStatus: "Stopped", Metadata: {} });
    bus.change({ Metadata: track("/2") });
    await clock.advance(5_000);
    adapter.close();
    expect(telemetry.plays).toMatchObject([
      { ms_played: 1_000, position_start_ms: 0, reason_start: "playbtn" },
    ]);
  });

  it("looks again at a silent player that takes its time, and not for ever", async () => {
    const all = { PlaybackStatus: "Stopped", Metadata: track("/1"), Position: 0n };
    bus.all = { PlaybackStatus: "Stopped", Metadata: {}, Position: 0n };
    await follow();
    bus.all = all;
    bus.change({ Metadata: track("/1") });
    await clock.advance(1_500);
    bus.all = { ...all, Position: 200_000n };
    await clock.advance(1_500);
    bus.all = { ...all, Metadata: track("/2") };
    bus.change({ PlaybackStatus: "Stopped", Metadata: {} });
    bus.change({ Metadata: track("/2") });
    await clock.advance(2_500);
    bus.all = { ...bus.all, Position: 200_000n };
    await clock.advance(2_500);
    adapter.close();
    expect(telemetry.plays).toMatchObject([{ ms_played: 1_800, position_start_ms: 0 }]);
  });

  it("looks where a loop is when its end is due, because nobody says so", async () => {
    bus.all = { PlaybackStatus: "Playing", LoopStatus: "Track", Metadata: track("/1"), Position: 0n };
    await follow();
    await clock.advance(10_000);
    bus.all = { ...bus.all, Position: 250_000n };
    await clock.advance(1_000);
    adapter.close();
    expect(telemetry.plays).toMatchObject([
      { ms_played: 10_250, reason_end: "trackdone", repeat: "one" },
      { ms_played: 750, reason_start: "trackdone" },
    ]);
  });

  it("tells of a bus that cannot be used", async () => {
    vi.spyOn(bus, "getProxyObject").mockRejectedValue(new Error("closed"));
    await follow();
    expect(onTrouble.mock.calls).toEqual([["the bus cannot be used (closed)"]]);
  });
});
