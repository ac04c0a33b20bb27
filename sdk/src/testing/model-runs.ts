/**
 * How often a model test runs, and what it says when a run breaks a promise. `TONEARM_FUZZ_FACTOR` multiplies the runs (a soak
 * sets more), `TONEARM_FUZZ_SEED` chooses others (default 1), and `TONEARM_FUZZ_PATH` repeats one of them.
 */
import type { Parameters, RunDetails } from "fast-check";
import { chosenFactor, chosenSeed, tally } from "./tally.ts";

/** @param runs how many, before the factor. */
export function modelRuns(runs: number): Parameters<unknown> {
  const seed = chosenSeed();
  const path = process.env.TONEARM_FUZZ_PATH;
  if (path !== undefined) return { seed, path, numRuns: 1 };
  return { seed, numRuns: Math.max(1, Math.round(runs * chosenFactor())) };
}

/**
 * Passes when no run has failed.
 * @param file the test's file, for the command that repeats the failing run and makes it small again.
 * @throws Error that names seed, run, the command, and the smallest run that fails; its cause is what was broken.
 */
export function noFault(
  { failed, seed, counterexamplePath, counterexample, errorInstance, numRuns }: RunDetails<unknown>,
  file: string,
): number {
  if (!failed) {
    tally(numRuns);
    return numRuns;
  }
  // Where the failing run began; what came of making it smaller is found again.
  const run = counterexamplePath?.split(":")[0] ?? "0";
  const again = `TONEARM_FUZZ_SEED=${seed} TONEARM_FUZZ_PATH=${run} pnpm test ${file}`;
  const shown = String((counterexample as readonly unknown[] | null)?.map(String).join("; "));
  throw new Error(`run ${run} of seed ${seed} breaks a promise: ${shown}\nAgain: ${again}`, {
    cause: errorInstance,
  });
}
