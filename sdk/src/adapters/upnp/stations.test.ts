import { beforeEach, describe, expect, it } from "vitest";
import { ManualClock } from "../../testing/manual-clock.ts";
import { TapedPlays } from "../../testing/taped-plays.ts";
import { TransportFollower } from "./follower.ts";

const didl = (title: string, kind: string) =>
  `<DIDL-Lite><item><dc:title>${title}</dc:title><upnp:class>object.item.audioItem.${kind}</upnp:class></item></DIDL-Lite>`;
const on = (name: string, CurrentTrackMetaData = "") => ({
  TransportState: "PLAYING",
  CurrentTrackURI: `http://a/${name}`,
  CurrentTrackMetaData,
});

let clock: ManualClock;
let telemetry: TapedPlays;
let transport: TransportFollower;
let begunMs: number;
let length: string | undefined;

beforeEach(() => {
  clock = new ManualClock();
  telemetry = new TapedPlays();
  begunMs = 0;
  length = undefined;
  const ask = async () => ({
    TrackDuration: length,
    RelTime: `0:00:${String(Math.floor((clock.now - begunMs) / 1_000)).padStart(2, "0")}`,
  });
  transport = new TransportFollower({ telemetry, clock, player_id: "p" }, { trusts: false, ask });
});
const put = async (variables: object, notified?: string) => {
  begunMs = clock.now;
  transport.change({ ...variables });
  await clock.advance(200);
  if (notified !== undefined) transport.change({ CurrentTrackDuration: notified });
  await clock.advance(4_800);
};

describe("a station on a renderer, between two files", () => {
  it.each([
    ["by what the control point says they are", "musicTrack", "audioBroadcast"],
    // Before one of them has sounded for a while nobody can know.
    ["by their lengths", undefined, undefined],
  ])("is another source, %s", async (_, track, broadcast) => {
    const reason_end = "source_switch";
    const words = (title: string, kind: string | undefined) => (kind === undefined ? "" : didl(title, kind));
    await put(on("1", words("One", track)), "0:00:20");
    await put(on("radio", words("Jazz FM", broadcast)));
    await put(on("2", words("Two", track)), "0:00:20");
    transport.close();
    expect(telemetry.plays).toMatchObject([
      { ms_played: 5_000, source_type: "queue", reason_end, livestream: false, duration_ms: 20_000 },
      { ms_played: 5_000, source_type: "radio", reason_end, livestream: true, duration_ms: null },
      { ms_played: 5_000, source_type: "queue", livestream: false, duration_ms: 20_000 },
    ]);
    expect(telemetry.sources.map(({ to }) => to.source_type)).toEqual(["queue", "radio", "queue"]);
  });

  it("keeps its name when the renderer puts what it plays in its place, and has none of that", async () => {
    await put(on("radio", didl("Jazz FM", "audioBroadcast")));
    transport.change({ CurrentTrackMetaData: didl("So What", "musicTrack") });
    await put(on("other"));
    transport.change({ CurrentTrackMetaData: didl("Peace Piece", "musicTrack") });
    transport.close();
    expect(telemetry.plays).toMatchObject([
      { title: "Jazz FM", content_type: "station" },
      { title: null, content_type: "station" },
    ]);
  });

  it("is none whose length comes while it has not sounded for long", async () => {
    await put(on("1"), "0:00:20");
    begunMs = clock.now;
    transport.change(on("2"));
    await clock.advance(2_500);
    transport.change({ CurrentTrackDuration: "0:30:00" });
    await clock.advance(5_000);
    transport.close();
    expect(telemetry.plays).toMatchObject([
      { source_type: "queue", reason_end: "clickrow" },
      { source_type: "queue", duration_ms: 1_800_000, reason_start: "clickrow", livestream: false },
    ]);
    expect(telemetry.sources).toHaveLength(1);
  });

  it("is none that is as long as the file before it, which is not notified of", async () => {
    await put(on("1"), "0:00:20");
    length = "0:00:20";
    await put(on("2"));
    transport.close();
    expect(telemetry.plays).toMatchObject([
      { source_type: "queue", duration_ms: 20_000 },
      { source_type: "queue", duration_ms: 20_000 },
    ]);
  });
});

describe("the words of a file", () => {
  const words = (title: string, uri: string) =>
    didl(title, "musicTrack").replace("</item>", `<res duration="0:03:00">${uri}</res></item>`);

  it("may be told before its address, and go with the file before it where none are told", async () => {
    await put(on("1", words("One", "http://a/1")), "0:03:00");
    transport.change({ CurrentTrackMetaData: words("Two", "http://a/2") });
    await put({ CurrentTrackURI: "http://a/2" }, "0:03:00");
    await put({ CurrentTrackURI: "http://a/3" }, "0:03:00");
    await put(
      {
        AVTransportURI: "http://a/4",
        AVTransportURIMetaData: didl("Four", "musicTrack"),
        CurrentTrackURI: "http://a/4",
      },
      "0:03:00",
    );
    transport.close();
    expect(telemetry.plays.slice(1).map(({ title }) => title)).toEqual(["Two", null, "Four"]);
  });
});
