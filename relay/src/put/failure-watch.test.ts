import { ManualClock } from "@tonearm/sdk/testing";
import { describe, expect, it } from "vitest";
import { FailureWatch } from "./failure-watch.ts";

const OPTIONS = {
  failuresToOpen: 5,
  failurePercentToOpen: 50,
  failureWindowMs: 10_000,
  failureCallsMin: 20,
};

/** Calls in order, one each `everyMs`: F fails, S succeeds. Returns after how many it was one too many. */
async function opensAfter(calls: string, everyMs: number): Promise<number | undefined> {
  const clock = new ManualClock();
  const watch = new FailureWatch(clock, OPTIONS);
  for (const [i, call] of calls.split("").entries()) {
    if (call === "S") watch.succeeded();
    else if (watch.failed()) return i + 1;
    await clock.advance(everyMs);
  }
  return undefined;
}

describe("what opens the circuit", () => {
  it("is failures in a row, and not as many in all", async () => {
    expect(await opensAfter("FFFFF", 100)).toBe(5);
    expect(await opensAfter("FFFFSFFFFS", 100)).toBeUndefined();
  });

  it("is too large a part of the calls of a while, although none failed five times in a row", async () => {
    expect(await opensAfter("FS".repeat(20), 100)).toBe(21);
    expect(await opensAfter("FSS".repeat(20), 100)).toBeUndefined();
  });

  it("is not a part of too few calls, nor of calls that are long over", async () => {
    expect(await opensAfter("FS".repeat(9), 100)).toBeUndefined();
    expect(await opensAfter("FS".repeat(20), 1_000)).toBeUndefined();
  });

  it("forgets what failed before, slot by slot", async () => {
    const clock = new ManualClock();
    const watch = new FailureWatch(clock, OPTIONS);
    for (let i = 0; i < 4; i++) watch.failed();
    expect(watch.recent).toEqual({ calls: 4, failures: 4 });
    await clock.advance(8_999);
    watch.succeeded();
    expect(watch.recent).toEqual({ calls: 5, failures: 4 });
    await clock.advance(1_001);
    expect(watch.recent).toEqual({ calls: 1, failures: 0 });
    watch.reset();
    expect(watch.recent).toEqual({ calls: 0, failures: 0 });
  });
});
