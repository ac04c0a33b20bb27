/** What a test did, told to whoever runs it again and again (`pnpm soak`). */
import { appendFileSync } from "node:fs";

/** One line of the file that `TONEARM_TALLY` names. */
export type Told =
  /** So many more cases were tried, and each was held against what is promised. */
  | { readonly kind: "cases"; readonly count: number }
  /** A promise was not kept; `again` is one command that shows it. */
  | { readonly kind: "violation"; readonly what: string; readonly again: string }
  | { readonly kind: "skipped"; readonly what: string };

/** Which inputs a test makes, of all that it could make: `TONEARM_FUZZ_SEED`, a whole number; default 1, as in `pnpm test`. */
export const chosenSeed = (): number => Number(process.env.TONEARM_FUZZ_SEED ?? 1);

/** How many times as much a test does as in `pnpm test`: `TONEARM_FUZZ_FACTOR`, above 0; default 1. */
export const chosenFactor = (): number => Number(process.env.TONEARM_FUZZ_FACTOR ?? 1);

/** Tells; does nothing when nobody asked. */
export function tell(told: Told): void {
  const path = process.env.TONEARM_TALLY;
  if (path !== undefined) appendFileSync(path, `${JSON.stringify(told)}\n`);
}

/** Counts cases that were tried and were right. Called when they are over, not before. */
export const tally = (count: number): void => tell({ kind: "cases", count });
