import { readdirSync } from "node:fs";
import { join } from "node:path";
import { createTelemetry } from "@tonearm/sdk";
import { describe, expect, it } from "vitest";
import type { PlayHappening } from "../listening/happening.ts";
import { Random } from "../listening/random.ts";
import type { History, HistoryRow } from "./history.ts";
import { openHistory } from "./open-history.ts";
import { replayHistory } from "./replay.ts";

const SAMPLE = join(import.meta.dirname, "samples", "spotify-account.csv");

const speakers = (count: number) =>
  Array.from({ length: count }, (_, at) => ({ playerId: `p${at}`, groupId: `g${at}`, householdId: "h" }));

async function replay(history: History, count: number, more = {}): Promise<PlayHappening[][]> {
  const bySpeaker: PlayHappening[][] = Array.from({ length: count }, () => []);
  const dealt = replayHistory({ history, speakers: speakers(count), random: new Random(1), ...more });
  for await (const { speaker, happening } of dealt) bySpeaker[speaker]!.push(happening);
  return bySpeaker;
}

const moment = (minute: number) => new Date(Date.UTC(2024, 0, 1) + minute * 60_000).toISOString();

/** A history of plays that end at these minutes and last a minute each. */
function made(minutes: readonly (number | "refused")[]): History {
  const rows = minutes.map((minute, at): HistoryRow => {
    if (minute === "refused") return { kind: "refused", line: at + 1, column: "c", reason: "r" };
    const span = { started_at: moment(minute - 1), ended_at: moment(minute) };
    return { kind: "play", line: at + 1, play: { ...span, ms_played: 60_000, title: String(at) } };
  });
  return {
    path: "made.csv",
    format: "made",
    async *rows() {
      yield* rows;
    },
  };
}

const ids = (happenings: PlayHappening[]) => new Set(happenings.map(({ data }) => data.play_id));

describe("replayHistory", () => {
  it("replays every row exactly once, whatever the number of speakers", async () => {
    const one = (await replay(await openHistory(SAMPLE), 1)).flat();
    expect(one).toHaveLength(21);
    expect(ids(one).size).toBe(21);
    for (const count of [2, 3, 7]) {
      const dealt = (await replay(await openHistory(SAMPLE), count)).flat();
      expect(dealt).toHaveLength(21);
      expect(ids(dealt)).toEqual(ids(one));
    }
  });

  it("deals whole sessions in turn", async () => {
    const [first, second] = await replay(made([1, 2, 3, 60, 61, 120]), 2);
    expect(first!.map(({ data }) => data.title)).toEqual(["0", "1", "2", "5"]);
    expect(second!.map(({ data }) => data.title)).toEqual(["3", "4"]);
    expect(second![0]!.data).toMatchObject({ player_id: "p1", group_id: "g1", household_id: "h" });
  });

  it("lets times add up to the ends that the history tells", async () => {
    for (const happenings of await replay(await openHistory(SAMPLE), 3)) {
      let nowMs = Date.parse("2019-02-20T01:18:58.688Z");
      for (const { gapMs, data } of happenings) {
        nowMs += gapMs;
        expect(new Date(nowMs).toISOString()).toBe(data.ended_at);
      }
    }
  });

  it("never goes back in time", async () => {
    const [only] = await replay(made([5, 3, 4, 6]), 1);
    expect(only!.map(({ gapMs }) => gapMs / 60_000)).toEqual([1, 0, 0, 1]);
  });

  it("moves a history to another beginning", async () => {
    const [only] = await replay(made([5, 6]), 1, { startedAtMs: Date.UTC(2026, 5, 1) });
    expect(only!.map(({ data }) => data.ended_at)).toEqual([
      "2026-06-01T00:01:00.000Z",
      "2026-06-01T00:02:00.000Z",
    ]);
    expect(only!.map(({ gapMs }) => gapMs)).toEqual([60_000, 60_000]);
  });

  it("tells of a refused row once", async () => {
    const lines: number[] = [];
    await replay(made([1, "refused", 60, "refused", 120]), 3, {
      onRefused: ({ line }: { line: number }) => lines.push(line),
    });
    expect(lines.toSorted((a, b) => a - b)).toEqual([2, 4]);
  });

  it("makes an event of every row of every sample, or counts it as refused", async () => {
    const telemetry = createTelemetry({
      endpoint: "http://127.0.0.1:9",
      device: "d",
      directory: false,
      consent: "pending",
    });
    const samples = readdirSync(join(SAMPLE, "..")).filter((name) => /\.(csv|json)$/.test(name));
    expect(samples.length).toBeGreaterThanOrEqual(5);
    for (const name of samples) {
      const history = await openHistory(join(SAMPLE, "..", name));
      let rows = 0;
      for await (const _ of history.rows()) rows++;
      let refused = 0;
      const before = telemetry.stats().recorded;
      const onRefused = () => refused++;
      // What the vocabulary does not take is thrown here.
      for (const { data } of (await replay(history, 2, { onRefused })).flat()) telemetry.play(data);
      expect([name, telemetry.stats().recorded - before + refused]).toEqual([name, rows]);
    }
    await telemetry.close();
  });
});
