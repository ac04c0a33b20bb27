import { readFileSync } from "node:fs";
import { join } from "node:path";
import { SonosDevice } from "@svrooij/sonos";
import { beforeEach, describe, expect, it, vi } from "vitest";
import { ManualClock } from "../../testing/manual-clock.ts";
import { TapedPlays } from "../../testing/taped-plays.ts";
import type { Adapter } from "../play-tracker.ts";
import { followSonos, type SonosPlayer } from "./sonos.ts";

const read = (name: string) =>
  readFileSync(join(import.meta.dirname, "../../testing/recordings/sonos", name), "utf8");

/** A notification's body with these variables, as a player would send it. */
function notification(variables: Readonly<Record<string, string>>): string {
  const escaped = (text: string) =>
    text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;").replaceAll('"', "&quot;");
  const values = Object.entries(variables).map(([name, value]) => `<${name} val="${escaped(value)}"/>`);
  const event = `<Event><InstanceID val="0">${values.join("")}</InstanceID></Event>`;
  return `<e:propertyset><e:property><LastChange>${escaped(event)}</LastChange></e:property></e:propertyset>`;
}

/** Variables as node-sonos-discovery parsed them, in lower case, by their names in the service. */
function variablesOf(name: string): Readonly<Record<string, string>> {
  const names = [
    "TransportState",
    "CurrentPlayMode",
    "CurrentTrack",
    "CurrentTrackURI",
    "CurrentTrackDuration",
  ];
  const more = [
    "CurrentTrackMetaData",
    "EnqueuedTransportURI",
    "EnqueuedTransportURIMetaData",
    "AVTransportURI",
  ];
  const parsed = JSON.parse(read(name)) as Readonly<Record<string, { readonly val?: string } | undefined>>;
  const entries = [...names, ...more].flatMap((each) => {
    const value = (parsed[each.toLowerCase()] ?? parsed[`r:${each.toLowerCase()}`])?.val;
    return value === undefined ? [] : [[each, value] as const];
  });
  return Object.fromEntries(entries);
}

