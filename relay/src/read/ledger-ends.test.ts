import { describe, expect, it } from "vitest";
import { Ledger, type StreamRecord } from "./ledger.ts";

const record = (epoch: string, seq: number, type: string, data: object = {}): StreamRecord => ({
  device: "d1",
  epoch,
  seq,
  type,
  ...data,
});
const ticks = (epoch: string, count: number) =>
  Array.from({ length: count }, (_, i) => record(epoch, i + 1, "tick"));
const opens = (epoch: string, previousLastSeq: number) =>
  record(epoch, 1, "$open", { previous_epoch: "e1", previous_last_seq: previousLastSeq });

/** Every order of a few things. */
function ordersOf<T>(things: readonly T[]): T[][] {
  if (things.length < 2) return [[...things]];
  return things.flatMap((first, i) =>
    ordersOf([...things.slice(0, i), ...things.slice(i + 1)]).map((rest) => [first, ...rest]),
  );
}

describe("the end of an epoch", () => {
  it.each([
    ["two later epochs", [opens("e2", 3), opens("e3", 6)], 4],
    ["an early one and the epoch itself", [opens("e2", 3), record("e1", 6, "$close", { last_seq: 6 })], 4],
    [
      "the epoch itself and one that knows of more",
      [record("e1", 4, "$close", { last_seq: 4 }), opens("e2", 6)],
      5,
    ],
  ])("is the highest that was said of it, by %s, in whatever order", (_, ends, from) => {
    for (const records of ordersOf([ticks("e1", 3), ...ends.map((end) => [end])])) {
      const ledger = new Ledger();
      for (const each of records.flat()) ledger.add(each);
      const report = [...ledger.reports()].find(({ epoch }) => epoch === "e1")!;
      expect([report.verdict, report.lastSeq]).toEqual(["INCOMPLETE", 6]);
      expect(report.missing[0]?.[0]).toBe(from);
    }
  });
});
