/** What a soak has reached, part by part. */
import { NOTHING, type Part, type Tally, type Violation } from "./part.ts";

/** Failures of a part that are kept word for word; all are counted. */
const FAILURES_MAX = 20;

interface Failure extends Violation {
  readonly seed: number;
}

export interface Row {
  readonly part: Part;
  /** Runs that have ended, and those that have not. */
  readonly runs: number;
  readonly running: number;
  readonly cases: number;
  readonly violations: number;
  /** Titles, each once. */
  readonly skipped: readonly string[];
  /** Of all runs together. */
  readonly seconds: number;
  /** Of runs that have begun, in their order. */
  readonly seeds: readonly number[];
  readonly failures: readonly Failure[];
}

/** What a run has counted, and how long it has taken, until now or in all. */
export interface Progress {
  readonly tally: Tally;
  readonly seconds: number;
}

/** Adds up runs. What is running counts with what it has counted so far. */
export class Board {
  readonly #rows: Map<string, Row>;
  readonly #running = new Map<number, { readonly part: Part; progress: Progress }>();

  constructor(parts: readonly Part[]) {
    const empty = { runs: 0, running: 0, cases: 0, violations: 0, seconds: 0 };
    const row = (part: Part): Row => ({ ...empty, part, skipped: [], seeds: [], failures: [] });
    this.#rows = new Map(parts.map((part) => [part.name, row(part)]));
  }

  /** @param seed no other run of this soak has it. */
  begun(part: Part, seed: number): void {
    const row = this.#rows.get(part.name)!;
    this.#rows.set(part.name, { ...row, seeds: [...row.seeds, seed] });
    this.#running.set(seed, { part, progress: { tally: NOTHING, seconds: 0 } });
  }

  progressed(seed: number, progress: Progress): void {
    const run = this.#running.get(seed);
    if (run) run.progress = progress;
  }

  ended(seed: number, progress: Progress): void {
    const { part } = this.#running.get(seed)!;
    this.#running.delete(seed);
    const row = withProgress(this.#rows.get(part.name)!, seed, progress);
    this.#rows.set(part.name, { ...row, runs: row.runs + 1 });
  }

  rows(): Row[] {
    return [...this.#rows.values()].map((ended) => {
      let row = ended;
      for (const [seed, { part, progress }] of this.#running) {
        if (part.name !== row.part.name) continue;
        row = { ...withProgress(row, seed, progress), running: row.running + 1 };
      }
      return row;
    });
  }
}

function withProgress(row: Row, seed: number, { tally, seconds }: Progress): Row {
  const failures = tally.violations.map((violation) => ({ ...violation, seed }));
  return {
    ...row,
    cases: row.cases + tally.cases,
    violations: row.violations + failures.length,
    skipped: [...new Set([...row.skipped, ...tally.skipped])],
    seconds: row.seconds + seconds,
    failures: [...row.failures, ...failures].slice(0, FAILURES_MAX),
  };
}

/** A run is charged so much at least: a part that fails at once does not crowd out the others. */
const SECONDS_MIN = 5;

/**
 * The part to run next: the one that has had the least time, of equals the first. A part that can do nothing here, but for tests
 * that are skipped, is not asked again.
 */
export function nextPart(rows: readonly Row[]): Part | undefined {
  const charged = ({ seconds, runs, running }: Row) => Math.max(seconds, SECONDS_MIN * (runs + running));
  const able = rows.filter(({ runs, cases, violations }) => runs === 0 || cases > 0 || violations > 0);
  return able.toSorted((a, b) => charged(a) - charged(b))[0]?.part;
}
