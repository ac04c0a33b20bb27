import { beforeEach, describe, expect, it, vi } from "vitest";
import { didl, SonosListening } from "../../testing/sonos-listening.ts";

let sonos: SonosListening;
beforeEach(() => {
  vi.stubEnv("SONOS_DISABLE_EVENTS", "1");
  sonos = new SonosListening();
  return () => vi.unstubAllEnvs();
});

const STOPPED = { TransportState: "STOPPED" };
/** What a player notifies of whenever its item changes. */
const on = (
  uri: string,
  metadata: string,
  duration: string,
  more: Readonly<Record<string, string>> = {},
) => ({
  TransportState: "PLAYING",
  CurrentPlayMode: "NORMAL",
  NumberOfTracks: "1",
  CurrentTrack: "1",
  CurrentTrackURI: uri,
  CurrentTrackDuration: duration,
  CurrentTrackMetaData: metadata,
  NextTrackURI: "",
  EnqueuedTransportURI: "",
  EnqueuedTransportURIMetaData: "",
  ...more,
});

describe("a session of another application, which has one address", () => {
  const airplay = "x-sonos-vli:RINCON_CANARY:1,airplay:CANARY";
  const connect = "x-sonos-vli:RINCON_CANARY:2,spotify:CANARY";

  it.each([
    ["AirPlay", airplay, "airplay", null],
    ["Spotify Connect", connect, "spotify_connect", "spotify"],
  ])("of %s is a play for each title", async (_, uri, source_type, service) => {
    for (const title of ["One", "Two", "Three"]) {
      await sonos.notify(on(uri, didl(title, "A"), "0:03:00", { AVTransportURI: uri }), 180_000);
    }
    await sonos.notify(STOPPED);
    const { plays, sources } = sonos.end();
    const whole = { ms_played: 180_000, duration_ms: 180_000, reason_end: "trackdone", source_type, service };
    expect(plays).toMatchObject([
      { ...whole, title: "One", content_type: "track", livestream: false },
      { ...whole, title: "Two", reason_start: "trackdone" },
      { ...whole, title: "Three" },
    ]);
    expect(sources).toMatchObject([{ change: `idle → ${source_type}`, service }]);
    expect(sonos.telemetry.text).not.toContain("CANARY");
  });

  it("is one play without a length where no title is told, however long", async () => {
    const untitled = didl(null, null, "audioBroadcast.live");
    await sonos.notify(on(airplay, untitled, "0:03:00"), 400_000);
    await sonos.notify(on(airplay, untitled, "0:03:00"), 400_000);
    await sonos.notify(STOPPED);
    expect(sonos.end().plays).toMatchObject([
      { ms_played: 800_000, title: null, duration_ms: null, livestream: true, reason_end: "endplay" },
    ]);
  });

  it("goes on with a track whose words come in bit by bit, or go while it is paused", async () => {
    await sonos.notify(on(airplay, didl(null), ""), 1_000);
    await sonos.notify(on(airplay, didl("One"), ""), 1_000);
    await sonos.notify(on(airplay, didl("One", "A"), "0:03:00"), 28_000);
    await sonos.notify({ ...on(airplay, didl(null), ""), TransportState: "PAUSED_PLAYBACK" }, 60_000);
    await sonos.notify(on(airplay, didl("One", "A"), "0:03:00"), 10_000);
    await sonos.notify(STOPPED);
    expect(sonos.end().plays).toMatchObject([
      { title: "One", artist: "A", ms_played: 40_000, ms_paused: 60_000, duration_ms: 180_000 },
    ]);
  });

  it("of titles, and then of something without one, is two plays; what comes late is a third", async () => {
    await sonos.notify(on(airplay, didl("One"), "0:03:00"), 30_000);
    await sonos.notify(on(airplay, didl(null), ""), 600_000);
    await sonos.notify(on(airplay, didl("One"), "0:03:00"), 30_000);
    const { plays } = sonos.end();
    expect(plays.map(({ title, ms_played, duration_ms }) => [title, ms_played, duration_ms])).toEqual([
      ["One", 30_000, 180_000],
      [null, 600_000, null],
      ["One", 30_000, 180_000],
    ]);
  });

  it("of another length when the next title comes has not the length of the one before", async () => {
    await sonos.notify(on(airplay, didl("One"), "0:03:00"), 30_000);
    await sonos.notify({ CurrentTrackMetaData: didl("Two") }, 30_000);
    expect(sonos.end().plays).toMatchObject([{ duration_ms: 180_000 }, { title: "Two", duration_ms: null }]);
  });

  it("plays on although its time stands still, and two pieces of one title by two people are two plays", async () => {
    sonos.position = async () => ({ RelTime: "0:00:01" });
    await sonos.notify(on(airplay, didl("Intro", "A"), "0:03:00"), 60_000);
    await sonos.notify(on(airplay, didl("Intro", "B"), "0:03:00"), 60_000);
    expect(sonos.end().plays).toMatchObject([
      { artist: "A", ms_played: 60_000, ms_buffering: 0 },
      { artist: "B", ms_played: 60_000 },
    ]);
  });

  it.each(["x-sonos-vli:RINCON_CANARY:2,spotify:CANARY", "x-rincon-queue:RINCON_CANARY#vli"])(
    "is no queue where its tracks have their own addresses and %s stands behind them",
    async (AVTransportURI) => {
      for (const id of ["a1", "b2"]) {
        const uri = `x-sonos-spotify:spotify%3atrack%3a${id}?sid=9&flags=8224&sn=7`;
        await sonos.notify(on(uri, didl(id), "0:03:00", { AVTransportURI }), 180_000);
      }
      await sonos.notify(
        on("x-file-cifs://CANARY/1", didl("Mine"), "0:03:00", {
          AVTransportURI: "x-rincon-queue:RINCON_CANARY#0",
        }),
      );
      const { plays, sources } = sonos.end();
      const source = { source_type: "spotify_connect", service: "spotify", reason_end: "trackdone" };
      expect(plays).toMatchObject([
        { ...source, item_uri: "spotify:track:a1" },
        { ...source, item_uri: "spotify:track:b2" },
        { source_type: "queue", item_uri: null },
      ]);
      expect(sources.map(({ change }) => change)).toEqual([
        "idle → spotify_connect",
        "spotify_connect → queue",
      ]);
      expect(sonos.telemetry.text).not.toContain("CANARY");
    },
  );

  it("tells Spotify's public name of a track that stands in its metadata only", async () => {
    const res = "x-sonos-spotify:spotify:track:a1?sid=12&flags=0&sn=4";
    await sonos.notify(on(connect, didl("One", "A", "musicTrack", res), "0:03:00"), 1_000);
    expect(sonos.end().plays).toMatchObject([{ item_uri: "spotify:track:a1" }]);
  });
});

