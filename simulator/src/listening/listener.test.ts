import { createTelemetry, type PlayEvent, type SourceEvent } from "@tonearm/sdk";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { HABITS } from "./fitted.ts";
import type { Habit } from "./habit.ts";
import type { Happening } from "./happening.ts";
import { createListener } from "./listener.ts";
import { Random } from "./random.ts";

const START = Date.UTC(2026, 2, 2, 6);
const members = ["p1", "p2", "p3"].map((playerId) => ({ playerId, groupId: `group-${playerId}` }));

/** Everything that a habit may hold happens often, so that a short life shows it. */
const busy: Habit = {
  ...HABITS[0]!,
  patience: { ...HABITS[0]!.patience, errorShare: 0.05 },
  uses: { ...HABITS[0]!.uses, updateShare: 0.5, switchShare: 0.4, alarmShare: 1 },
};

function live(seed: number, playerId: string, count: number, habit?: Habit): Happening[] {
  const self = members.find((member) => member.playerId === playerId)!;
  const neighbours = members.filter((member) => member !== self);
  const options = { random: new Random(seed), householdId: "h", neighbours, startedAtMs: START };
  const listener = createListener({ ...options, ...self, ...(habit && { habit }) });
  return Array.from({ length: count }, () => listener.next());
}

const plays = (happenings: readonly Happening[]): PlayEvent[] =>
  happenings.flatMap(({ type, data }) => (type === "play" ? [data] : []));
const sources = (happenings: readonly Happening[]): SourceEvent[] =>
  happenings.flatMap(({ type, data }) => (type === "source" ? [data] : []));

const seen = (values: readonly string[]) => [...new Set(values)].toSorted((a, b) => (a < b ? -1 : 1));

/** Many lives of one busy speaker. */
function everyLife(holds: (happenings: readonly Happening[]) => void, count = 400): void {
  fc.assert(
    fc.property(fc.nat(), fc.constantFrom("p1", "p2", "p3"), (seed, id) =>
      holds(live(seed, id, count, busy)),
    ),
    { numRuns: 60 },
  );
}

describe("a speaker's life", () => {
  it("is the same for the same seed, and another for every seed and speaker", () => {
    expect(live(1, "p1", 500)).toEqual(live(1, "p1", 500));
    expect(live(1, "p1", 50)).not.toEqual(live(2, "p1", 50));
    expect(live(1, "p1", 50)).not.toEqual(live(1, "p2", 50));
  });

  it("does not depend on how many other speakers drew from the same chance before", () => {
    const random = new Random(1);
    for (let i = 0; i < 10; i++) random.fraction();
    const options = { householdId: "h", startedAtMs: START, playerId: "p1", groupId: "g1" };
    const [late, early] = [
      createListener({ ...options, random }),
      createListener({ ...options, random: new Random(1) }),
    ];
    for (let i = 0; i < 50; i++) expect(late.next()).toEqual(early.next());
  });

  it("begins with a session within minutes", () => {
    for (const seed of [1, 2, 3]) expect(live(seed, "p1", 1)[0]!.gapMs).toBeLessThan(15 * 60_000);
  });
});

