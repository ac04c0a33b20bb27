import { beforeEach, describe, expect, it } from "vitest";
import { ManualClock } from "../../testing/manual-clock.ts";
import { TapedPlays } from "../../testing/taped-plays.ts";
import { TransportFollower } from "./follower.ts";
import type { PositionInfo } from "./questions.ts";

let clock: ManualClock;
let telemetry: TapedPlays;
let answer: () => Promise<PositionInfo | undefined>;
let lost: number;

beforeEach(() => {
  clock = new ManualClock();
  telemetry = new TapedPlays();
  answer = async () => undefined;
  lost = 0;
});

const follow = (trusts: boolean) =>
  new TransportFollower(
    { telemetry, clock, player_id: "p" },
    {
      trusts,
      ask: () => answer(),
      onLost: () => {
        lost++;
      },
    },
  );
const playing = (uri: string, duration = "0:03:00") => ({
  TransportState: "PLAYING",
  CurrentTrackURI: uri,
  CurrentTrackDuration: duration,
});
const at = (seconds: number): PositionInfo => ({ RelTime: `0:00:${String(seconds).padStart(2, "0")}` });

describe("a transport that calls itself playing", () => {
  it("is believed when its time passes, and has played since it said so", async () => {
    const transport = follow(false);
    let seconds = 0;
    answer = async () => at(seconds);
    transport.change({ TransportState: "PLAYING", CurrentTrackURI: "http://a/1" });
    await clock.advance(2_500);
    expect(telemetry.sources).toEqual([]);
    seconds = 2;
    await clock.advance(500);
    transport.close();
    expect(telemetry.plays).toMatchObject([
      { ms_played: 3_000, reason_start: "playbtn", source_type: "radio" },
    ]);
  });

  it("and stands still for five seconds buffers, until its time passes again", async () => {
    const transport = follow(true);
    let seconds = 5;
    answer = async () => at(seconds);
    transport.change(playing("http://a/1"));
    await clock.advance(1);
    await clock.advance(9_999);
    seconds = 9;
    await clock.advance(5_000);
    transport.close();
    expect(telemetry.plays).toMatchObject([{ ms_played: 5_000, ms_buffering: 10_000 }]);
  });

  it.each(["x-rincon-stream:RINCON_1", "x-sonos-htastream:RINCON_1:spdif"])(
    "sounds, though the time of %s stands still",
    async (uri) => {
      const transport = follow(true);
      answer = async () => at(0);
      transport.change({ TransportState: "PLAYING", CurrentTrackURI: uri });
      await clock.advance(60_000);
      transport.close();
      expect(telemetry.plays).toMatchObject([{ ms_played: 60_000, ms_buffering: 0 }]);
    },
  );

  it("has not jumped because of what it said of the item before, or of the next one", async () => {
    const transport = follow(true);
    let answered: (info: PositionInfo) => void = () => undefined;
    answer = () =>
      new Promise((resolve) => {
        answered = resolve;
      });
    transport.change(playing("http://a/1", "0:00:20"));
    await clock.advance(5_000);
    transport.change(playing("http://a/2", "0:00:20"));
    answered({ RelTime: "0:00:18" });
    await clock.advance(19_500);
    transport.position({ RelTime: "0:00:00", TrackURI: "http://a/3" });
    transport.change(playing("http://a/3", "0:00:20"));
    transport.close();
    expect(telemetry.plays[1]).toMatchObject({ ms_played: 19_500, reason_end: "trackdone" });
  });

  it("is not proved to sound an item by an answer that speaks of the one before", async () => {
    const transport = follow(false);
    let answered: (info: PositionInfo) => void = () => undefined;
    answer = () =>
      new Promise((resolve) => {
        answered = resolve;
      });
    transport.change({ TransportState: "PLAYING", CurrentTrackURI: "http://a/1" });
    await clock.advance(1_000);
    transport.change({ CurrentTrackURI: "http://a/404" });
    answered({ RelTime: "0:00:18" });
    await clock.advance(1_000);
    transport.close();
    expect(telemetry.plays).toEqual([]);
  });

  it("ends by itself when it was seeked to near its end just before", async () => {
    const transport = follow(true);
    let info = at(0);
    answer = async () => info;
    transport.change(playing("http://a/1", "0:00:50"));
    await clock.advance(7_000);
    info = at(48);
    transport.change({ TransportState: "TRANSITIONING" });
    transport.change({ TransportState: "PLAYING" });
    await clock.advance(2_000);
    transport.change(playing("http://a/2"));
    transport.close();
    expect(telemetry.plays[0]).toMatchObject({ reason_end: "trackdone" });
  });

  it("began where it says when it was on already, whether its length is told before or not", async () => {
    for (const told of [false, true]) {
      const transport = follow(false);
      answer = async () => at(40);
      const { CurrentTrackDuration, ...rest } = playing("http://a/1");
      const length = told ? { CurrentTrackMetaData: { Duration: "0:03:00" } } : { CurrentTrackDuration };
      transport.change({ ...rest, ...length });
      await clock.advance(1_000);
      transport.close();
    }
    expect(telemetry.plays).toMatchObject([{ position_start_ms: 40_000 }, { position_start_ms: 40_000 }]);
  });

  it("is asked in time when it notifies something every second", async () => {
    const transport = follow(true);
    let asks = 0;
    answer = async () => {
      asks++;
      return undefined;
    };
    transport.change(playing("http://a/1"));
    for (let second = 1; second <= 20; second++) {
      await clock.advance(1_000);
      transport.change({ NumberOfTracks: String(second) });
    }
    transport.close();
    expect(asks).toBe(5);
    expect(clock.timers).toBe(0);
  });

  it("and does not answer three times is lost, which is told once", async () => {
    const transport = follow(true);
    transport.change(playing("http://a/1"));
    await clock.advance(1_000);
    answer = () => Promise.reject(new Error("gone"));
    await clock.advance(60_000);
    transport.close();
    expect(telemetry.plays).toMatchObject([{ reason_end: "unexpected-exit" }]);
    expect(lost).toBe(1);
    expect(clock.timers).toBe(0);
  });

  it("with an item announced early goes on to it when the one before it has ended, or when it says more", async () => {
    const transport = follow(true);
    transport.change(playing("http://a/1", "0:00:10"));
    await clock.advance(9_000);
    transport.change({ CurrentTrackURI: "http://a/2" });
    await clock.advance(600);
    transport.change({ TransportState: "STOPPED" });
    expect(telemetry.plays).toMatchObject([{ ms_played: 9_600, reason_end: "trackdone" }, { ms_played: 0 }]);
  });

  it("with the alarm running was started by it", async () => {
    const transport = follow(true);
    transport.change({ ...playing("x-rincon-mp3radio://CANARY"), AlarmRunning: true });
    transport.close();
    expect(telemetry.plays).toMatchObject([{ reason_start: "alarm" }]);
    expect(telemetry.sources).toMatchObject([{ trigger: "alarm", trigger_basis: "reported" }]);
    expect(telemetry.text).not.toContain("CANARY");
  });

  it("with the alarm running for long goes on by itself", async () => {
    const transport = follow(true);
    const alarm = {
      TransportState: "TRANSITIONING",
      CurrentTrackURI: "x-file-cifs://a/1",
      AlarmRunning: true,
    };
    transport.change(alarm);
    transport.change({ ...playing("x-file-cifs://a/1", "0:00:10"), AlarmRunning: true });
    await clock.advance(10_000);
    transport.change({ ...playing("x-file-cifs://a/2"), AlarmRunning: true });
    transport.close();
    expect(telemetry.plays).toMatchObject([{ reason_start: "alarm" }, { reason_start: "trackdone" }]);
  });

  it("goes forward to what it said comes next, in any order", async () => {
    const transport = follow(true);
    transport.change({
      ...playing("x-file-cifs://a/1"),
      NextTrackURI: "x-file-cifs://a/7",
      CurrentPlayMode: "SHUFFLE_NOREPEAT",
    });
    await clock.advance(3_000);
    transport.change(playing("x-file-cifs://a/7"));
    transport.close();
    expect(telemetry.plays[0]).toMatchObject({ reason_end: "fwdbtn", shuffle: true, repeat: "off" });
  });
});

it("a player that follows another has no plays, whatever it answers and whoever joins, until it plays itself", async () => {
  const transport = follow(true);
  let asks = 0;
  answer = async () => {
    asks++;
    return at(0);
  };
  transport.change({ TransportState: "PLAYING", CurrentTrackURI: "x-rincon:RINCON_CANARY" });
  transport.regroup([{ id: "g", coordinator: "b", members: ["a", "b"] }], "a");
  transport.position(at(7));
  await clock.advance(60_000);
  transport.regroup([{ id: "g", coordinator: "b", members: ["a", "b", "c"] }], "a");
  await clock.advance(60_000);
  expect(asks).toBe(0);
  transport.change(playing("x-file-cifs://a/1"));
  await clock.advance(1_000);
  transport.close();
  expect(telemetry.plays).toMatchObject([{ source_type: "queue", ms_played: 1_000 }]);
  expect(telemetry.text).not.toContain("CANARY");
});
