import { EventEmitter } from "node:events";
import { beforeEach, describe, expect, it, vi } from "vitest";
import { ManualClock } from "../../testing/manual-clock.ts";
import { TapedPlays } from "../../testing/taped-plays.ts";
import type { Adapter } from "../play-tracker.ts";
import { followMpris } from "./mpris.ts";
import { MprisReader, type Properties } from "./reader.ts";

const NAME = "org.mpris.MediaPlayer2.spotify.instance42";
const variant = (value: unknown): unknown => ({ signature: "?", value });
/** As D-Bus has them: variants, and in the metadata variants again. */
const variants = (properties: Properties) =>
  Object.fromEntries(
    Object.entries(properties).map(([name, value]) => [
      name,
      variant(
        name === "Metadata"
          ? Object.fromEntries(Object.entries(value as object).map(([key, each]) => [key, variant(each)]))
          : value,
      ),
    ]),
  );
const track = (id: string, more: Properties = {}) => ({
  "mpris:trackid": id,
  "mpris:length": 10_000_000n,
  "xesam:url": `file:///home/anna/CANARY/${id}.flac`,
  ...more,
});

/** A bus with at most one player on it. */
class FakeBus {
  readonly names = Object.assign(new EventEmitter(), { NameHasOwner: async () => this.isThere });
  properties = this.#newProperties();
  player = new EventEmitter();
  isThere = true;
  refusals = 0;
  all: Properties = {};

  async getProxyObject(name: string) {
    if (name !== "org.freedesktop.DBus" && this.refusals-- > 0) throw new Error("no such object yet");
    return {
      getInterface: (of: string): unknown => {
        if (of === "org.freedesktop.DBus") return this.names;
        return of.endsWith(".Properties") ? this.properties : this.player;
      },
    };
  }

  change(changed: Properties): void {
    this.properties.emit("PropertiesChanged", "org.mpris.MediaPlayer2.Player", variants(changed), []);
  }

  async owner(isThere: boolean): Promise<void> {
    this.properties = this.#newProperties();
    this.player = new EventEmitter();
    this.names.emit("NameOwnerChanged", NAME, "", isThere ? ":1.7" : "");
  }

  #newProperties() {
    return Object.assign(new EventEmitter(), { GetAll: async () => variants(this.all) });
  }
}

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

  it("is a station when it comes from the network without a length, and has no title that is its file's name", () => {
    const url = "https://example.com/CANARY%20live.mp3";
    const words = seenOf({ "mpris:trackid": "/1", "xesam:url": url, "xesam:title": "CANARY live.mp3" });
    expect(words).toMatchObject({
      livestream: true,
      evidence: "https",
      words: { title: null, content_type: "station", source_type: "radio" },
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
  ])("has no title that is a piece of its URI, as %s and %s", async (url, title) => {
    const bus = new FakeBus();
    const telemetry = new TapedPlays();
    const clock = new ManualClock();
    const Metadata = track("/1", { "xesam:url": url, "xesam:title": title });
    bus.all = { PlaybackStatus: "Playing", Metadata, Position: 0n };
    const adapter = followMpris({ telemetry, clock, player_id: "desk", bus, name: NAME });
    await clock.settle();
    adapter.close();
    expect(telemetry.finals).toMatchObject([{ title: null }]);
  });

  it.each([-1n, 0n, 9_223_372_036_854_775_807n])("is live from the network with a length of %s", (length) => {
    const seen = seenOf({ "mpris:trackid": "/1", "xesam:url": "http://h/", "mpris:length": length });
    expect(seen).toMatchObject({ durationMs: null, livestream: true });
  });

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
    }
  });
});
