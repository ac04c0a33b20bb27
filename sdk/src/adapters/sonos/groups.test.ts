import { beforeEach, describe, expect, it, vi } from "vitest";
import { didl, group, OWN, SonosListening } from "../../testing/sonos-listening.ts";

let sonos: SonosListening;
beforeEach(() => {
  vi.stubEnv("SONOS_DISABLE_EVENTS", "1");
  sonos = new SonosListening();
  return () => vi.unstubAllEnvs();
});

const OWN_QUEUE = {
  TransportState: "PLAYING",
  CurrentTrack: "1",
  NumberOfTracks: "9",
  CurrentTrackURI: "x-file-cifs://CANARY/1",
  CurrentTrackDuration: "0:03:00",
  CurrentTrackMetaData: didl("Song"),
  AVTransportURI: `x-rincon-queue:${OWN}#0`,
};
const FOLLOWING = {
  TransportState: "PLAYING",
  CurrentTrackURI: "x-rincon:B",
  AVTransportURI: "x-rincon:B",
  CurrentTrackMetaData: "",
};
const alone = [group("g1", OWN, OWN), group("g2", "B", "B")];
const joined = [group("g2", "B", "B", OWN)];
const joins = {
  change: "queue → group_follower",
  group_change: "joined",
  coordinator_id: "B",
  member_ids: ["B", OWN],
  trigger: "group_join",
};

describe("a room that plays, and joins another one", () => {
  it.each([
    ["the topology is the first", ["topology", "transport"]],
    ["its transport is the first", ["transport", "topology"]],
  ])("has one play, and one change of source with its group in it, where %s to tell", async (_, order) => {
    const startedMs = sonos.clock.wallMs();
    await sonos.regroup(alone);
    await sonos.notify(OWN_QUEUE, 20_000);
    for (const each of order) {
      if (each === "topology") await sonos.regroup(joined, 1_500);
      else await sonos.notify(FOLLOWING, 1_500);
    }
    // What its transport had on its way.
    await sonos.notify({ TransportState: "PLAYING" }, 60_000);
    const { plays, sources } = sonos.end();
    expect(plays).toMatchObject([
      { title: "Song", ms_played: 20_000, group_id: "g1", reason_end: "group_change" },
    ]);
    expect(sources.slice(1)).toEqual([{ ...joins, service: null }]);
    expect(sonos.telemetry.sources[1]?.occurred_at).toBe(new Date(startedMs + 20_000).toISOString());
    expect(sonos.clock.timers).toBe(0);
  });

  it("follows it although its transport goes on about its own queue, until the topology says otherwise", async () => {
    await sonos.regroup(alone);
    await sonos.notify(OWN_QUEUE, 20_000);
    await sonos.regroup(joined, 500);
    await sonos.notify({ TransportState: "PLAYING", SleepTimerGeneration: "4" }, 9_500);
    await sonos.regroup(alone, 5_000);
    const { plays, sources } = sonos.end();
    expect(plays).toMatchObject([
      { ms_played: 20_000, reason_end: "group_change" },
      { ms_played: 5_000, reason_start: "resume", group_id: "g1" },
    ]);
    expect(sources.slice(1)).toMatchObject([
      joins,
      { change: "group_follower → queue", group_change: "left", trigger: "group_leave" },
    ]);
  });

  it("is told of alone where the topology says nothing of it", async () => {
    await sonos.regroup(alone);
    await sonos.notify(OWN_QUEUE, 20_000);
    await sonos.notify(FOLLOWING, 60_000);
    expect(sonos.end().sources[1]).toMatchObject({ change: "queue → group_follower", group_change: "none" });
  });
});

describe("a room that follows another one", () => {
  beforeEach(async () => {
    await sonos.regroup(joined);
    await sonos.notify(FOLLOWING, 20_000);
  });

  it.each([
    ["its transport says that it stopped", true],
    ["its transport says nothing", false],
  ])("is idle when it leaves, and %s: that its address is empty is not told", async (_, stops) => {
    await sonos.regroup(alone, 200);
    if (stops) await sonos.notify({ TransportState: "STOPPED" }, 200);
    await sonos.clock.advance(30_000);
    await sonos.notify(OWN_QUEUE, 5_000);
    const { plays, sources } = sonos.end();
    expect(plays).toMatchObject([{ ms_played: 5_000, group_id: "g1" }]);
    expect(sources).toMatchObject([
      { change: "idle → group_follower" },
      { change: "group_follower → idle", group_change: "left", member_ids: [OWN] },
      { change: "idle → queue", group_change: "none" },
    ]);
    expect(sonos.clock.timers).toBe(0);
  });

  it("is idle, too, when its transport tells first that it has its own queue again", async () => {
    await sonos.notify({ ...OWN_QUEUE, TransportState: "STOPPED" }, 300);
    await sonos.regroup(alone, 5_000);
    const { plays, sources } = sonos.end();
    expect(plays).toEqual([]);
    expect(sources.slice(1)).toMatchObject([{ change: "group_follower → idle", group_change: "left" }]);
  });

  it("goes on with what its coordinator played when that leaves the group to it, from where that was", async () => {
    sonos.position = async () => ({ RelTime: `0:01:${Math.floor(sonos.clock.now / 1_000)}` });
    await sonos.regroup([group("g2", OWN, OWN), group("g9", "B", "B")], 300);
    await sonos.notify(OWN_QUEUE, 20_000);
    const { plays, sources } = sonos.end();
    expect(plays).toMatchObject([
      {
        title: "Song",
        ms_played: 20_000,
        group_id: "g2",
        reason_start: "resume",
        position_start_ms: 80_000,
        position_end_ms: 100_000,
      },
    ]);
    expect(sources.slice(1)).toMatchObject([
      { change: "group_follower → queue", group_change: "left", member_ids: [OWN], coordinator_id: OWN },
    ]);
  });

  it("of one group, and then of another, changes its group, and not its source", async () => {
    await sonos.regroup([group("g3", "C", "C", OWN)], 300);
    await sonos.notify({ ...FOLLOWING, CurrentTrackURI: "x-rincon:C", AVTransportURI: "x-rincon:C" }, 5_000);
    expect(sonos.end().sources.slice(1)).toMatchObject([
      { change: "group_follower → group_follower", group_change: "joined", coordinator_id: "C" },
    ]);
  });
});

describe("a room that others follow", () => {
  it("hands its group over to one of them, and follows: its play ends", async () => {
    await sonos.regroup([group("g1", OWN, OWN, "B")]);
    await sonos.notify(OWN_QUEUE, 20_000);
    await sonos.regroup([group("g1", "B", OWN, "B")], 300);
    await sonos.notify(FOLLOWING, 20_000);
    const { plays, sources } = sonos.end();
    expect(plays).toMatchObject([{ ms_played: 20_000, reason_end: "group_change", group_id: "g1" }]);
    expect(sources.slice(1)).toMatchObject([
      { change: "queue → group_follower", group_change: "coordinator_changed", coordinator_id: "B" },
    ]);
  });

  it("plays on while they come and go", async () => {
    await sonos.regroup(alone);
    await sonos.notify(OWN_QUEUE, 20_000);
    await sonos.regroup([group("g1", OWN, OWN, "B")], 20_000);
    await sonos.regroup(alone, 20_000);
    const { plays, sources } = sonos.end();
    expect(plays).toMatchObject([{ ms_played: 60_000 }]);
    expect(sources.slice(1)).toMatchObject([
      { change: "queue → queue", group_change: "joined" },
      { change: "queue → queue", group_change: "left" },
    ]);
  });
});
