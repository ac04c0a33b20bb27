import { beforeEach, describe, expect, it, vi } from "vitest";
import { FakeBus, NAME, track } from "../../testing/fake-bus.ts";
import { ManualClock } from "../../testing/manual-clock.ts";
import { TapedPlays } from "../../testing/taped-plays.ts";
import type { Adapter } from "../play-tracker.ts";
import { followMpris } from "./mpris.ts";
import type { Properties } from "./reader.ts";

describe("a player on D-Bus", () => {
  let bus: FakeBus;
  let clock: ManualClock;
  let telemetry: TapedPlays;
  let adapter: Adapter;
  let asked: number;
  const onTrouble = vi.fn();
  beforeEach(() => {
    onTrouble.mockClear();
    bus = new FakeBus();
    clock = new ManualClock();
    telemetry = new TapedPlays();
    asked = 0;
  });
  const follow = async (all: Properties) => {
    bus.all = all;
    adapter = followMpris({ telemetry, clock, player_id: "desk", bus, name: NAME, onTrouble });
    await clock.settle();
    const ask = bus.properties.GetAll;
    bus.properties.GetAll = async () => {
      asked++;
      return ask();
    };
  };
  const change = (changed: Properties, invalidated: readonly string[] = []) => {
    bus.all = { ...bus.all, ...changed };
    bus.change(changed, invalidated);
  };
  const finals = () => {
    adapter.close();
    return telemetry.finals;
  };

  it.each([
    ["that does not say where it is", {}, 2],
    ["that says it is nowhere", { Position: -1n }, 6],
    ["that says where it was before", { Position: 37_000_000n }, 6],
    ["that stands at the beginning", { Position: 0n }, 6],
  ])(
    "%s does not play what it has loaded, and is asked a few times at most",
    async (_, position, questions) => {
      await follow({ PlaybackStatus: "Stopped", ...position });
      change({ Metadata: track("/1") });
      await clock.advance(600_000);
      expect([finals(), telemetry.sources, asked]).toEqual([[], [], questions]);
    },
  );

  it("that refuses to say what it does does not play what it has loaded", async () => {
    await follow({ PlaybackStatus: "Stopped", Position: 0n });
    bus.properties.GetAll = async () => {
      throw new Error("no");
    };
    change({ Metadata: track("/1") });
    await clock.advance(600_000);
    expect(finals()).toEqual([]);
  });

  it("whose file from the network has its length a moment late plays no radio", async () => {
    await follow({ PlaybackStatus: "Stopped" });
    const { "mpris:length": _, ...early } = track("/1", { "xesam:url": "https://pod.example/CANARY.mp3" });
    change({ PlaybackStatus: "Playing", Metadata: track("/0") });
    await clock.advance(5_000);
    change({ Metadata: early });
    await clock.advance(200);
    change({ Metadata: { ...early, "mpris:length": 60_000_000n } });
    await clock.advance(30_000);
    expect(finals()).toMatchObject([
      { reason_end: "clickrow", source_type: "queue" },
      { ms_played: 30_200, duration_ms: 60_000, reason_start: "clickrow", source_type: "queue" },
    ]);
    expect(telemetry.sources).toMatchObject([{ to: { source_type: "queue" } }]);
  });

  it("that says only that something has changed is asked what", async () => {
    await follow({ PlaybackStatus: "Playing", Metadata: track("/1"), Position: 0n });
    await clock.advance(3_000);
    bus.all = { PlaybackStatus: "Playing", Metadata: track("/2"), Position: 0n };
    bus.change({}, ["Metadata"]);
    bus.change({}, ["Position"]);
    await clock.advance(2_000);
    bus.all = { PlaybackStatus: "Stopped" };
    bus.change({}, ["PlaybackStatus"]);
    await clock.advance(60_000);
    expect(finals()).toMatchObject([
      { ms_played: 3_000, reason_end: "clickrow" },
      { ms_played: 2_000, position_start_ms: 0, reason_end: "endplay" },
    ]);
    // Two at a time are one more.
    expect(asked).toBe(3);
  });

  it("that has nothing on between two tracks has gone from one to the other", async () => {
    await follow({ PlaybackStatus: "Playing", Metadata: track("/1"), Position: 0n });
    await clock.advance(3_000);
    change({ Metadata: {} });
    await clock.advance(50);
    change({ Volume: 0.5 });
    bus.player.emit("Seeked", 0n);
    await clock.advance(50);
    change({ Metadata: track("/2") });
    await clock.advance(2_000);
    expect(finals()).toMatchObject([
      { ms_played: 3_000, ms_buffering: 100, reason_end: "clickrow" },
      { ms_played: 2_000, reason_start: "clickrow" },
    ]);
  });

  it("that has nothing on for a second, and says that it plays, does not", async () => {
    await follow({ PlaybackStatus: "Playing", Metadata: track("/1"), Position: 0n });
    await clock.advance(3_000);
    change({ Metadata: {} });
    await clock.advance(5_000);
    expect(finals()).toMatchObject([{ ms_played: 3_000, ms_buffering: 1_000, reason_end: "endplay" }]);
  });

  it("that has nothing on any more when it stops has stopped", async () => {
    await follow({ PlaybackStatus: "Playing", Metadata: track("/1"), Position: 0n });
    await clock.advance(3_000);
    change({ Metadata: {} });
    await clock.advance(20);
    change({ PlaybackStatus: "Stopped" });
    expect(telemetry.finals).toMatchObject([{ ms_played: 3_000, reason_end: "endplay" }]);
    adapter.close();
  });

  it.each(["Paused", "Stopped"])(
    "that puts a track on while it is %s begins it at its beginning",
    async (PlaybackStatus) => {
      await follow({ PlaybackStatus, Metadata: track("/1"), Position: 7_000_000n });
      change({ Metadata: track("/2") });
      await clock.advance(50);
      change({ PlaybackStatus: "Playing" });
      await clock.advance(2_000);
      expect(finals()).toMatchObject([{ ms_played: 2_000, position_start_ms: 0, position_end_ms: 2_000 }]);
    },
  );

  it("that loops a list of one track plays it each time", async () => {
    await follow({ PlaybackStatus: "Playing", LoopStatus: "Playlist", Metadata: track("/1"), Position: 0n });
    await clock.advance(10_000);
    bus.player.emit("Seeked", 0n);
    // The next round is not signalled.
    await clock.advance(10_000);
    bus.all = { ...bus.all, Position: 250_000n };
    await clock.advance(1_000);
    expect(finals()).toMatchObject([
      { ms_played: 10_000, reason_end: "trackdone", repeat: "all" },
      { ms_played: 10_250, reason_start: "trackdone", reason_end: "trackdone" },
      { ms_played: 750, reason_start: "trackdone" },
    ]);
  });

  it("that does not answer any more is lost when its track is due to end, and plays anew when it does", async () => {
    await follow({ PlaybackStatus: "Playing", Metadata: track("/1"), Position: 0n });
    let answer: ((all: unknown) => void) | undefined;
    const ask = bus.properties.GetAll;
    bus.properties.GetAll = () => new Promise((resolve) => (answer = resolve as never));
    await clock.advance(20_249);
    expect(telemetry.finals).toEqual([]);
    await clock.advance(1);
    expect(telemetry.finals).toMatchObject([
      { ms_played: 10_250, ms_buffering: 10_000, reason_end: "unexpected-exit" },
    ]);
    expect(onTrouble.mock.calls).toEqual([["player spotify does not answer; waiting for it"]]);
    await clock.advance(3_600_000);
    bus.properties.GetAll = ask;
    bus.all = { ...bus.all, Position: 4_000_000n };
    answer!(await ask());
    await clock.advance(1_000);
    expect(finals().slice(1)).toMatchObject([
      { ms_played: 1_000, position_start_ms: 4_000, reason_start: "unknown" },
    ]);
  });

  it("that plays without an end is asked once a minute whether it is still there", async () => {
    const endless = { ...track("/1"), "mpris:length": 0n };
    await follow({ PlaybackStatus: "Playing", Metadata: endless, Position: 0n });
    await clock.advance(180_000);
    expect(asked).toBe(3);
    expect(finals()).toMatchObject([{ ms_played: 180_000, reason_end: "unknown" }]);
    expect(onTrouble).not.toHaveBeenCalled();
  });

  it("that says, when it is asked whether it is there, that it has stopped has stopped", async () => {
    await follow({ PlaybackStatus: "Playing", Metadata: track("/1"), Position: 0n });
    bus.all = { PlaybackStatus: "Stopped", Metadata: track("/1") };
    await clock.advance(3_600_000);
    expect(finals()).toMatchObject([{ ms_played: 10_250, reason_end: "trackdone" }]);
  });

  it("that refuses an answer is asked again later", async () => {
    await follow({ PlaybackStatus: "Playing", Metadata: track("/1"), Position: 0n });
    const ask = bus.properties.GetAll;
    bus.properties.GetAll = async () => {
      bus.properties.GetAll = ask;
      throw new Error("busy");
    };
    bus.all = { PlaybackStatus: "Stopped", Metadata: track("/1") };
    await clock.advance(3_600_000);
    const [{ ms_played } = { ms_played: Number.NaN }] = finals();
    expect(ms_played).toBeLessThan(71_000);
  });

  it("that never answers one question is asked others when it is heard of again", async () => {
    await follow({ PlaybackStatus: "Playing", Metadata: track("/1"), Position: 0n });
    const ask = bus.properties.GetAll;
    bus.properties.GetAll = () => new Promise(() => undefined);
    await clock.advance(30_000);
    bus.properties.GetAll = ask;
    change({ PlaybackStatus: "Playing", Metadata: track("/2"), Position: 0n });
    bus.all = { PlaybackStatus: "Stopped", Metadata: track("/2") };
    await clock.advance(3_600_000);
    expect(finals()).toMatchObject([{ reason_end: "unexpected-exit" }, { ms_played: 10_250 }]);
  });
});
