import fc from "fast-check";
import { describe, it } from "vitest";
import { any, check, fields, secret, telemetry, text, time } from "../testing/garbage.ts";
import { StatusReader } from "./mpd/status.ts";
import { MprisReader, type Properties } from "./mpris/reader.ts";
import { PlayTracker } from "./play-tracker.ts";
import { followSonos, type SonosPlayer } from "./sonos/sonos.ts";
import { TransportFollower } from "./upnp/follower.ts";
import { changesIn } from "./upnp/xml.ts";

describe("whatever a player says, in any order, nothing is thrown, no play is lost or told twice, and no secret leaves:", () => {
  it("an MPD", () =>
    check(
      fields({
        state: fc.constantFrom("play", "pause", "stop"),
        songid: fc.constantFrom("1", "2"),
        song: fc.constantFrom("0", "1"),
        elapsed: fc.constantFrom("0.000", "2.5", "8"),
        duration: fc.constantFrom("10", "0"),
        repeat: fc.constantFrom("0", "1"),
        single: fc.constantFrom("0", "1"),
        xfade: fc.constantFrom("0", "5"),
        error: secret,
        file: secret,
        Name: secret,
        Title: secret,
        Artist: text,
      }).map((status) => Object.entries(status).map(([name, value]) => `${name}: ${String(value)}`)),
      (clock, onTrouble) => {
        const tracker = new PlayTracker({ telemetry: telemetry.current, clock, player_id: "p", onTrouble });
        const reader = new StatusReader();
        return {
          hear: (lines: string[]) => tracker.see(reader.read(lines).seen),
          close: () => tracker.close(),
        };
      },
    ));

  it("a player on D-Bus", () =>
    check(
      fields({
        PlaybackStatus: fc.constantFrom("Playing", "Paused", "Stopped"),
        LoopStatus: fc.constantFrom("None", "Track", "Playlist"),
        Rate: fc.constantFrom(0, 1, -1, 2),
        Position: fc.constantFrom(0n, 9_000_000n, -1n),
        Metadata: fields({
          "mpris:trackid": fc.constantFrom("/1", "/2", "/noplaylist"),
          "mpris:length": fc.constantFrom(10_000_000n, 9_223_372_036_854_775_807n),
          "xesam:url": secret,
          "xesam:title": secret,
          "xesam:artist": fc.array(secret, { maxLength: 2 }),
        }),
      }),
      (clock, onTrouble) => {
        const tracker = new PlayTracker({ telemetry: telemetry.current, clock, player_id: "p", onTrouble });
        const reader = new MprisReader("x");
        let turn = 0;
        const hear = (properties: Properties) =>
          tracker.see(
            [reader.set(properties), reader.change(properties), reader.seek(Number(properties.Position))][
              turn++ % 3
            ]!,
          );
        return { hear, close: () => tracker.close() };
      },
    ));

  const variables = fields({
    TransportState: fc.constantFrom("PLAYING", "PAUSED_PLAYBACK", "STOPPED", "TRANSITIONING"),
    CurrentTrackURI: secret,
    AVTransportURI: secret,
    NextAVTransportURI: fc.oneof(secret, fc.constant("")),
    NextTrackURI: secret,
    CurrentTrack: fc.constantFrom("1", "2"),
    NumberOfTracks: fc.constantFrom("9", "10"),
    CurrentTrackDuration: time,
    CurrentPlayMode: fc.constantFrom("NORMAL", "REPEAT_ONE", "SHUFFLE"),
    AlarmRunning: fc.constantFrom("0", "1"),
    CurrentTrackMetaData: fc.oneof(secret, fields({ Title: secret, Artist: text, Duration: time })),
    CurrentCrossfadeMode: fc.constantFrom("0", "1"),
    EnqueuedTransportURI: secret,
    EnqueuedTransportURIMetaData: secret,
  });
  const position = fields({ RelTime: time, TrackDuration: time, TrackURI: secret });

  it.each([true, false])("a renderer, trusted: %s", (trusts) =>
    check(fc.tuple(variables, position), (clock, onTrouble) => {
      let answer: object = {};
      const transport = new TransportFollower(
        { telemetry: telemetry.current, clock, player_id: "p", onTrouble },
        { trusts, ask: async () => answer },
      );
      const hear = ([changed, next]: readonly [object, object]) => {
        answer = next;
        transport.change(changed as Record<string, unknown>);
      };
      return { hear, close: () => transport.close() };
    }),
  );

  it("a renderer that notifies of no XML", () =>
    check(fc.oneof(text, secret, fc.string({ maxLength: 200 })), (clock, onTrouble) => {
      const transport = new TransportFollower(
        { telemetry: telemetry.current, clock, player_id: "p", onTrouble },
        { trusts: true, ask: async () => undefined },
      );
      const hear = (body: string) => {
        transport.change(changesIn(body) ?? {});
        transport.change(changesIn(`<LastChange>${body}&lt;A val="${body}"/&gt;</LastChange>`) ?? {});
      };
      return { hear, close: () => transport.close() };
    }));

  it("a Sonos player, with its household", () => {
    const group = fields({
      groupId: fc.constantFrom("g1", "g2"),
      coordinator: fields({ uuid: fc.constantFrom("a", "b") }),
      members: fc.array(
        fc.oneof(fields({ uuid: fc.constantFrom("a", "b", "c"), Invisible: fc.boolean() }), any),
      ),
    });
    const topology = fc.record({ ZoneGroupState: fc.oneof(fc.array(fc.oneof(group, any)), any) });
    return check(
      fc.oneof(fc.tuple(fc.constant("transport"), variables), fc.tuple(fc.constant("topology"), topology)),
      (clock, onTrouble) => {
        const listening = new Map<string, (data: never) => void>();
        const service = (name: string) => ({
          Events: {
            on: (event: string, listener: (data: never) => void) =>
              listening.set(`${name} ${event}`, listener),
            removeListener: () => undefined,
          },
        });
        const device: SonosPlayer = {
          Uuid: "a",
          AVTransportService: { ...service("transport"), GetPositionInfo: async () => ({}) },
          ZoneGroupTopologyService: service("topology"),
        };
        const adapter = followSonos({ telemetry: telemetry.current, clock, device, onTrouble });
        const hear = ([name, data]: readonly [string, never]) => listening.get(`${name} serviceEvent`)!(data);
        return { hear, close: () => adapter.close() };
      },
    );
  });
});