describe("a Sonos player, as @svrooij/sonos parses what it notified", () => {
  let clock: ManualClock;
  let telemetry: TapedPlays;
  let device: SonosDevice;
  let adapter: Adapter;
  beforeEach(() => {
    // Nothing is subscribed to.
    vi.stubEnv("SONOS_DISABLE_EVENTS", "1");
    clock = new ManualClock();
    telemetry = new TapedPlays();
    device = new SonosDevice("192.0.2.2", 1_400, "RINCON_test_10.10.10.1");
    vi.spyOn(device.AVTransportService, "GetPositionInfo").mockResolvedValue({
      RelTime: "NOT_IMPLEMENTED",
    } as never);
    const player: SonosPlayer = device;
    adapter = followSonos({ telemetry, clock, device: player, player_id: "living-room" });
    return () => vi.unstubAllEnvs();
  });
  const notify = async (body: string, ms = 1_000) => {
    device.AVTransportService.ParseEvent(body);
    await clock.advance(ms);
  };
  const stop = () => notify(notification({ TransportState: "STOPPED" }));

  it("plays a track of Spotify from a playlist, and stops", async () => {
    await notify(read("sonos_upnp_notify_sonos-device-notification_12.xml"));
    await notify(read("sonos_upnp_notify_sonos-device-notification_11.xml"));
    expect(telemetry.plays).toMatchObject([
      {
        title: "Survive",
        artist: "Bass Modulators",
        album: "Survive (feat. Bram Boender)",
        content_type: "track",
        item_uri: "spotify:track:2nj0bzqYZR7PXs0BoQTW3V",
        service: "spotify",
        container_type: "playlist",
        container_name: "Hardstyle Everyday",
        duration_ms: 204_000,
        ms_played: 1_000,
        shuffle: true,
        repeat: "all",
        source_type: "queue",
        reason_end: "endplay",
        player_id: "living-room",
      },
    ]);
    expect(telemetry.sources).toMatchObject([
      { to: { source_type: "queue", service: "spotify" }, evidence: "x-sonos-spotify" },
    ]);
    expect(telemetry.text).not.toMatch(/canary-user|sn=|flags=|SA_RINCON|getaa|scdn|192\.0/);
  });

  it.each([
    [
      "radio",
      "jishi_avtransportlastchange_radio.json",
      {
        title: "Lugna Favoriter",
        content_type: "station",
        livestream: true,
        duration_ms: null,
        source_type: "radio",
      },
      "aac",
    ],
    [
      "a track of a server of one's own",
      "jishi_avtransportlastchange_subsonic.json",
      {
        title: "One Fine Day",
        artist: "Astralasia",
        service: "sid:240",
        container_type: "album",
        container_name: "Shamanic Trance - Space Funk Mix By Cosmix",
        duration_ms: 242_000,
        item_uri: null,
      },
      "x-sonos-http",
    ],
    [
      "AirPlay",
      "jishi_avtransportlastchange_airplay.json",
      // Without a title, whose length it is nobody knows.
      { title: null, source_type: "airplay", duration_ms: null, livestream: true },
      "x-sonos-vli:airplay",
    ],
  ])("plays %s", async (_, name, play, evidence) => {
    await notify(notification(variablesOf(name)));
    await stop();
    expect(telemetry.plays).toMatchObject([{ ...play, ms_played: 1_000, reason_end: "endplay" }]);
    expect(telemetry.sources).toMatchObject([{ evidence }]);
    expect(telemetry.text).not.toMatch(/RINCON_00|192\.0|auth=|sn=|SA_RINCON|icecast|069050a2/);
  });

  it("plays what comes in by its line-in", async () => {
    await notify(read("soco_source_linein.xml"));
    await stop();
    expect(telemetry.plays).toMatchObject([{ source_type: "line_in", livestream: true, ms_played: 1_000 }]);
    expect(telemetry.sources).toMatchObject([
      { to: { source_type: "line_in" }, evidence: "x-rincon-stream" },
    ]);
    expect(telemetry.text).not.toContain("RINCON_00DEAD");
  });

  it("follows another player, and has no plays of its own then", async () => {
    await notify(read("sonos_upnp_notify_sonos-device-notification_12.xml"));
    const { transport_state, current_track_uri } = JSON.parse(read("ha_av_transport_group_member.json"));
    await notify(
      notification({ TransportState: transport_state, CurrentTrackURI: current_track_uri }),
      5_000,
    );
    adapter.close();
    expect(telemetry.plays).toMatchObject([{ title: "Survive", reason_end: "group_change" }]);
    expect(telemetry.sources[1]).toMatchObject({
      from: { source_type: "queue" },
      to: { source_type: "group_follower" },
      trigger: "group_join",
      evidence: "x-rincon",
    });
  });

  it.each([
    ["jishi_avtransportlastchange.xml", "queue", null],
    ["soco_position_tunein.json", "radio", "hls-radio"],
    ["soco_position_bbc.json", "radio", "hls-radio"],
    ["soco_position_cifs.json", "queue", "x-file-cifs"],
    ["soco_position_sonos_radio.json", "queue", null],
  ])("takes its sound from where %s says, which tells no secret", async (name, source_type, evidence) => {
    if (name.endsWith(".xml")) await notify(read(name));
    else {
      const { TrackURI, TrackMetaData, TrackDuration } = JSON.parse(read(name)).input;
      const variables = { CurrentTrackURI: TrackURI, CurrentTrackMetaData: TrackMetaData };
      await notify(
        notification({ ...variables, TransportState: "PLAYING", CurrentTrackDuration: TrackDuration }),
      );
    }
    adapter.close();
    expect(telemetry.plays).toMatchObject([{ source_type }]);
    if (evidence) expect(telemetry.sources).toMatchObject([{ evidence }]);
    expect(telemetry.text).not.toMatch(/REDACTED|https?:\/\/|sid=|sn=|token|tok=|192\.0|\/\//i);
  });
});

describe("the groups of a Sonos household", () => {
  const group = (id: string, coordinator: string, ...members: string[]) => ({
    groupId: id,
    coordinator: { uuid: coordinator },
    members: members.map((uuid) => ({ uuid, Invisible: uuid.endsWith("sub") })),
  });

  it("are parsed from what a household of two rooms, and of a pair, said", () => {
    vi.stubEnv("SONOS_DISABLE_EVENTS", "1");
    const device = new SonosDevice("192.0.2.2", 1_400, "RINCON_test_10.10.10.2");
    const telemetry = new TapedPlays();
    const clock = new ManualClock();
    const adapter = followSonos({ telemetry, clock, device, player_id: "bedroom" });
    const escaped = read("ha_zgs_group_two_rooms.xml")
      .replaceAll("&", "&amp;")
      .replaceAll("<", "&lt;")
      .replaceAll(">", "&gt;");
    const body = `<e:propertyset><e:property><ZoneGroupState>${escaped}</ZoneGroupState></e:property></e:propertyset>`;
    device.ZoneGroupTopologyService.ParseEvent(body);
    device.AVTransportService.ParseEvent(read("sonos_upnp_notify_sonos-device-notification_12.xml"));
    adapter.close();
    expect(telemetry.plays).toMatchObject([{ group_id: "RINCON_test:1384750254", player_id: "bedroom" }]);
    vi.unstubAllEnvs();
  });

  it("end a play when the player leaves one, and it goes on in the other", async () => {
    const { telemetry, clock, transport, topology } = fakes();
    topology([group("g1", "a", "a", "b", "a-sub")]);
    transport({
      TransportState: "PLAYING",
      CurrentTrackURI: "x-file-cifs://nas/CANARY",
      CurrentTrackDuration: "0:03:00",
    });
    await clock.advance(1_000);
    topology([group("g2", "a", "a", "a-sub"), group("g1", "b", "b")]);
    await clock.advance(1_000);
    topology([group("g2", "a", "a", "c")]);
    await clock.advance(1_000);
    transport({ TransportState: "STOPPED" });
    expect(telemetry.plays).toMatchObject([
      { group_id: "g1", reason_end: "group_change", ms_played: 1_000 },
      { group_id: "g2", reason_start: "resume", ms_played: 2_000 },
    ]);
    expect(telemetry.sources).toMatchObject([
      { to: { source_type: "queue" }, group_id: "g1" },
      { group_change: "left", member_ids: ["a"], coordinator_id: "a", trigger: "group_leave" },
      { group_change: "joined", member_ids: ["a", "c"], trigger: "group_join" },
    ]);
    expect(telemetry.text).not.toMatch(/CANARY|nas/);
  });

  it("are heard of no more when the adapter is closed, and a failing subscription is told of without an address", () => {
    const { adapter, listeners, fail, troubles } = fakes();
    fail(new Error("request to http://192.0.2.7:1400/x failed, reason: connect ECONNREFUSED 192.0.2.7:1400"));
    expect(troubles).toEqual([expect.stringMatching(/^a does not notify \(request to … failed/)]);
    expect(troubles[0]).not.toContain("192");
    adapter.close();
    expect(listeners()).toBe(0);
  });
});

it("a player that does not answer any more is told of once", async () => {
  const { device, transport, clock, troubles, telemetry } = fakes();
  transport({ TransportState: "PLAYING", CurrentTrackURI: "x-file-cifs://nas/CANARY" });
  await clock.advance(1_000);
  vi.spyOn(device.AVTransportService, "GetPositionInfo").mockRejectedValue(new Error("gone"));
  await clock.advance(60_000);
  expect(telemetry.plays).toMatchObject([{ reason_end: "unexpected-exit" }]);
  expect(troubles).toEqual(["a does not answer any more; its play has ended"]);
});

/** A device whose notifications a test makes. */
function fakes() {
  const listening = new Map<string, (data: never) => void>();
  const service = (name: string) => ({
    Events: {
      on: (event: string, listener: (data: never) => void) => listening.set(`${name} ${event}`, listener),
      removeListener: (event: string) => listening.delete(`${name} ${event}`),
    },
  });
  const telemetry = new TapedPlays();
  const clock = new ManualClock();
  const troubles: string[] = [];
  const device: SonosPlayer = {
    Uuid: "a",
    AVTransportService: { ...service("transport"), GetPositionInfo: async () => ({}) },
    ZoneGroupTopologyService: service("topology"),
  };
  const adapter = followSonos({ telemetry, clock, device, onTrouble: (message) => troubles.push(message) });
  const tell = (name: string, data: unknown) => listening.get(name)!(data as never);
  return {
    telemetry,
    clock,
    device,
    adapter,
    troubles,
    listeners: () => listening.size,
    fail: (error: Error) => tell("transport subscriptionError", error),
    transport: (variables: object) => tell("transport serviceEvent", variables),
    topology: (groups: readonly object[]) => tell("topology serviceEvent", { ZoneGroupState: groups }),
  };
}
