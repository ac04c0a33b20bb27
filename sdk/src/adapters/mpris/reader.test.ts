import { describe, expect, it } from "vitest";
import { track } from "../../testing/fake-bus.ts";
import { ManualClock } from "../../testing/manual-clock.ts";
import { TapedPlays } from "../../testing/taped-plays.ts";
import { PlayTracker } from "../play-tracker.ts";
import { MprisReader, type Properties } from "./reader.ts";

describe("what a player says of a track", () => {
  const seenOf = (metadata: Properties) =>
    new MprisReader("x").set({ PlaybackStatus: "Playing", Metadata: metadata }).item;

  it.each([
    ["/com/spotify/track/abc", "spotify:track:abc", "track"],
    ["spotify:episode:abc", "spotify:episode:abc", "episode"],
    ["/org/mpd/Tracks/1", null, "track"],
  ])("of the id %s has the public name %s", (id, item_uri, content_type) => {
    expect(seenOf(track(id))?.words).toMatchObject({ item_uri, content_type });
  });

  it.each(["/noplaylist", "/org/mpris/MediaPlayer2/TrackList/NoTrack"])(
    "is nothing when its id is %s",
    (id) => {
      expect(seenOf(track(id))).toBeNull();
    },
  );

  it("may be a station when it comes from the network without a length, and has no title that is its file's name", () => {
    const url = "https://example.com/CANARY%20live.mp3";
    const item = seenOf({ "mpris:trackid": "/1", "xesam:url": url, "xesam:title": "CANARY live.mp3" });
    expect(item).toMatchObject({
      livestream: false,
      evidence: "https",
      words: { title: null, content_type: "track", source_type: "queue" },
      ifLive: { title: null, content_type: "station", source_type: "radio" },
    });
    expect(seenOf(track("/1", { "xesam:title": "A", "xesam:artist": ["B", "C"] }))?.words).toMatchObject({
      title: "A",
      artist: "B, C",
    });
  });

  it.each([
    ["http://h/live/Jazz?name=/x/CANARY", "CANARY"],
    ["http://h/live/CANARY?t=1", "CANARY"],
    ["http://h/live?t=CANARY%20x%zz", "live?t=CANARY x%zz"],
    ["file:///home/anna/CANARY%2Fx.mp3", "CANARY/x.mp3"],
    ["", "/home/anna/CANARY.mp3"],
    ["", "http://anna:CANARY@h/a%20b"],
  ])("has no title that is a piece of its URI, as %s and %s", (url, title) => {
    const telemetry = new TapedPlays();
    const tracker = new PlayTracker({ telemetry, clock: new ManualClock(), player_id: "desk" });
    const Metadata = track("/1", { "xesam:url": url, "xesam:title": title });
    tracker.see(new MprisReader("x").set({ PlaybackStatus: "Playing", Metadata }));
    tracker.close();
    expect(telemetry.finals).toMatchObject([{ title: null }]);
  });

  it.each([-1n, 0n, 9_223_372_036_854_775_807n])(
    "may be live from the network with a length of %s",
    (length) => {
      const seen = seenOf({ "mpris:trackid": "/1", "xesam:url": "http://h/", "mpris:length": length });
      expect(seen).toMatchObject({ durationMs: null, ifLive: { source_type: "radio" } });
    },
  );

  it("is told from another one without an id by its URI, and without both by title and length", () => {
    expect(seenOf({ "xesam:url": "file:///a" })).not.toBeNull();
    expect(seenOf({ "xesam:title": "A" })).not.toBeNull();
    expect(seenOf({})).toBeNull();
    for (const id of ["", "/constant"]) {
      const reader = new MprisReader("x");
      const keyOf = (title: string, length: bigint, url = "") =>
        reader.change({
          Metadata: { "mpris:trackid": id, "xesam:url": url, "xesam:title": title, "mpris:length": length },
        }).item?.key;
      expect(keyOf("A", 10n, "file:///a")).toBe(keyOf("B", 11n, "file:///a"));
      // The length comes late, goes and comes again.
      const first = keyOf("A", 0n);
      expect([keyOf("A", 10n), keyOf("A", 0n), keyOf("A", 10n)]).toEqual([first, first, first]);
      const keys = [first, keyOf("A", 11n), keyOf("B", 11n), keyOf("A", 10n)];
      expect(new Set(keys).size).toBe(4);
      // The length is that of the track before at first.
      const next = keyOf("C", 10n);
      expect([keyOf("C", 10n), keyOf("C", 70n), keyOf("C", 70n)]).toEqual([next, next, next]);
      expect(keyOf("C", 80n)).not.toBe(next);
    }
  });

  const from = (url: string) => {
    const reader = new MprisReader("x");
    reader.set({ PlaybackStatus: "Playing" });
    return (lengthMs: number | null, more: Properties = {}) => {
      const length = lengthMs === null ? {} : { "mpris:length": BigInt(lengthMs) * 1_000n };
      return reader.change({ Metadata: { "mpris:trackid": "/1", "xesam:url": url, ...length, ...more } })
        .item!;
    };
  };

  it("is a station's where its length is told late, and short, and where its length grows", () => {
    const words = { source_type: "radio", content_type: "station" };
    const station = { durationMs: null, livestream: true, words };
    const [early, late] = [from("http://h/"), from("http://h/")];
    for (const lengthMs of [null, 338]) {
      expect(early(lengthMs)).toMatchObject({ durationMs: null, livestream: false, ifLive: words });
    }
    for (const lengthMs of [1_150, 2_381, 40_000]) expect(early(lengthMs)).toMatchObject(station);
    expect(late(90_000)).toMatchObject({ durationMs: 90_000, livestream: false });
    for (const lengthMs of [91_000, 92_000]) expect(late(lengthMs)).toMatchObject(station);
  });

  it("is a file's where its length is told late, or again, or once more", () => {
    const next = from("http://h/a.flac");
    expect(next(null)).toMatchObject({ durationMs: null, ifLive: { source_type: "radio" } });
    const file = { durationMs: 180_000, livestream: false, words: { source_type: "queue" } };
    for (const lengthMs of [180_000, null, 180_000]) {
      expect(next(lengthMs)).toMatchObject(file);
      expect(next(lengthMs)).not.toHaveProperty("ifLive");
    }
  });

  it("has the station's name for a title, and none where the titles are its songs", () => {
    const [named, songs, changing] = [from("http://h/"), from("http://h/"), from("http://h/")];
    expect(named(null, { "xesam:title": "Jazz FM" }).ifLive).toMatchObject({
      title: "Jazz FM",
      artist: null,
    });
    expect(songs(null, { "xesam:title": "So What", "xesam:artist": ["Miles"] }).ifLive).toMatchObject({
      title: null,
      artist: null,
    });
    changing(null, { "xesam:title": "Miles - So What" });
    expect(changing(null, { "xesam:title": "Bill - Peace Piece" }).ifLive?.title).toBeNull();
    expect(changing(null, { "xesam:title": "Miles - So What" }).ifLive?.title).toBeNull();
  });
});
