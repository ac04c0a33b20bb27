import { ManualClock } from "@tonearm/sdk/testing";
import { describe, expect, it } from "vitest";
import { Admission } from "./admission.ts";
import type { Refusal } from "./refusal.ts";

const admission = () => new Admission({ bytesInFlightMax: 1_000, requestsPerEpochMax: 4 }, new ManualClock());

const codeOf = (promise: Promise<unknown>) =>
  promise.then(
    () => "accepted",
    (error: Refusal) => error.code,
  );

describe("requests of one epoch", () => {
  it("are let in one after another, in the order of their arrival", async () => {
    const door = admission();
    const seen: string[] = [];
    const ends: (() => void)[] = [];
    const task = (name: string) => () =>
      new Promise<void>((resolve) => {
        seen.push(name);
        ends.push(resolve);
      });
    const all = ["first", "second"].map((name) => door.admit("e1", 1, task(name)));
    const other = door.admit("e2", 1, task("another epoch"));
    await new Promise(setImmediate);
    expect(seen).toEqual(["first", "another epoch"]);
    for (const end of ends) end();
    await new Promise(setImmediate);
    expect(seen.at(-1)).toBe("second");
    for (const end of ends) end();
    await Promise.all([...all, other]);
  });

  it("that stand behind one that fails are refused, so that no answer passes over a hole", async () => {
    const door = admission();
    const failing = door.admit("e1", 1, () => Promise.reject(Object.assign(new Error(), { code: "gone" })));
    const behind = [1, 2].map(() => door.admit("e1", 1, () => Promise.resolve()));
    const elsewhere = door.admit("e2", 1, () => Promise.resolve());
    expect(await Promise.all([failing, ...behind, elsewhere].map(codeOf))).toEqual([
      "gone",
      "too_many_requests",
      "too_many_requests",
      "accepted",
    ]);
    expect(await codeOf(door.admit("e1", 1, () => Promise.resolve()))).toBe("accepted");
    expect(door.bytesInFlight).toBe(0);
  });
});

describe("bytes in flight", () => {
  it("count what is being read, and refuse what would be too much", async () => {
    const door = admission();
    const one = door.hold();
    one.take(600);
    const other = door.hold();
    other.take(300);
    expect(() => other.take(200)).toThrow(expect.objectContaining({ code: "overloaded" }));
    expect(await codeOf(door.admit("e1", 200, () => Promise.resolve()))).toBe("overloaded");
    one.giveBack();
    other.take(200);
    other.giveBack();
    expect(door.bytesInFlight).toBe(0);
  });

  it("let in a request that is alone, however large it is", async () => {
    const door = admission();
    const hold = door.hold();
    hold.take(900);
    hold.take(900);
    hold.giveBack();
    expect(await codeOf(door.admit("e1", 5_000, () => Promise.resolve()))).toBe("accepted");
  });
});
