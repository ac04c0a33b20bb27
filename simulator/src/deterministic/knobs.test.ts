import { createHash } from "node:crypto";
import { expect, it } from "vitest";
import { Random } from "../listening/random.ts";
import { drawKnobs, KNOBS_VERSION } from "./knobs.ts";

/** Of the knobs that a hundred seeds draw. */
const HASH_BY_VERSION: Readonly<Record<number, string>> = {
  1: "ee46bb762aed79522439c1af67b7fe28c0eab0d927f05a200213001516cc8b09",
};

it("a version of the knobs is what its seeds draw: whoever changes that raises KNOBS_VERSION", () => {
  const hash = createHash("sha256");
  for (let seed = 1; seed <= 100; seed++)
    hash.update(JSON.stringify(drawKnobs(new Random(String(seed)).fork("knobs"))));
  expect(hash.digest("hex")).toBe(HASH_BY_VERSION[KNOBS_VERSION]);
});