describe("a station", () => {
  const STATION = "x-sonosapi-radio:ST%3a1?sid=236&flags=0&sn=1";
  const station = {
    AVTransportURI: STATION,
    EnqueuedTransportURI: STATION,
    EnqueuedTransportURIMetaData: didl("Washed Out Radio", null, "audioBroadcast"),
  };

  it.each([
    // What Pandora and Sonos Radio do.
    ["x-sonos-http:CANARY1.mp3?sid=236&sn=1", "x-sonos-http:CANARY2.mp4"],
    ["x-sonosapi-radio:CANARY1?sid=236", "x-sonosapi-radio:CANARY2"],
  ])(
    "that plays one track after another, as %s, is one source, and its tracks are plays",
    async (one, two) => {
      await sonos.notify(on(one, didl("P1", "A"), "0:03:00", station), 180_000);
      await sonos.notify(on("pndrradioad://CANARY", didl("Insurance"), "0:00:30", station), 30_000);
      await sonos.notify(on(two, didl("P2", "B"), "0:03:00", station), 60_000);
      await sonos.notify(on(one, didl("P1", "A"), "0:03:00", station), 1_000);
      await sonos.notify(STOPPED);
      const { plays, sources } = sonos.end();
      const of = {
        source_type: "radio",
        service: "sid:236",
        container_type: "station",
        container_name: "Washed Out Radio",
        livestream: false,
      };
      expect(plays).toMatchObject([
        {
          ...of,
          title: "P1",
          artist: "A",
          content_type: "track",
          duration_ms: 180_000,
          reason_end: "trackdone",
        },
        { ...of, title: "Insurance", content_type: "advertisement", reason_start: "trackdone" },
        // A station goes forward only.
        { ...of, title: "P2", content_type: "track", reason_end: "fwdbtn", skipped: true },
        { ...of, title: "P1", reason_end: "endplay" },
      ]);
      expect(sources).toMatchObject([{ change: "idle → radio", service: "sid:236" }]);
      expect(sonos.telemetry.text).not.toMatch(/CANARY|ST%3a/);
    },
  );

  it("that sends to everybody is one play, though it is played from another address after a while", async () => {
    const EnqueuedTransportURI = "x-sonosapi-stream:s1?sid=254&flags=8224&sn=0";
    const more = {
      EnqueuedTransportURI,
      EnqueuedTransportURIMetaData: didl("Jazz FM", null, "audioBroadcast"),
    };
    await sonos.notify(on("aac://https://CANARY/1", didl(null, null, "item"), "0:00:00", more), 60_000);
    await sonos.notify(on("aac://https://CANARY/2", didl("So What", "Miles"), "0:00:00", more), 60_000);
    await sonos.notify(on("hls-radio://https://CANARY/3", didl(null), "", more), 60_000);
    const { plays, sources } = sonos.end();
    expect(plays).toMatchObject([
      { title: "Jazz FM", content_type: "station", ms_played: 180_000, service: "tunein", duration_ms: null },
    ]);
    expect(sources).toHaveLength(1);
    expect(sonos.telemetry.text).not.toContain("CANARY");
  });

  it("is left by a queue that comes after it, and by the television", async () => {
    await sonos.notify(on("x-sonos-http:1.mp3", didl("P1"), "0:03:00", station), 1_000);
    const queue = { AVTransportURI: "x-rincon-queue:R#0", EnqueuedTransportURI: "x-rincon-cpcontainer:1" };
    await sonos.notify(on("x-sonos-http:2.mp3", didl("Mine"), "0:03:00", queue), 1_000);
    await sonos.notify(on("x-sonos-http:1.mp3", didl("P1"), "0:03:00", station), 1_000);
    // As some notify: only what is new.
    await sonos.notify(
      { AVTransportURI: "x-rincon-queue:R#0", CurrentTrackURI: "x-sonos-http:2.mp3" },
      1_000,
    );
    expect(sonos.end().plays.map(({ source_type }) => source_type)).toEqual([
      "radio",
      "queue",
      "radio",
      "queue",
    ]);
  });
});

it("a television's play has nothing of the song before it, whose words are not told to be gone", async () => {
  const song = {
    AVTransportURI: "x-rincon-queue:R#0",
    AVTransportURIMetaData: "",
    EnqueuedTransportURI: "x-rincon-cpcontainer:1",
    EnqueuedTransportURIMetaData: didl("My List", null, "playlistContainer"),
  };
  await sonos.notify(on("x-file-cifs://nas/1", didl("Song", "A"), "0:03:00", song), 20_000);
  await sonos.notify(on("x-sonos-htastream:R:spdif", "", "NOT_IMPLEMENTED"), 60_000);
  await sonos.notify(on("x-sonos-vli:R:1,airplay:1", "", ""), 60_000);
  const nothing = { title: null, artist: null, album: null, container_name: null, duration_ms: null };
  expect(sonos.end().plays).toMatchObject([
    { title: "Song", container_name: "My List" },
    { ...nothing, source_type: "tv", content_type: "unknown", livestream: true, ms_played: 60_000 },
    { ...nothing, source_type: "airplay" },
  ]);
});
