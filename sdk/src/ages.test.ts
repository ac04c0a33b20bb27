import { describe, expect, it } from "vitest";
import { Ages } from "./ages.ts";

describe("the age of the oldest event", () => {
  it("is that of the oldest that is not forgotten, or a little more", () => {
    const ages = new Ages();
    for (let seq = 1; seq <= 100; seq++) ages.note(seq, seq * 100);
    for (let through = 0; through < 100; through++) {
      ages.forget(through, 100);
      const truth = (through + 1) * 100;
      expect(ages.oldestMs).toBeLessThanOrEqual(truth);
      expect(ages.oldestMs).toBeGreaterThan(truth - 1_000);
    }
    ages.forget(100, 100);
    expect(ages.oldestMs).toBeUndefined();
    ages.note(101, 50_000);
    expect(ages.oldestMs).toBe(50_000);
  });

  it("costs no memory however long nothing is acknowledged, and never understates", () => {
    const ages = new Ages();
    for (let seq = 1; seq <= 500_000; seq++) ages.note(seq, seq * 1_000);
    expect(ages.oldestMs).toBe(1_000);
    for (const through of [1, 777, 250_000, 499_998]) {
      ages.forget(through, 500_000);
      expect(ages.oldestMs).toBeLessThanOrEqual((through + 1) * 1_000);
      expect(ages.oldestMs).toBeGreaterThan((through + 1 - 20_000) * 1_000);
    }
  });
});
