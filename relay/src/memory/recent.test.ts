import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { recent } from "./recent.ts";

const steps = fc.array(
  fc.record({ key: fc.constantFrom("a", "b", "c", "d", "e"), what: fc.constantFrom("get", "set", "delete") }),
);

describe("what was used last", () => {
  it("is kept up to a number, and what was untouched the longest is forgotten", () => {
    fc.assert(
      fc.property(steps, fc.integer({ min: 1, max: 4 }), (taken, max) => {
        const kept = recent<number>(max);
        let model: { readonly key: string; readonly value: number }[] = [];
        for (const [value, { key, what }] of taken.entries()) {
          const known = model.find((entry) => entry.key === key);
          const others = model.filter((entry) => entry !== known);
          if (what === "get") {
            expect(kept.get(key)).toBe(known?.value);
            if (known) model = [...others, known];
          } else if (what === "set") {
            kept.set(key, value);
            model = [...others, { key, value }].slice(-max);
          } else {
            kept.delete(key);
            model = others;
          }
          expect(kept.size).toBe(model.length);
        }
        for (const { key, value } of model) expect(kept.peek(key)).toBe(value);
      }),
    );
  });

  it("takes no memory before there is something to keep", () => {
    const before = process.memoryUsage.rss();
    // Taken at once they would be a gigabyte.
    const empty = Array.from({ length: 4 }, () => recent<number>(10_000_000));
    expect(process.memoryUsage.rss() - before).toBeLessThan(100_000_000);
    expect(empty.map(({ size }) => size)).toEqual([0, 0, 0, 0]);
  });
});
