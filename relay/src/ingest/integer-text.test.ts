import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { writeInteger } from "./integer-text.ts";

function textOf(value: number): string {
  const bytes = Buffer.alloc(20, "?");
  return bytes.toString("latin1", 1, writeInteger(bytes, 1, value));
}

describe("the digits of an integer", () => {
  it("are those that JSON gives it", () => {
    fc.assert(
      fc.property(fc.maxSafeInteger(), (value) => {
        expect(textOf(value)).toBe(String(value));
      }),
      { numRuns: 2_000 },
    );
  });

  it("are right where their number changes, and where the number is split", () => {
    for (let power = 1; power <= Number.MAX_SAFE_INTEGER; power *= 10) {
      for (const value of [power - 1, power, power + 1, -power]) expect(textOf(value)).toBe(String(value));
    }
    for (const value of [Number.MAX_SAFE_INTEGER, Number.MIN_SAFE_INTEGER, -0, 0]) {
      expect(textOf(value)).toBe(String(value));
    }
  });
});
