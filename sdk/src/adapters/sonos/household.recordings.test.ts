import { readFileSync } from "node:fs";
import { join } from "node:path";
import { SonosDevice } from "@svrooij/sonos";
import { beforeEach, describe, expect, it, vi } from "vitest";
import { ManualClock } from "../../testing/manual-clock.ts";
import { TapedPlays } from "../../testing/taped-plays.ts";
import type { Adapter } from "../play-tracker.ts";
import { TransportFollower } from "../upnp/follower.ts";
import { changesIn, textOf } from "../upnp/xml.ts";
import { followSonos } from "./sonos.ts";

const read = (name: string) =>
  readFileSync(join(import.meta.dirname, "../../testing/recordings/sonos", name), "utf8");
const escaped = (text: string) =>
  text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;");
const SPOTIFY = "sonos_upnp_notify_sonos-device-notification_12.xml";

let clock: ManualClock;
let telemetry: TapedPlays;
beforeEach(() => {
  // Nothing is subscribed to.
  vi.stubEnv("SONOS_DISABLE_EVENTS", "1");
  clock = new ManualClock();
  telemetry = new TapedPlays();
  return () => vi.unstubAllEnvs();
});

/** A player of the household, followed. */
function follow(uuid: string): { device: SonosDevice; adapter: Adapter; hear: (topology: string) => void } {
  const device = new SonosDevice("192.0.2.2", 1_400, uuid);
  vi.spyOn(device.AVTransportService, "GetPositionInfo").mockResolvedValue({} as never);
  const adapter = followSonos({ telemetry, clock, device, player_id: "room" });
  const hear = (topology: string) =>
    device.ZoneGroupTopologyService.ParseEvent(
      `<e:propertyset><e:property>${topology}</e:property></e:propertyset>`,
    );
  return { device, adapter, hear };
}

describe("a household of Sonos players, as it was recorded", () => {
  it("of a stereo pair is one room, and of two rooms two", async () => {
    const { device, adapter, hear } = follow("RINCON_FFFFFFFFFFFFFFFF0");
    hear(read("sonos_soap_zone-group.GroupState.ChannelMapSet.stereo.xml"));
    device.AVTransportService.ParseEvent(read(SPOTIFY));
    await clock.advance(1_000);
    hear(read("sonos_soap_zone-group.GroupState.ChannelMapSet.normal.xml"));
    await clock.advance(1_000);
    hear(read("sonos_soap_zone-group.GroupState.ChannelMapSet.stereo.xml"));
    adapter.close();
    // The group is the same one all the time, and so is the play.
    expect(telemetry.plays).toMatchObject([
      { ms_played: 2_000, group_id: "RINCON_FFFFFFFFFFFFFFFF0:123456789" },
    ]);
    expect(telemetry.sources.slice(1)).toMatchObject([
      { group_change: "joined", member_ids: ["RINCON_FFFFFFFFFFFFFFFF0", "RINCON_FFFFFFFF000000000"] },
      { group_change: "left", member_ids: ["RINCON_FFFFFFFFFFFFFFFF0"] },
    ]);
    expect(telemetry.text).not.toMatch(/192\.0|Office|Kitchen|Living/);
  });

  it.each([
    ["sonos_soap_zone-group.GroupState.xml", "RINCON_00DEAD00000701400", "RINCON_00DEAD00000601400:63"],
    ["soco_zonegroupstate.xml", "RINCON_00DEAD00000E01400", "RINCON_00DEAD00000E01400:107"],
    // Firmware of 2015, which the library does not parse: nobody knows its groups.
    ["jishi_zonegroupstate.xml", "RINCON_00000000000001400", undefined],
  ])("as %s says has the player in its group", (name, uuid, group_id) => {
    const { device, adapter, hear } = follow(uuid);
    const text = read(name);
    if (text.startsWith("<e:")) device.ZoneGroupTopologyService.ParseEvent(text);
    else hear(text.includes("&lt;ZoneGroup") ? text : `<ZoneGroupState>${escaped(text)}</ZoneGroupState>`);
    device.AVTransportService.ParseEvent(read(SPOTIFY));
    adapter.close();
    expect(telemetry.finals.map((play) => play.group_id)).toEqual([group_id]);
    expect(telemetry.text).not.toMatch(/192\.0/);
  });
});

describe("what else a Sonos player notifies of", () => {
  it.each([
    "sonos_upnp_notify_alarm-clock_01.xml",
    "sonos_upnp_notify_audio-in_02.xml",
    "sonos_upnp_notify_connection-manager_04.xml",
    "sonos_upnp_notify_device-properties_05.xml",
    "sonos_upnp_notify_ht-control_06.xml",
    "sonos_upnp_notify_music-services_07.xml",
    "sonos_upnp_notify_queue_08.xml",
    "sonos_upnp_notify_rendering-control_09.xml",
    "sonos_upnp_notify_system-properties_10.xml",
    "jishi_queuechange.xml",
    "jishi_favoritechange.xml",
    "jishi_renderingcontrollastchange.xml",
  ])("as in %s is nothing to a play, even if it came with its transport's notifications", async (name) => {
    const transport = new TransportFollower(
      { telemetry, clock, player_id: "room" },
      { trusts: true, ask: async () => undefined },
    );
    transport.change(changesIn(read(SPOTIFY))!);
    const before = JSON.stringify(telemetry.sources);
    await clock.advance(1_000);
    transport.change(changesIn(read(name)) ?? {});
    await clock.advance(1_000);
    transport.close();
    expect(telemetry.plays).toMatchObject([{ title: "Survive", ms_played: 2_000, reason_end: "unknown" }]);
    expect(JSON.stringify(telemetry.sources)).toBe(before);
  });

  it("without a word of the track, as sonos_upnp_notify_av-transport_03.xml, is no play by itself, and changes the modes of one", async () => {
    const { device, adapter } = follow("RINCON_a");
    device.AVTransportService.ParseEvent(read("sonos_upnp_notify_av-transport_03.xml"));
    await clock.advance(1_000);
    expect(telemetry.plays).toEqual([]);
    device.AVTransportService.ParseEvent(read(SPOTIFY));
    adapter.close();
    expect(telemetry.plays).toMatchObject([{ title: "Survive", shuffle: true, repeat: "all" }]);
  });
});

it.each([
  ["jishi_getpositioninfo.xml", 142_000, 202_000],
  ["sonos_soap_GetPositionInfo_01.xml", 138_000, 238_000],
])("an answer such as %s tells where a track is that is joined", async (name, positionMs, durationMs) => {
  const body = read(name);
  const [TrackURI, RelTime, TrackDuration] = ["TrackURI", "RelTime", "TrackDuration"].map((each) =>
    textOf(body, each),
  );
  const transport = new TransportFollower(
    { telemetry, clock, player_id: "room" },
    { trusts: false, ask: async () => ({ RelTime, TrackURI, TrackDuration }) },
  );
  transport.change({
    TransportState: "PLAYING",
    CurrentTrackURI: TrackURI,
    CurrentTrackMetaData: textOf(body, "TrackMetaData"),
  });
  await clock.advance(2_000);
  transport.close();
  expect(telemetry.plays).toMatchObject([
    { position_start_ms: positionMs, duration_ms: durationMs, service: "spotify", content_type: "track" },
  ]);
  expect(telemetry.text).not.toMatch(/sn=|flags=|getaa/);
});
