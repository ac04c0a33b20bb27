/** Runs parts beside each other until the time is over, and keeps the board. */
import { Board, nextPart, type Row } from "./board.ts";
import type { Part } from "./part.ts";
import { type Run, startRun } from "./run.ts";

const LOOK_MS = 1_000;

export interface SoakOptions {
  readonly parts: readonly Part[];
  /** No run begins later; those that run then come to their ends. */
  readonly seconds: number;
  /** Runs at a time. */
  readonly jobs: number;
  /** The first run's; each run's is one higher than the one before. */
  readonly seed: number;
  /** Told now and then, and of every run that ended: `ended` is its part's row. */
  onChange(rows: readonly Row[], ended?: Row): void;
}

/** One soak. It never ends because something failed. */
export class Soak {
  readonly #options: SoakOptions;
  readonly #board: Board;
  readonly #runs = new Map<Run, number>();
  #seed: number;
  #isStopping = false;

  constructor(options: SoakOptions) {
    this.#options = options;
    this.#board = new Board(options.parts);
    this.#seed = options.seed;
  }

  /** Resolves to what was reached when the time is over, or everything was stopped. */
  async run(): Promise<readonly Row[]> {
    const timer = setTimeout(() => this.stop(), this.#options.seconds * 1_000);
    const look = setInterval(() => this.#look(), LOOK_MS);
    try {
      await Promise.all(Array.from({ length: this.#options.jobs }, () => this.#work()));
    } finally {
      clearTimeout(timer);
      clearInterval(look);
    }
    return this.#board.rows();
  }

  /** Begins nothing more; what runs comes to its end. */
  stop(): void {
    this.#isStopping = true;
  }

  /** Ends what runs, too. */
  interrupt(): void {
    this.stop();
    for (const run of this.#runs.keys()) run.interrupt();
  }

  get running(): number {
    return this.#runs.size;
  }

  async #work(): Promise<void> {
    while (!this.#isStopping) {
      const part = nextPart(this.#board.rows());
      if (!part) return;
      await this.#runOnce(part);
    }
  }

  async #runOnce(part: Part): Promise<void> {
    const seed = this.#seed++;
    const run = startRun(part, seed);
    this.#runs.set(run, performance.now());
    this.#board.begun(part, seed);
    const tally = await run.ended;
    this.#board.ended(seed, { tally, seconds: this.#secondsOf(run) });
    this.#runs.delete(run);
    const rows = this.#board.rows();
    this.#options.onChange(
      rows,
      rows.find((row) => row.part === part),
    );
  }

  #look(): void {
    for (const run of this.#runs.keys())
      this.#board.progressed(run.seed, { tally: run.soFar(), seconds: this.#secondsOf(run) });
    this.#options.onChange(this.#board.rows());
  }

  #secondsOf(run: Run): number {
    return (performance.now() - this.#runs.get(run)!) / 1_000;
  }
}
