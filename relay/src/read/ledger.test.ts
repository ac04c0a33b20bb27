import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { IntervalSet } from "./interval-set.ts";
import { Ledger, type StreamRecord } from "./ledger.ts";

describe("IntervalSet", () => {
  it("holds what a set of numbers holds, in any order of adding", () => {
    const ranges = fc.array(fc.tuple(fc.integer({ min: 1, max: 200 }), fc.integer({ min: 0, max: 12 })), {
      maxLength: 80,
    });
    fc.assert(
      fc.property(ranges, (given) => {
        const set = new IntervalSet();
        const numbers = new Set<number>();
        for (const [from, length] of given) {
          const fresh = Array.from({ length: length + 1 }, (_, i) => from + i).filter(
            (each) => !numbers.has(each),
          );
          expect(length === 0 ? Number(set.add(from)) : set.addRange(from, from + length)).toBe(fresh.length);
          for (const each of fresh) numbers.add(each);
        }
        const missing = Array.from({ length: 220 }, (_, i) => i + 1).filter((each) => !numbers.has(each));
        expect(
          set
            .missing(1, 220)
            .flatMap(([from, to]) => Array.from({ length: to - from + 1 }, (_, i) => from + i)),
        ).toEqual(missing);
        expect([set.size, set.max]).toEqual([numbers.size, Math.max(0, ...numbers)]);
        expect(missing.every((each) => !set.has(each))).toBe(true);
      }),
      { numRuns: 500 },
    );
  });
});

const record = (
  seq: number,
  type = "tick",
  more: Partial<StreamRecord> = {},
  epoch = "e1",
): StreamRecord => ({
  ...more,
  device: "d1",
  epoch,
  seq,
  type,
});

function reportsOf(...records: StreamRecord[]) {
  const ledger = new Ledger();
  for (const each of records) ledger.add(each);
  return Object.fromEntries([...ledger.reports()].map((report) => [report.epoch, report]));
}

