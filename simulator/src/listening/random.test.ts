import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { Random } from "./random.ts";

const draw = (random: Random, count = 5) => Array.from({ length: count }, () => random.fraction());

const many = (next: () => number) => Array.from({ length: 20_000 }, next).toSorted((a, b) => a - b);

describe("Random", () => {
  it("gives the same stream for the same seed, as a number or as text", () => {
    expect(draw(new Random(7))).toEqual(draw(new Random("7")));
    expect(draw(new Random(7))).not.toEqual(draw(new Random(8)));
  });

  it("never changes what a seed means", () => {
    expect(draw(new Random("tonearm"), 3)).toMatchInlineSnapshot(`
      [
        0.42792394739483575,
        0.9900515138924186,
        0.41203314708529626,
      ]
    `);
  });

  it("forks streams that depend on the label only, not on what was drawn before", () => {
    const [fresh, used] = [new Random(1), new Random(1)];
    draw(used, 1_000);
    expect(draw(used.fork("speaker-1"))).toEqual(draw(fresh.fork("speaker-1")));
    expect(draw(fresh.fork("speaker-1"))).not.toEqual(draw(fresh.fork("speaker-2")));
    expect(draw(fresh.fork("a").fork("b"))).not.toEqual(draw(fresh.fork("ab")));
  });

  it("gives forks with neighbouring labels streams that have nothing in common", () => {
    const firsts = Array.from({ length: 20_000 }, (_, at) => new Random(1).fork(at).fraction());
    expect(new Set(firsts).size).toBe(20_000);
    const bins = Array.from({ length: 100 }, () => 0);
    for (const value of firsts) bins[Math.floor(value * 100)]!++;
    const chiSquare = bins.reduce((sum, count) => sum + (count - 200) ** 2 / 200, 0);
    // 99 degrees of freedom: between 61 and 148 in 998 of 1,000 cases.
    expect(chiSquare).toBeGreaterThan(61);
    expect(chiSquare).toBeLessThan(148);
  });

  it("keeps whole numbers inside their range, and reaches both ends", () => {
    fc.assert(
      fc.property(fc.string(), fc.integer({ min: -50, max: 50 }), fc.nat(10), (seed, from, more) => {
        const random = new Random(seed);
        const values = new Set(Array.from({ length: 300 }, () => random.integer(from, from + more)));
        expect(Math.min(...values)).toBe(from);
        expect(Math.max(...values)).toBe(from + more);
      }),
      { numRuns: 50 },
    );
  });

  it("chooses by weight, and never what weighs nothing", () => {
    const random = new Random(1);
    const counts = { a: 0, b: 0, c: 0 };
    for (let i = 0; i < 10_000; i++) counts[random.weighted({ a: 3, b: 0, c: 1 })]++;
    expect(counts.b).toBe(0);
    expect(counts.a / 10_000).toBeCloseTo(0.75, 1);
    expect(() => random.weighted({ a: 0 })).toThrow("no weight above 0");
    expect(() => random.pick([])).toThrow("empty list");
  });

  it("has the mean of an exponential and the median of a lognormal as asked", () => {
    const random = new Random(1);
    const waits = many(() => random.exponential(5));
    expect(waits.reduce((sum, value) => sum + value, 0) / waits.length).toBeCloseTo(5, 0);
    const lengths = many(() => random.logNormal(200, 0.5));
    expect(lengths[10_000]! / 200).toBeCloseTo(1, 1);
    expect(lengths[16_827]! / 200).toBeCloseTo(Math.exp(0.5), 1);
  });
});
