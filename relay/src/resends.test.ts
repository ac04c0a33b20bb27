import { describe, expect, it } from "vitest";
import { Resends } from "./resends.ts";
import { batchOf } from "./testing/batches.ts";

const NOTHING = { length: 0, durable: "stream" };

describe("what is remembered of an epoch", () => {
  it("is one stretch that grows with what continues it", () => {
    const resends = new Resends(10);
    resends.accept(batchOf("d1", 5, 5), "stream");
    resends.accept(batchOf("d1", 10, 5), "stream");
    expect(resends.knownPrefix(batchOf("d1", 5, 10))).toEqual({ length: 10, durable: "stream" });
    expect(resends.knownPrefix(batchOf("d1", 12, 10)).length).toBe(3);
    expect(resends.knownPrefix(batchOf("d1", 15, 5))).toEqual(NOTHING);
    expect(resends.knownPrefix(batchOf("d1", 4, 5))).toEqual(NOTHING);
    expect(resends.knownPrefix(batchOf("d1", 5, 5, 100, "epoch-2"))).toEqual(NOTHING);
  });

  it("never covers a gap: what came behind one begins a stretch of its own", () => {
    const resends = new Resends(10);
    resends.accept(batchOf("d1", 1, 5), "stream");
    resends.accept(batchOf("d1", 7, 5), "stream");
    for (let seq = 1; seq <= 6; seq++) expect(resends.knownPrefix(batchOf("d1", seq, 1)).length).toBe(0);
    expect(resends.knownPrefix(batchOf("d1", 6, 6))).toEqual(NOTHING);
    expect(resends.knownPrefix(batchOf("d1", 7, 5)).length).toBe(5);
  });

  it.each([
    ["spool", "stream"],
    ["stream", "spool"],
  ] as const)("is safe in the spool only, once part of it went there (%s, then %s)", (first, then) => {
    const resends = new Resends(10);
    resends.accept(batchOf("d1", 1, 5), first);
    resends.accept(batchOf("d1", 6, 5), then);
    expect(resends.knownPrefix(batchOf("d1", 1, 10))).toEqual({ length: 10, durable: "spool" });
  });

  it("is forgotten first of the epoch that was untouched longest", () => {
    const resends = new Resends(2);
    for (const epoch of ["e1", "e2", "e3"]) resends.accept(batchOf("d1", 1, 5, 100, epoch), "stream");
    const known = ["e1", "e2", "e3"].map(
      (epoch) => resends.knownPrefix(batchOf("d1", 1, 5, 100, epoch)).length,
    );
    expect(known).toEqual([0, 5, 5]);
  });
});
