import { FileLog } from "@tonearm/sdk/file-log";
import { chosenFactor, chosenSeed, tally } from "@tonearm/sdk/testing";
import { expect, it } from "vitest";
import { enumerate, longWorkloads } from "./enumerate.ts";

const WORKLOADS = 20 * chosenFactor();
/** The first are those of every run of the tests. */
const SEED = chosenSeed() === 1 ? "long" : `long ${chosenSeed()}`;

it("a log comes back from every crash in workloads of 40 operations", { timeout: 600_000 }, async () => {
  let [states, distinct] = [0, 0];
  for (const workload of longWorkloads(WORKLOADS, 40, SEED)) {
    const found = await enumerate(FileLog, [workload], 0);
    expect(found.fault).toBeUndefined();
    states += found.states;
    distinct += found.distinct;
    tally(found.states);
  }
  expect(states).toBeGreaterThan(10_000 * WORKLOADS);
  expect(distinct).toBeGreaterThan(7_500 * WORKLOADS);
});
