import { expect, it } from "vitest";
import { PLANTS } from "./plants.ts";
import { simulate } from "./simulation.ts";

/** Every bug shows within so many seeds, most in the first. */
const SEEDS_MAX = 20;

it.each(Object.keys(PLANTS))("finds it when %s", { timeout: 120_000 }, async (name) => {
  for (let seed = 1; seed <= SEEDS_MAX; seed++) {
    const { violations } = await simulate({
      seed: String(seed),
      hours: 20,
      devices: 2,
      plant: PLANTS[name]!,
    });
    if (violations.length > 0) return;
  }
  expect.fail(`not found in ${SEEDS_MAX} seeds`);
});
