import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { fuzz } from "./fuzz.ts";
import { keptCases } from "./kept-cases.ts";
import { holds } from "./model-runs.ts";

describe("a case that breaks a promise", () => {
  let directory: string;
  beforeEach(() => {
    directory = mkdtempSync(join(tmpdir(), "tonearm-kept-"));
    vi.stubEnv("TONEARM_KEPT", directory);
  });
  afterEach(() => {
    vi.unstubAllEnvs();
    rmSync(directory, { recursive: true });
  });

  it("of a decoder is kept once, and tried first from then on, with whatever seed", () => {
    const seen: string[] = [];
    const target = (isBroken: boolean) => ({
      corpus: [Uint8Array.of(1, 2, 3)],
      inputs: 1_000,
      kept: "numbers",
      check(input: Uint8Array) {
        seen.push(Buffer.from(input).toString("hex"));
        if (isBroken && input.length > 3) throw new Error("too long");
      },
    });
    expect(() => fuzz(target(true))).toThrow("breaks a promise");
    const found = seen.at(-1)!;
    expect(readFileSync(join(directory, "numbers.txt"), "utf8")).toBe(`${found}\n`);
    vi.stubEnv("TONEARM_FUZZ_SEED", "77");
    seen.length = 0;
    expect(() => fuzz(target(true))).toThrow(`kept in numbers.txt breaks a promise again: ${found}`);
    expect(seen).toEqual([found]);
    seen.length = 0;
    fuzz(target(false));
    expect(seen).toHaveLength(1_001);
    expect(seen[0]).toBe(found);
    expect(keptCases("numbers")).toEqual([found]);
  });

  it("of a model is kept by its seed and run, and tried first from then on", async () => {
    let runs = 0;
    const below = (limit: number) =>
      fc.property(fc.nat(1_000), (n) => {
        runs++;
        return n < limit;
      });
    await expect(holds(below(900), 500, "below.model")).rejects.toThrow("breaks a promise");
    const [kept] = keptCases("below.model");
    expect(kept).toMatch(/^1 \d+$/);
    runs = 0;
    vi.stubEnv("TONEARM_FUZZ_SEED", "77");
    await expect(holds(below(900), 0, "below.model")).rejects.toThrow(`run ${kept!.split(" ")[1]} of seed 1`);
    runs = 0;
    await holds(below(1_001), 500, "below.model");
    expect(runs).toBe(501);
  });
});
