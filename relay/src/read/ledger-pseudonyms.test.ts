import { describe, expect, it } from "vitest";
import { Ledger, type StreamRecord } from "./ledger.ts";

const record = (
  device: string,
  epoch: string,
  seq: number,
  type = "tick",
  more: Partial<StreamRecord> = {},
): StreamRecord => ({ ...more, device, epoch, seq, type });

function verdictsOf(records: readonly StreamRecord[]) {
  const ledger = new Ledger();
  for (const each of records) ledger.add(each);
  return [...ledger.reports()].map(({ epoch, verdict, missing, duplicates }) => ({
    epoch,
    verdict,
    missing,
    duplicates,
  }));
}

/** Every order of a few records would be too many: as they are, backwards, and from the middle. */
const orders = <T>(records: readonly T[]): T[][] => {
  const middle = records.length >> 1;
  return [[...records], records.toReversed(), [...records.slice(middle), ...records.slice(0, middle)]];
};

describe("a device whose pseudonym changes with the key", () => {
  const before = "k1~AAAA";
  const after = "k2~BBBB";
  // The first epoch is cut by the change, and broke off behind it; the second names it.
  const all = [
    record(before, "e1", 1, "$open"),
    record(before, "e1", 2),
    record(after, "e1", 2),
    record(after, "e1", 3),
    record(after, "e2", 1, "$open", { previous_epoch: "e1", previous_last_seq: 3 }),
    record(after, "e2", 2, "$drop", { drop_epoch: "e1", from_seq: 4, to_seq: 4, count: 1 }),
    record(after, "e2", 3, "$close", { last_seq: 3 }),
  ];

  it("is one device to the proof: its epochs are whole, and what came twice is counted once", () => {
    for (const records of orders(all)) {
      expect(verdictsOf(records).toSorted((a, b) => a.epoch.localeCompare(b.epoch))).toEqual([
        { epoch: "e1", verdict: "UNPROVEN", missing: [], duplicates: 1 },
        { epoch: "e2", verdict: "COMPLETE", missing: [], duplicates: 0 },
      ]);
    }
  });

  it("hides no loss: what neither domain has is missing", () => {
    const lost = all.filter(({ epoch, seq }) => !(epoch === "e1" && seq === 2));
    for (const records of orders(lost)) {
      expect(verdictsOf(records)).toContainEqual({
        epoch: "e1",
        verdict: "INCOMPLETE",
        missing: [[2, 2]],
        duplicates: 0,
      });
    }
  });

  it("is not mixed up with another of the same domain that uses its epoch's id", () => {
    const verdicts = verdictsOf([record(before, "e1", 1), record("k1~CCCC", "e1", 2)]);
    expect(verdicts.map(({ verdict }) => verdict).toSorted()).toEqual(["INCOMPLETE", "UNPROVEN"]);
  });

  it("is not what a plain id can pass for", () => {
    expect(verdictsOf([record("k1", "e1", 1), record("k2", "e1", 2)])).toHaveLength(2);
  });
});
