import { beforeEach, describe, expect, it } from "vitest";
import { ManualClock } from "../../testing/manual-clock.ts";
import { TapedPlays } from "../../testing/taped-plays.ts";
import { TransportFollower } from "./follower.ts";
import type { PositionInfo } from "./questions.ts";

let clock: ManualClock;
let telemetry: TapedPlays;
let answer: () => Promise<PositionInfo | undefined>;

beforeEach(() => {
  clock = new ManualClock();
  telemetry = new TapedPlays();
  answer = async () => undefined;
});

const follow = () =>
  new TransportFollower(
    { telemetry, clock, player_id: "p" },
    {
      trusts: true,
      ask: () => answer(),
    },
  );
const playing = (uri: string, duration = "0:03:00") => ({
  TransportState: "PLAYING",
  CurrentTrackURI: uri,
  CurrentTrackDuration: duration,
});
const at = (seconds: number): PositionInfo => ({ RelTime: `0:00:${String(seconds).padStart(2, "0")}` });

describe("a transport that calls itself playing", () => {
  it("has played an item twice when it was its own next one", async () => {
    const transport = follow();
    transport.change({ ...playing("http://a/1", "0:00:10"), NextAVTransportURI: "http://a/1" });
    await clock.advance(9_500);
    transport.change({ NextAVTransportURI: "" });
    await clock.advance(1_000);
    transport.close();
    // Announced before it sounded.
    expect(telemetry.plays).toMatchObject([
      { ms_played: 10_000, reason_end: "trackdone" },
      { ms_played: 500, reason_start: "trackdone" },
    ]);
  });

  it("goes on when its next item, the same one, is taken away", async () => {
    const transport = follow();
    transport.change({ ...playing("http://a/1", "0:00:10"), NextAVTransportURI: "http://a/1" });
    await clock.advance(5_000);
    transport.change({ NextAVTransportURI: "" });
    await clock.advance(1_000);
    transport.close();
    expect(telemetry.plays).toMatchObject([{ ms_played: 6_000, reason_end: "unknown" }]);
  });

  it.each([
    ["REPEAT_ONE", 2],
    ["NOT_IMPLEMENTED", 2],
    [undefined, 2],
    ["REPEAT_ALL", 2],
    ["NORMAL", 1],
  ])("in mode %s, and at the only item's beginning again, has %i plays", async (CurrentPlayMode, plays) => {
    const transport = follow();
    const startedMs = clock.now;
    answer = async () => at(Math.floor((clock.now - startedMs) / 1_000) % 12);
    const mode = CurrentPlayMode === undefined ? {} : { CurrentPlayMode };
    transport.change({ ...playing("http://a/1", "0:00:12"), ...mode, NumberOfTracks: "1" });
    for (let step = 0; step < 150; step++) await clock.advance(100);
    transport.close();
    expect(telemetry.plays).toHaveLength(plays);
    expect(telemetry.plays[0]!.ms_played).toBeLessThanOrEqual(plays === 1 ? 15_000 : 12_500);
  });

  it("repeats an item that is at its beginning again from its end, if it repeats one", async () => {
    const transport = follow();
    let startedMs = 0;
    answer = async () => at(Math.floor((clock.now - startedMs) / 1_000) % 12);
    startedMs = clock.now;
    transport.change({ ...playing("http://a/1", "0:00:12"), CurrentPlayMode: "REPEAT_ONE" });
    for (let step = 0; step < 300; step++) await clock.advance(100);
    transport.close();
    expect(telemetry.plays).toMatchObject([
      { reason_end: "trackdone" },
      { reason_start: "trackdone", reason_end: "trackdone" },
      { reason_start: "trackdone", reason_end: "unknown" },
    ]);
  });

  const inQueue = (CurrentTrack: number, NumberOfTracks: number) => ({
    ...playing("x-file-cifs://a/1", "0:00:10"),
    CurrentTrack,
    NumberOfTracks,
  });

  it("has played a track twice that stands in its queue twice, at its end and in its middle", async () => {
    const transport = follow();
    let startedMs = clock.now;
    answer = async () => at(Math.floor((clock.now - startedMs) / 1_000));
    transport.change(inQueue(1, 9));
    await clock.advance(10_000);
    startedMs = clock.now;
    transport.change(inQueue(2, 9));
    await clock.advance(5_000);
    startedMs = clock.now;
    transport.change(inQueue(3, 9));
    await clock.advance(4_000);
    startedMs = clock.now;
    transport.change(inQueue(2, 9));
    await clock.advance(2_000);
    // Too early for its time to tell, and too soon for an answer.
    transport.change(inQueue(7, 9));
    transport.change({ TransportState: "STOPPED" });
    expect(telemetry.plays).toMatchObject([
      { ms_played: 10_000, reason_end: "trackdone" },
      { ms_played: 5_000, reason_start: "trackdone", reason_end: "fwdbtn" },
      { ms_played: 4_000, reason_start: "fwdbtn", reason_end: "backbtn", position_start_ms: 0 },
      { ms_played: 2_000, reason_start: "backbtn", reason_end: "clickrow" },
      { ms_played: 0, reason_start: "clickrow", reason_end: "endplay" },
    ]);
  });

  it("has played a track once whose queue was changed around it, which its time tells, or the queue's length", async () => {
    const transport = follow();
    answer = async () => at(Math.floor(clock.now / 1_000));
    transport.change(inQueue(1, 9));
    await clock.advance(1_000);
    transport.change(inQueue(2, 10));
    await clock.advance(3_000);
    transport.change(inQueue(5, 10));
    await clock.advance(1_000);
    answer = async () => undefined;
    transport.change(inQueue(4, 9));
    await clock.advance(2_000);
    transport.close();
    expect(telemetry.plays).toMatchObject([{ ms_played: 7_000, reason_end: "unknown" }]);
    expect(clock.timers).toBe(0);
  });
});
