import { describe, expect, it } from "vitest";
import { halves, lastSeqOf, withoutFirst } from "./batch.ts";
import { batchOf, linesOf } from "./testing/batches.ts";

describe("a batch that is cut", () => {
  it.each([2, 3, 7, 10])("in halves has all of its %i events, in order, numbered on", (count) => {
    const batch = batchOf("d1", 41, count);
    const [first, second] = halves(batch);
    expect([...linesOf(first), ...linesOf(second)]).toEqual(linesOf(batch));
    expect([first.firstSeq, second.firstSeq]).toEqual([41, lastSeqOf(first) + 1]);
    expect(lastSeqOf(second)).toBe(40 + count);
    for (const half of [first, second]) expect(linesOf(half).length).toBeLessThan(count);
  });

  it("at its beginning keeps the numbers of what is left", () => {
    const rest = withoutFirst(batchOf("d1", 41, 5), 2);
    expect(rest).toMatchObject({ device: "d1", epoch: "epoch-1", firstSeq: 43 });
    expect(linesOf(rest)).toEqual(linesOf(batchOf("d1", 43, 3)));
    expect(lastSeqOf(rest)).toBe(45);
  });

  it("by nothing is the same", () => {
    const batch = batchOf("d1", 41, 5);
    expect(withoutFirst(batch, 0)).toEqual(batch);
  });
});
