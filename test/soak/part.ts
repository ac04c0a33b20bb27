/** What a soak is made of. */

/** One kind of trial, of which there is no end: each run of it has a seed of its own. */
export interface Part {
  /** As `--parts` takes it. */
  readonly name: string;
  /** Its number among the proofs, T1 to T14 (`docs/reliability.md`). */
  readonly proof: string;
  /** What its cases are. */
  readonly unit: string;
  /** The program of a run and its arguments, started in the workspace's directory. */
  command(seed: number): readonly string[];
  /** What its environment has beside everybody's. */
  env(seed: number): Readonly<Record<string, string>>;
  /** One line of a shell that does the same run again. */
  again(seed: number): string;
  /** A run that takes longer has hung; it is ended, and that is a violation. */
  readonly minutesMax: number;
}

/** A promise that was not kept. */
export interface Violation {
  readonly what: string;
  /** One command that shows it again. */
  readonly again: string;
}

/** What came of a run, or has come of it so far. */
export interface Tally {
  readonly cases: number;
  /** What this machine cannot do, by title. */
  readonly skipped: readonly string[];
  readonly violations: readonly Violation[];
}

export const NOTHING: Tally = { cases: 0, skipped: [], violations: [] };
