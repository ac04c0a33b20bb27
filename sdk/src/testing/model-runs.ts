/**
 * How often a model test runs, and what it says when a run breaks a promise. `TONEARM_FUZZ_FACTOR` multiplies the runs (a soak
 * sets more), `TONEARM_FUZZ_SEED` chooses others (default 1), and `TONEARM_FUZZ_PATH` repeats one of them.
 */
import fc, { type Parameters, type RunDetails } from "fast-check";
import { keepCase, keptCases } from "./kept-cases.ts";
import { chosenFactor, chosenSeed, tally } from "./tally.ts";

/**
 * Tries the runs of a property that once failed, and then `runs` others; returns how many those were.
 * @param name under which failing runs are kept: `<file>` or `<file>.<what>`.
 * @param file the test's file, for the command that repeats a failing run.
 * @throws Error as `noFault` does.
 */
export async function holds(
  property: fc.IRawProperty<unknown>,
  runs: number,
  file: string,
  name = file,
): Promise<number> {
  for (const line of keptCases(name)) {
    const [seed, path] = line.split(" ");
    noFault(await fc.check(property, { seed: Number(seed), path: path!, numRuns: 1 }), file);
  }
  const details = await fc.check(property, modelRuns(runs));
  if (details.failed) keepCase(name, `${details.seed} ${runOf(details)}`);
  return noFault(details, file);
}

/** Where a failing run began; what came of making it smaller is found again. */
const runOf = ({ counterexamplePath }: RunDetails<unknown>): string =>
  counterexamplePath?.split(":")[0] ?? "0";

/** @param runs how many, before the factor. */
function modelRuns(runs: number): Parameters<unknown> {
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
function noFault(details: RunDetails<unknown>, file: string): number {
  const { failed, seed, counterexample, errorInstance, numRuns } = details;
  if (!failed) {
    tally(numRuns);
    return numRuns;
  }
  const run = runOf(details);
  const again = `TONEARM_FUZZ_SEED=${seed} TONEARM_FUZZ_PATH=${run} pnpm test ${file}`;
  const shown = String((counterexample as readonly unknown[] | null)?.map(String).join("; "));
  throw new Error(`run ${run} of seed ${seed} breaks a promise: ${shown}\nAgain: ${again}`, {
    cause: errorInstance,
  });
}
