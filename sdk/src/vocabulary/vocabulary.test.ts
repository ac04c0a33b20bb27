import { describe, expect, it } from "vitest";
import { EventCheck } from "../event-check.ts";
import { newEpochId, newPlayId } from "../ids.ts";
import { ManualClock } from "../testing/manual-clock.ts";
import { type PlayEvent, playSchema } from "./play.ts";
import { type SourceEvent, sourceSchema } from "./source.ts";

const check = new EventCheck(new ManualClock(), undefined);
const completePlay = (play: PlayEvent) => check.complete("play", play);
const completeSource = (source: SourceEvent) => check.complete("source", source);
const FINAL: PlayEvent = {
  started_at: "2026-11-22T19:00:00.000Z",
  ended_at: "2026-11-22T19:03:00Z",
  ms_played: 180_000,
};
const SOURCE: SourceEvent = {
  occurred_at: "2026-11-22T19:00:00Z",
  player_id: "p1",
  from: { source_type: "queue", service: "spotify" },
  to: { source_type: "line_in" },
};

describe("a play", () => {
  it("is completed with what can be known", () => {
    expect(completePlay(FINAL)).toEqual({
      ...FINAL,
      play_id: expect.stringMatching(/^[0-9a-f]{8}-[0-9a-f]{4}-7/),
      report_type: "final",
      content_type: "unknown",
      reason_start: "unknown",
      reason_end: "unknown",
      reason_basis: "reported",
      skipped: false,
    });
  });

  it.each([
    ["fwdbtn", true],
    ["backbtn", true],
    ["clickrow", true],
    ["trackdone", false],
  ] as const)("that ends by %s is skipped: %j", (reason_end, skipped) =>
    expect(completePlay({ ...FINAL, reason_end })).toMatchObject({ skipped }),
  );

  it.each(["2026-02-30T00:00:00Z", "2026-02-29T00:00:00Z", "2026-13-01T00:00:00Z", "2026-11-31T23:59:59Z"])(
    "cannot begin at %s, a day that no calendar has",
    (started_at) => expect(() => completePlay({ ...FINAL, started_at })).toThrow("expected a moment in UTC"),
  );

  it.each(["1970-01-01T00:00:00Z", "2024-02-29T23:59:59.999Z", "0099-03-01T00:00:00Z"])(
    "may begin at %s",
    (started_at) => expect(completePlay({ ...FINAL, started_at })).toMatchObject({ started_at }),
  );

  it("keeps what the application says against every default", () => {
    const said = {
      ...FINAL,
      play_id: "018f2f2e-0000-7000-8000-00000000000f",
      skipped: true,
      extra: 1,
    } as PlayEvent;
    expect(completePlay(said)).toMatchObject({ ...said });
  });

  it("has neither end nor skip in an update", () => {
    const update = completePlay({ ...FINAL, report_type: "update", ended_at: null });
    expect(update).not.toHaveProperty("reason_end");
    expect(update).not.toHaveProperty("skipped");
  });

  it.each([
    [{ started_at: "yesterday" }, 'play.started_at is "yesterday", expected a moment in UTC such as'],
    [{ started_at: "2026-11-22T19:00:00+01:00" }, "expected a moment in UTC"],
    [{ started_at: "2026-13-22T19:00:00Z" }, "expected a moment in UTC"],
    [{ ended_at: null }, "play.ended_at is null, expected a moment"],
    [{ ended_at: undefined }, "play.ended_at is missing, expected"],
    [{ report_type: "update" }, "play.ended_at is"],
    [{ report_type: "other" }, 'play.report_type is "other", expected one of update, final'],
    [{ ms_played: -1 }, "play.ms_played is -1, expected whole milliseconds, 0 or more"],
    [{ ms_played: 1.5 }, "play.ms_played is 1.5"],
    [{ ms_played: "1" }, 'play.ms_played is "1"'],
    [{ reason_end: "tired" }, 'play.reason_end is "tired", expected one of trackdone, fwdbtn'],
    [{ title: 7 }, "play.title is 7, expected text of at most 1024 characters, or null"],
    [{ title: "x".repeat(1_025) }, "expected text of at most 1024 characters"],
    [{ shuffle: "yes" }, 'play.shuffle is "yes", expected true or false'],
    [{ play_id: "7" }, 'play.play_id is "7", expected a UUID'],
    [{ ms_played: null }, "play.ms_played is null, expected whole milliseconds"],
    [{ ms_played: undefined }, "play.ms_played is missing, expected whole milliseconds"],
    [{ duration_ms: 1.5 }, "play.duration_ms is 1.5, expected whole milliseconds, 0 or more, or null"],
  ])("with %j is refused with the path of the fault", (change, sentence) => {
    expect(() => completePlay({ ...FINAL, ...change } as PlayEvent)).toThrow(sentence);
  });
});

describe("the vocabulary's schemas", () => {
  it("follow Standard Schema, and name the path of a fault", async () => {
    const { version, vendor, validate } = playSchema["~standard"];
    expect([version, vendor]).toEqual([1, "tonearm"]);
    expect(await validate({ ...FINAL, title: 7 })).toEqual({
      issues: [{ path: ["title"], message: expect.stringContaining("is 7, expected text") }],
    });
    expect(await validate(null)).toEqual({
      issues: [{ path: [], message: "is null, expected an object" }],
    });
    expect(
      await sourceSchema["~standard"].validate({ ...SOURCE, to: { source_type: "vinyl" } }),
    ).toMatchObject({
      issues: [{ path: ["to", "source_type"] }],
    });
  });
});

describe("a source event", () => {
  it("is completed with what can be known", () => {
    expect(completeSource(SOURCE)).toMatchObject({
      to: { source_type: "line_in", service: null },
      trigger: "unknown",
      trigger_basis: "reported",
      group_change: "none",
    });
  });

  it.each([
    [{ to: { source_type: "vinyl" } }, 'source.to.source_type is "vinyl", expected one of queue, radio'],
    [{ from: null }, "source.from is null, expected an object with source_type"],
    [{ player_id: undefined }, "source.player_id is missing, expected text"],
    [{ member_ids: "p1" }, 'source.member_ids is "p1", expected a list of at most 64'],
    [{ evidence: "x".repeat(65) }, "source.evidence is"],
  ])("with %j is refused with the path of the fault", (change, sentence) => {
    expect(() => completeSource({ ...SOURCE, ...change } as SourceEvent)).toThrow(sentence);
  });
});

describe("ids", () => {
  it("of epochs are sixteen characters of base32, none like another", () => {
    const clock = new ManualClock(99);
    const ids = Array.from({ length: 1_000 }, () => newEpochId(clock));
    expect(ids.every((id) => /^[a-z2-7]{16}$/.test(id))).toBe(true);
    expect(new Set(ids).size).toBe(1_000);
  });

  it("of plays are UUIDs of version 7 that sort by time", () => {
    const clock = new ManualClock(99);
    const ids = Array.from({ length: 100 }, () => {
      clock.wall += 1;
      return newPlayId(clock);
    });
    expect(
      ids.every((id) => /^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/.test(id)),
    ).toBe(true);
    expect(ids.toSorted()).toEqual(ids);
  });
});
