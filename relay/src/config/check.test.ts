import { describe, expect, it } from "vitest";
import { z } from "zod";
import { checkConfig, checkFlags } from "./check.ts";
import { wholeNumber } from "./values.ts";

const faultsOf = (check: () => unknown): string => {
  try {
    check();
  } catch (error) {
    return (error as Error).message;
  }
  return "none";
};

describe("what is wrong with an option", () => {
  const shape = z.strictObject({
    count: wholeNumber(1, 9),
    key: z.string().min(8, "expected 8 characters").optional(),
  });

  it.each([
    ["abc", '"abc"'],
    ["-1", '"-1"'],
    ["1.5", '"1.5"'],
    ["", '""'],
    ["0x3", '"0x3"'],
    ["10", '"10"'],
    [Number.NaN, "null"],
    [2.5, "2.5"],
  ])("%j is told with what it was and what was expected", (count, shown) => {
    expect(faultsOf(() => checkFlags(shape, { count }))).toBe(
      `option count is ${shown}, expected a whole number from 1 to 9`,
    );
  });

  it("is that it is missing only when it is", () => {
    expect(faultsOf(() => checkFlags(shape, {}))).toBe("option count is missing");
  });

  it("never repeats a secret, nor the user and password of a URL", () => {
    expect(faultsOf(() => checkFlags(shape, { count: 1, key: "hunter2" }))).toBe(
      "option key is not usable, expected 8 characters",
    );
    expect(faultsOf(() => checkConfig({ writeKeys: ["hunter2"] }))).not.toContain("hunter2");
    const told = faultsOf(() => checkConfig({ insecure: true, endpoint: "ftp://me:hunter2@kinesis.test/" }));
    expect(told).toBe('option endpoint is "ftp://…@kinesis.test/", expected an http or https URL');
  });

  it("is cut when it is long", () => {
    expect(faultsOf(() => checkFlags(shape, { count: "x".repeat(1_000) })).length).toBeLessThan(200);
  });
});
