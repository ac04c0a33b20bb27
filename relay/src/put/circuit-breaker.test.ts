import { ManualClock } from "@tonearm/sdk/testing";
import { describe, expect, it } from "vitest";
import { CircuitBreaker } from "./circuit-breaker.ts";
import { FailureWatch } from "./failure-watch.ts";

const OPTIONS = {
  failuresToOpen: 3,
  failurePercentToOpen: 50,
  failureWindowMs: 10_000,
  failureCallsMin: 20,
  openMs: 1_000,
  openMsMax: 3_000,
};

function breakerOn(clock: ManualClock) {
  const changes: string[] = [];
  const watch = new FailureWatch(clock, OPTIONS);
  return { breaker: new CircuitBreaker({ clock, watch }, OPTIONS, (kind) => changes.push(kind)), changes };
}

const fail = (breaker: CircuitBreaker, times: number) => {
  for (let i = 0; i < times; i++) breaker.failed();
};

describe("the circuit", () => {
  it("opens after failures in a row, not after as many in all", () => {
    const { breaker, changes } = breakerOn(new ManualClock());
    fail(breaker, 2);
    breaker.succeeded();
    fail(breaker, 2);
    expect(breaker.kind).toBe("closed");
    breaker.failed();
    expect([breaker.kind, changes]).toEqual(["open", ["open"]]);
  });

  it("begins to count anew when it has closed", async () => {
    const clock = new ManualClock();
    const { breaker } = breakerOn(clock);
    fail(breaker, 3);
    await clock.advance(breaker.waitMs);
    expect(breaker.kind).toBe("half-open");
    breaker.succeeded();
    fail(breaker, 2);
    expect(breaker.kind).toBe("closed");
  });

  it("is half-open when its time is over, and closed again by one success", async () => {
    const clock = new ManualClock();
    const { breaker, changes } = breakerOn(clock);
    fail(breaker, 3);
    const { waitMs } = breaker;
    expect(waitMs).toBeGreaterThanOrEqual(500);
    expect(waitMs).toBeLessThanOrEqual(1_000);
    await clock.advance(waitMs - 1);
    expect(breaker.kind).toBe("open");
    await clock.advance(1);
    expect([breaker.kind, breaker.waitMs]).toEqual(["half-open", 0]);
    breaker.succeeded();
    expect(changes).toEqual(["open", "half-open", "closed"]);
  });

  it("stays open twice as long with every probe that fails, up to its most", async () => {
    const clock = new ManualClock();
    const { breaker } = breakerOn(clock);
    fail(breaker, 3);
    for (const longest of [2_000, 3_000, 3_000]) {
      await clock.advance(breaker.waitMs);
      expect(breaker.kind).toBe("half-open");
      breaker.failed();
      expect(breaker.waitMs).toBeGreaterThanOrEqual(longest / 2);
      expect(breaker.waitMs).toBeLessThanOrEqual(longest);
    }
  });

  it.each([-10, 10])(
    "stays open for as long as it was to, when the wall clock jumps by %i years",
    async (years) => {
      const clock = new ManualClock();
      const { breaker } = breakerOn(clock);
      fail(breaker, 3);
      const { waitMs } = breaker;
      clock.wall += years * 31_557_600_000;
      expect([breaker.kind, breaker.waitMs]).toEqual(["open", waitMs]);
      await clock.advance(waitMs);
      expect([breaker.kind, breaker.waitMs]).toEqual(["half-open", 0]);
    },
  );

  it("learns nothing from calls that were under way when it opened", () => {
    const clock = new ManualClock();
    const { breaker } = breakerOn(clock);
    fail(breaker, 3);
    const { waitMs } = breaker;
    fail(breaker, 5);
    expect(breaker.waitMs).toBe(waitMs);
  });
});
