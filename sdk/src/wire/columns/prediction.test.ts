import { describe, expect, it } from "vitest";
import { bestPrediction, predicted } from "./prediction.ts";

const NONE = { same: 0, also: 0, before: 0 };
/** Without a pattern that one row would be told from another by. */
const A = [9_000, 410, 77_000, 3_100, 950, 61_000, 280, 15_000];
const B = [12, 8_800, 640, 52_000, 31, 7_700, 90_000, 4_300];
/** A column whose numbers are these added up. */
const sums = (numbers: readonly number[]) => {
  let sum = 0;
  return numbers.map((number) => (sum += number));
};

describe("what a prediction says of an event", () => {
  const numbers = [[1, 2], [10, 20], [100, 200], undefined, [Number.NaN, Number.NaN]];

  it("is the sum of the numbers that it is told from", () => {
    expect(predicted(NONE, numbers, 1)).toBe(0);
    expect(predicted({ same: 1, also: 0, before: 0 }, numbers, 1)).toBe(2);
    expect(predicted({ same: 1, also: 2, before: 0 }, numbers, 1)).toBe(22);
    expect(predicted({ same: 2, also: 1, before: 3 }, numbers, 1)).toBe(122);
    expect(predicted({ same: 0, also: 0, before: 3 }, numbers, 1)).toBe(100);
  });

  it("has nothing of the event before where there is none, and nothing of null", () => {
    expect(predicted({ same: 1, also: 0, before: 3 }, numbers, 0)).toBe(1);
    expect(predicted({ same: 5, also: 5, before: 5 }, numbers, 1)).toBe(0);
  });
});

describe("a column is told", () => {
  it("from nothing when nothing is like it", () => {
    expect(bestPrediction([A], 0)).toEqual(NONE);
    expect(bestPrediction([A, undefined, B], 2)).toEqual(NONE);
  });

  it("from the first that is the same", () => {
    const small = A.map((value) => value % 100);
    expect(bestPrediction([B, small, small, small], 3)).toEqual({ same: 2, also: 0, before: 0 });
  });

  it("from itself in the event before, when it counts or stays", () => {
    expect(bestPrediction([A, sums(Array(8).fill(1))], 1)).toEqual({ same: 0, also: 0, before: 2 });
    expect(bestPrediction([Array(8).fill(70_000)], 0)).toEqual({ same: 0, also: 0, before: 1 });
  });

  it("from two others that make it up", () => {
    const both = A.map((value, i) => value + B[i]!);
    const prediction = bestPrediction([A, B, both], 2);
    expect(new Set([prediction.same, prediction.also])).toEqual(new Set([1, 2]));
    expect(both.map((_, row) => predicted(prediction, [A, B, both], row))).toEqual(both);
  });

  it("from itself in the event before and what was added since", () => {
    const total = sums(A).map((value) => value + 1e9);
    expect(bestPrediction([A, total], 1)).toEqual({ same: 1, also: 0, before: 2 });
  });

  it("never twice from one", () => {
    const mostlyTwice = A.map((value, i) => (i === 2 || i === 5 ? value : 2 * value));
    const { same, also } = bestPrediction([A, mostlyTwice], 1);
    expect([same, also]).toEqual([1, 0]);
  });

  it("from nothing when too little is won: what comes again compresses well as it is", () => {
    const rare = [0, 0, 0, 0, 0, 0, 0, 1];
    expect(bestPrediction([rare, rare], 1)).toEqual(NONE);
  });

  it("by how often it is right, not by how wrong it is then, nor by being right once", () => {
    const ones = Array<number>(8).fill(1);
    const nearly = ones.map((one, i) => (i === 3 || i === 6 ? 1_000_000 : one));
    expect(bestPrediction([nearly, ones], 1).same + bestPrediction([nearly, ones], 1).before).toBeGreaterThan(
      0,
    );
    const once = A.map((value, i) => (i === 3 ? value : value + 5_000 + 37 * i));
    expect(bestPrediction([once, A, A], 2)).toEqual({ same: 2, also: 0, before: 0 });
    // Two large errors are less than eight small ones.
    const small = [3, 1, 2, 3, 1, 3, 2, 1];
    const wrongTwice = small.map((value, i) => (i === 3 || i === 6 ? 500_000 : value));
    expect(bestPrediction([wrongTwice, small], 1)).toEqual({ same: 1, also: 0, before: 0 });
  });

  it("by events from all of a batch, not by its first", () => {
    const long = Array.from({ length: 32 }, (_, i) => A[i % 8]! + 13 * i);
    const other = long.map((value, i) => (i === 1 ? 0 : value));
    expect(bestPrediction([long, other], 1)).toEqual({ same: 1, also: 0, before: 0 });
  });

  it("in a batch of one event, too", () => {
    expect(bestPrediction([[1_000_000], [1_000_000]], 1)).toEqual({ same: 1, also: 0, before: 0 });
  });

  it("from none whose number does not fit into a byte", () => {
    const columns = Array.from({ length: 257 }, (_, i) => (i >= 255 ? A : undefined));
    expect(bestPrediction(columns, 256)).toEqual(NONE);
    expect(bestPrediction([...columns.slice(0, 254), A, A, A], 256)).toEqual({
      same: 255,
      also: 0,
      before: 0,
    });
  });
});
