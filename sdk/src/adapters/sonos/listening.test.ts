import { beforeEach, describe, expect, it, vi } from "vitest";
import { didl, SonosListening } from "../../testing/sonos-listening.ts";

let sonos: SonosListening;
/** When the item began that the player answers of, by its own time. */
let begunMs: number;
beforeEach(() => {
  vi.stubEnv("SONOS_DISABLE_EVENTS", "1");
  sonos = new SonosListening();
  begunMs = sonos.clock.now;
  sonos.position = async () => ({
    RelTime: new Date(sonos.clock.now - begunMs).toISOString().slice(12, 19),
  });
  return () => vi.unstubAllEnvs();
});

const track = (place: number, more: Readonly<Record<string, string>> = {}) => ({
  TransportState: "PLAYING",
  CurrentPlayMode: "NORMAL",
  NumberOfTracks: "9",
  CurrentTrack: String(place),
  CurrentTrackURI: `x-sonos-http:${place}.mp4?sid=204`,
  CurrentTrackDuration: "0:03:00",
  CurrentTrackMetaData: didl(`Track ${place}`),
  ...more,
});

describe("a listener's tracks", () => {
  it("begin and end at places that are known, whether they follow one another or somebody puts them on", async () => {
    await sonos.notify({ ...track(1), TransportState: "STOPPED" });
    await sonos.notify({ ...track(1), TransportState: "TRANSITIONING" }, 300);
    begunMs = sonos.clock.now;
    await sonos.notify(track(1), 180_000);
    begunMs = sonos.clock.now;
    await sonos.notify(track(2), 60_000);
    await sonos.notify(track(2, { TransportState: "STOPPED" }));
    expect(sonos.end().plays).toMatchObject([
      { position_start_ms: 0, position_end_ms: 180_000, reason_end: "trackdone" },
      { position_start_ms: 0, position_end_ms: 60_000, reason_start: "trackdone", reason_end: "endplay" },
    ]);
  });

  it("that fade into each other end by themselves, though before their ends, and a skip before that is one", async () => {
    const CurrentCrossfadeMode = "1";
    for (const [place, ms] of [
      [1, 170_000],
      [2, 160_000],
      [3, 1_000],
    ] as const) {
      begunMs = sonos.clock.now;
      await sonos.notify(track(place, { CurrentCrossfadeMode }), ms);
    }
    expect(sonos.end().plays.map(({ reason_end }) => reason_end)).toEqual(["trackdone", "fwdbtn", "unknown"]);
  });

  it("are interrupted by an announcement, which is a play, and go on where they were, which is another one", async () => {
    await sonos.notify(track(3), 60_000);
    const bell = {
      ...track(1),
      CurrentTrackURI: "http://192.0.2.1/CANARY/bell.mp3",
      CurrentTrackDuration: "0:00:03",
      CurrentTrackMetaData: didl("Bell"),
    };
    await sonos.notify({ ...bell, TransportState: "STOPPED" });
    begunMs = sonos.clock.now;
    await sonos.notify(bell, 3_000);
    await sonos.notify({ ...bell, TransportState: "STOPPED" });
    await sonos.notify({ ...track(3), TransportState: "STOPPED" }, 2_000);
    begunMs = sonos.clock.now - 60_000;
    await sonos.notify(track(3), 30_000);
    expect(sonos.end().plays).toMatchObject([
      { title: "Track 3", ms_played: 60_000, reason_end: "endplay" },
      { title: "Bell", ms_played: 3_000, duration_ms: 3_000, reason_end: "trackdone" },
      { title: "Track 3", position_start_ms: 60_000, position_end_ms: 90_000 },
    ]);
    expect(sonos.telemetry.text).not.toContain("CANARY");
  });

  it("of a session that answers how long it has been going on end by themselves all the same", async () => {
    const uri = "x-sonos-vli:RINCON_CANARY:2,spotify:CANARY";
    const of = (title: string, CurrentTrackDuration: string) =>
      track(1, { CurrentTrackURI: uri, CurrentTrackMetaData: didl(title), CurrentTrackDuration });
    await sonos.notify(of("One", "0:02:00"), 120_000);
    await sonos.notify(of("Two", "0:05:00"), 300_000);
    await sonos.notify(of("Three", "0:05:00"), 1_000);
    expect(sonos.end().plays.map(({ reason_end }) => reason_end)).toEqual([
      "trackdone",
      "trackdone",
      "unknown",
    ]);
  });
});