describe("what a speaker reports", () => {
  it("has exactly one final for every play, and nothing of it after that", () => {
    everyLife((happenings) => {
      const ended = new Set<string>();
      let open: string | undefined;
      for (const { play_id = "", report_type } of plays(happenings)) {
        expect(ended.has(play_id)).toBe(false);
        if (open !== undefined) expect(play_id).toBe(open);
        open = report_type === "update" ? play_id : undefined;
        if (report_type === "final") ended.add(play_id);
      }
    });
  });

  it("has updates of a play at least 10 s apart, and never more played than time has passed", () => {
    everyLife((happenings) => {
      let nowMs = START;
      const told = new Map<string, { atMs: number; playedMs: number }>();
      for (const { gapMs, type, data } of happenings) {
        expect(gapMs).toBeGreaterThanOrEqual(0);
        nowMs += gapMs;
        if (type === "source") expect(Date.parse(data.occurred_at)).toBe(nowMs);
        if (type !== "play") continue;
        const before = told.get(data.play_id!);
        if (data.report_type === "update" && before)
          expect(nowMs - before.atMs).toBeGreaterThanOrEqual(10_000);
        expect(data.ms_played).toBeGreaterThanOrEqual(before?.playedMs ?? 0);
        const passedMs = nowMs - Date.parse(data.started_at);
        expect(data.ms_played + data.ms_paused! + data.ms_buffering!).toBe(passedMs);
        if (data.report_type === "final") expect(Date.parse(data.ended_at!)).toBe(nowMs);
        told.set(data.play_id!, { atMs: nowMs, playedMs: data.ms_played });
      }
    });
  });

  it("has one play at a time, each after the source that it is of, and none while idle or following", () => {
    everyLife((happenings) => {
      let source = "idle";
      let sinceMs = START;
      let endedMs = START;
      for (const { type, data } of happenings) {
        if (type === "source") {
          expect(data.from.source_type).toBe(source);
          if (data.to.source_type !== source) sinceMs = Date.parse(data.occurred_at);
          source = data.to.source_type;
          continue;
        }
        expect(data.source_type).toBe(source);
        expect(["idle", "group_follower", "tv", "line_in"]).not.toContain(source);
        const startedMs = Date.parse(data.started_at);
        expect(startedMs).toBeGreaterThanOrEqual(Math.max(sinceMs, endedMs));
        if (data.report_type === "final") endedMs = Date.parse(data.ended_at!);
      }
    });
  });

  it("has ids of version 7 that sort by their beginning", () => {
    everyLife((happenings) => {
      let before = "";
      for (const { play_id = "", started_at } of plays(happenings)) {
        expect(play_id).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
        expect(Number.parseInt(play_id.slice(0, 13).replace("-", ""), 16)).toBe(Date.parse(started_at));
        expect(play_id.slice(0, 13) >= before).toBe(true);
        before = play_id.slice(0, 13);
      }
    });
  });

  it("skips soon, hears to the end as long as the item is, and has no length on the radio", () => {
    const finals = plays(live(1, "p1", 20_000, busy)).filter(({ report_type }) => report_type === "final");
    for (const { content_type, duration_ms, livestream } of finals) {
      expect(livestream).toBe(content_type === "station");
      if (livestream) expect(duration_ms).toBeNull();
    }
    const done = finals.filter(({ reason_end, duration_ms }) => reason_end === "trackdone" && duration_ms);
    for (const { ms_played, duration_ms } of done) expect(ms_played).toBeGreaterThanOrEqual(duration_ms!);
    const skips = finals
      .filter(({ reason_end }) => reason_end === "fwdbtn")
      .map(({ ms_played }) => ms_played);
    expect(skips.toSorted((a, b) => a - b)[Math.floor(skips.length / 2)]).toBeLessThan(30_000);
  });

  it("changes titles on the radio under one id", () => {
    const titles = new Map<string, Set<unknown>>();
    for (const { play_id = "", content_type, title } of plays(live(1, "p1", 5_000, busy))) {
      if (content_type !== "station") continue;
      titles.set(play_id, (titles.get(play_id) ?? new Set()).add(title));
    }
    expect(Math.max(...[...titles.values()].map(({ size }) => size))).toBeGreaterThan(3);
  });

  it("comes to everything that the model knows", () => {
    const happenings = ["p1", "p2", "p3"].flatMap((id) => live(1, id, 20_000, busy));
    expect(seen(sources(happenings).map(({ to }) => to.source_type))).toEqual([
      "airplay",
      "alarm",
      "bluetooth",
      "group_follower",
      "idle",
      "line_in",
      "queue",
      "radio",
      "spotify_connect",
      "tv",
    ]);
    expect(seen(sources(happenings).map(({ group_change }) => group_change ?? "none"))).toEqual([
      "coordinator_changed",
      "joined",
      "left",
      "none",
    ]);
    expect(seen(plays(happenings).flatMap(({ reason_end }) => reason_end ?? []))).toEqual([
      "backbtn",
      "clickrow",
      "endplay",
      "fwdbtn",
      "group_change",
      "logout",
      "remote",
      "source_switch",
      "trackdone",
      "trackerror",
      "unexpected-exit",
      "unexpected-exit-while-paused",
    ]);
    expect(seen(plays(happenings).map(({ reason_start }) => reason_start ?? "unknown"))).toEqual([
      "alarm",
      "appload",
      "backbtn",
      "clickrow",
      "fwdbtn",
      "playbtn",
      "remote",
      "resume",
      "source_switch",
      "trackdone",
      "trackerror",
    ]);
  });
});

describe("speakers of one household", () => {
  it("agree on who joined whom, and when", () => {
    const untilMs = START + 60 * 86_400_000;
    const changes = members.map(({ playerId }) =>
      sources(live(3, playerId, 8_000)).filter(
        ({ group_change, occurred_at }) => group_change !== "none" && Date.parse(occurred_at) < untilMs,
      ),
    );
    const all = changes.flat();
    expect(all.length).toBeGreaterThan(20);
    for (const { occurred_at, member_ids = [], coordinator_id } of all) {
      for (const member of member_ids.length > 1 ? member_ids : []) {
        const told = all.filter((each) => each.player_id === member && each.occurred_at === occurred_at);
        expect(told.map((each) => [each.coordinator_id, each.member_ids])).toEqual([
          [coordinator_id, member_ids],
        ]);
      }
    }
  });

  it("name their group in every change of source for as long as it lasts", () => {
    everyLife((happenings) => {
      let group: unknown[] = [];
      for (const { group_change, group_id, coordinator_id, member_ids } of sources(happenings)) {
        const named = [group_id, coordinator_id, member_ids];
        if (group_change === "none" && group.length > 0) expect(named).toEqual(group);
        group = named;
      }
    }, 1_000);
  });
});

it("the SDK records everything that a speaker reports", async () => {
  const telemetry = createTelemetry({
    endpoint: "http://127.0.0.1:9",
    device: "speaker-1",
    directory: false,
  });
  telemetry.on("error", () => undefined);
  for (const { type, data } of ["p1", "p2"].flatMap((id) => live(5, id, 3_000, busy))) {
    const { status } = type === "play" ? telemetry.play(data) : telemetry.source(data);
    expect(status).toBe("recorded");
  }
  await telemetry.close({ timeoutMs: 1 });
});