describe("the verdict of an epoch", () => {
  it("is COMPLETE when $close says where it ends and every number is there", () => {
    expect(reportsOf(record(1, "$open"), record(2), record(3, "$close", { last_seq: 3 })).e1).toMatchObject({
      verdict: "COMPLETE",
      events: 1,
      controlRecords: 2,
      missing: [],
    });
  });

  it("is never COMPLETE after a crash: all that was durable is there, and what else was recorded nobody knows", () => {
    const next = record(1, "$open", { previous_epoch: "e1", previous_last_seq: 3 }, "e2");
    const brokenOff = { verdict: "UNPROVEN", end: "named", missing: [] };
    expect(reportsOf(record(1, "$open"), record(2), record(3), next).e1).toMatchObject(brokenOff);
    const early = record(1, "$open", { previous_epoch: "e1", previous_last_seq: 2 }, "e2");
    expect(reportsOf(record(1, "$open"), record(2), record(3), early).e1).toMatchObject(brokenOff);
  });

  it("is UNPROVEN with an end when another epoch has taken it over and says where it ended", () => {
    const heir = record(7, "$close", { close_epoch: "e1", last_seq: 3 }, "e2");
    const reports = reportsOf(record(1, "$open"), record(2), record(3), heir, record(1, "$open", {}, "e2"));
    expect(reports.e1).toMatchObject({ verdict: "UNPROVEN", end: "named" });
    expect(reports.e2!.verdict).toBe("INCOMPLETE");
    expect(reportsOf(record(1, "$open"), record(3), heir).e1).toMatchObject({
      verdict: "INCOMPLETE",
      missing: [[2, 2]],
    });
    expect(reportsOf(record(1, "$open"), record(2), { ...heir, last_seq: 9 }).e1).toMatchObject({
      verdict: "INCOMPLETE",
      missing: [[3, 9]],
    });
  });

  it("is UNPROVEN when it was taken for dead and went on", () => {
    const heir = record(7, "$close", { close_epoch: "e1", last_seq: 2 }, "e2");
    const back = [record(1, "$open"), record(2), heir, record(3, "$open"), record(4)];
    expect(reportsOf(...back).e1).toMatchObject({ verdict: "UNPROVEN", end: "unknown" });
    expect(reportsOf(...back, record(5, "$close", { last_seq: 5 })).e1!.verdict).toBe("COMPLETE");
    const again = record(8, "$close", { close_epoch: "e1", last_seq: 4 }, "e2");
    expect(reportsOf(again, ...back.toReversed()).e1).toMatchObject({ verdict: "UNPROVEN", end: "named" });
  });

  it("is UNPROVEN while nobody has said where it ends", () => {
    expect(reportsOf(record(1, "$open"), record(2)).e1).toMatchObject({
      verdict: "UNPROVEN",
      end: "unknown",
      missing: [],
      lastSeq: 2,
    });
  });

  it("is INCOMPLETE with the exact numbers that are missing", () => {
    const records = [record(1, "$open"), record(3), record(7), record(8, "$close", { last_seq: 8 })];
    expect(reportsOf(...records).e1).toMatchObject({
      verdict: "INCOMPLETE",
      missing: [
        [2, 2],
        [4, 6],
      ],
    });
  });

  it("is INCOMPLETE when its end is missing", () => {
    const next = record(1, "$open", { previous_epoch: "e1", previous_last_seq: 9 }, "e2");
    expect(reportsOf(record(1, "$open"), next).e1).toMatchObject({
      verdict: "INCOMPLETE",
      missing: [[2, 9]],
    });
  });

  it("is INCOMPLETE when nothing of it arrived but its name", () => {
    const next = record(1, "$open", { previous_epoch: "e0", previous_last_seq: 4 }, "e2");
    expect(reportsOf(next).e0).toMatchObject({ verdict: "INCOMPLETE", missing: [[1, 4]] });
  });

  it("counts declared drops as accounted for, whichever epoch declares them", () => {
    const drop = { drop_epoch: "e1", from_seq: 2, to_seq: 4, count: 3, reason: "store_full" };
    const records = [
      record(1, "$open"),
      record(5, "$close", { last_seq: 5 }),
      record(2, "$drop", drop, "e2"),
    ];
    expect(reportsOf(...records).e1).toMatchObject({ verdict: "COMPLETE", dropped: 3, missing: [] });
  });

  it("does not count as dropped what was declared and arrived all the same", () => {
    const drop = { drop_epoch: "e1", from_seq: 2, to_seq: 3, count: 2, reason: "rejected" };
    const records = [
      record(1, "$open"),
      record(2),
      record(4, "$drop", drop),
      record(5, "$close", { last_seq: 5 }),
    ];
    expect(reportsOf(...records).e1).toMatchObject({ verdict: "COMPLETE", dropped: 1 });
  });

  it("lets a drop of fewer numbers than its stretch account for no more than it says", () => {
    const drop = { drop_epoch: "e1", from_seq: 2, to_seq: 9, count: 3, reason: "store_full" };
    const ends = [record(1, "$open"), record(10, "$drop", drop), record(11, "$close", { last_seq: 11 })];
    const enough = reportsOf(...ends, record(2), record(4), record(6), record(8), record(9)).e1;
    expect(enough).toMatchObject({ verdict: "COMPLETE", dropped: 3 });
    const tooFew = reportsOf(...ends, record(2), record(4), record(6), record(8)).e1;
    expect(tooFew).toMatchObject({
      verdict: "INCOMPLETE",
      missing: [
        [3, 3],
        [5, 5],
        [7, 7],
        [9, 9],
      ],
    });
  });

  it("adds up drops of fewer numbers than their stretches when these overlap", () => {
    const drop = (from_seq: number, to_seq: number, count: number) => ({
      drop_epoch: "e1",
      from_seq,
      to_seq,
      count,
    });
    const declared = [
      record(20, "$drop", drop(2, 10, 3)),
      record(21, "$drop", drop(4, 9, 4)),
      record(22, "$close", { last_seq: 22 }),
    ];
    const present = [1, 3, ...Array.from({ length: 9 }, (_, i) => 11 + i)].map((seq) => record(seq));
    // Missing are 2 and 4 to 10: eight, one more than both account for.
    expect(reportsOf(...declared, ...present).e1).toMatchObject({ verdict: "INCOMPLETE" });
    expect(reportsOf(...declared, ...present, record(7)).e1).toMatchObject({
      verdict: "COMPLETE",
      dropped: 7,
    });
    // Enough in all, but not where it is missing: of 2, 3 and 10 only three can be the first one's.
    const elsewhere = [1, 4, 5, 11, 12].map((seq) => record(seq));
    expect(reportsOf(...declared, ...present.slice(2), ...elsewhere).e1).toMatchObject({
      verdict: "COMPLETE",
    });
    const wide = [record(30, "$drop", drop(2, 10, 1)), record(31, "$drop", drop(4, 9, 5)), record(1)];
    expect(reportsOf(...wide, ...[3, 4, 5, 6, 7, 8, 9].map((seq) => record(seq))).e1!.missing).toContainEqual(
      [2, 2],
    );
  });

  it("counts duplicates and removes them", () => {
    const records = [
      record(1, "$open"),
      record(2),
      record(2),
      record(1, "$open"),
      record(3, "$close", { last_seq: 3 }),
    ];
    expect(reportsOf(...records).e1).toMatchObject({ verdict: "COMPLETE", duplicates: 2, events: 1 });
  });

  it("survives control records that make no sense", () => {
    const nonsense = [
      record(1, "$open", { previous_epoch: 7, previous_last_seq: "x" }),
      record(2, "$drop", { drop_epoch: "e1", from_seq: 5, to_seq: 1, count: 1 }),
      record(3, "$drop", { drop_epoch: null, from_seq: -1, to_seq: 1.5, count: {} }),
      record(4, "$close", { last_seq: null }),
      record(5, "$purge"),
    ];
    expect(reportsOf(...nonsense).e1).toMatchObject({ verdict: "UNPROVEN", lastSeq: 5 });
  });
});
