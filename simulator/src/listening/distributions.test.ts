import { expect, it } from "vitest";
import { Curve } from "./distributions.ts";
import { Random } from "./random.ts";

it("a curve has the quantiles that it was given, and nothing beyond its ends", () => {
  const curve = new Curve([
    [0, 0],
    [0.1, 0],
    [0.5, 20],
    [0.9, 300],
    [1, 1_000],
  ]);
  const random = new Random(1);
  const values = Array.from({ length: 20_000 }, () => curve.draw(random)).toSorted((a, b) => a - b);
  expect(values[1_900]).toBe(0);
  expect(values[10_000]! / 20).toBeCloseTo(1, 1);
  expect(values[18_000]! / 300).toBeCloseTo(1, 1);
  expect(values[0]).toBe(0);
  expect(values.at(-1)).toBeLessThan(1_000);
});
