import type { Random } from "./listening/random.ts";

/** The faults of one run. Drawn from the seed and printed before anything happens. */
export interface Knobs {
  /** Share of requests whose connection is reset before they reach the relay. */
  readonly resetShare: number;
  /** Share of requests that reach the relay and whose answer never comes back. */
  readonly lostAnswerShare: number;
  /** Share of answers that come late, and by how much at most, in ms. */
  readonly slowShare: number;
  readonly slowMsMax: number;
  /** How often a speaker goes offline in a run, on average, and for how long at most, in ms. */
  readonly offlinePeriods: number;
  readonly offlineMsMax: number;
  /** How often a speaker crashes in a run, on average, and how long it stays down at most, in ms. */
  readonly crashes: number;
  readonly downMsMax: number;
  /** How long Kinesis is away in the middle of the run, in ms; only where the run owns the Kinesis. */
  readonly kinesisOutageMs: number;
}

export const NO_FAULTS: Knobs = {
  resetShare: 0,
  lostAnswerShare: 0,
  slowShare: 0,
  slowMsMax: 0,
  offlinePeriods: 0,
  offlineMsMax: 0,
  crashes: 0,
  downMsMax: 0,
  kinesisOutageMs: 0,
};

/** Draws a run's faults: enough of each to matter, never so much that nothing gets through. */
export function drawKnobs(random: Random): Knobs {
  const share = (most: number) => Math.round(random.fraction() * most * 1_000) / 1_000;
  return {
    resetShare: 0.01 + share(0.05),
    lostAnswerShare: 0.01 + share(0.05),
    slowShare: 0.02 + share(0.08),
    slowMsMax: random.integer(200, 1_500),
    offlinePeriods: 0.3 + share(1),
    offlineMsMax: random.integer(2_000, 8_000),
    crashes: 0.2 + share(0.8),
    downMsMax: random.integer(200, 3_000),
    kinesisOutageMs: random.integer(2_000, 5_000),
  };
}

/** A stretch of a run, in ms since the recording began. */
export interface Period {
  readonly fromMs: number;
  readonly forMs: number;
}

/** What happens to one speaker in a run. */
export interface Fate {
  readonly offline: readonly Period[];
  /** When it crashes, and how long it stays down. */
  readonly crashes: readonly Period[];
}

/** Draws one speaker's fate over a recording of `recordingMs`. */
export function drawFate(random: Random, knobs: Knobs, recordingMs: number): Fate {
  const periods = (mean: number, msMax: number) =>
    Array.from({ length: poisson(random, mean) }, () => ({
      fromMs: random.fraction() * recordingMs,
      forMs: random.integer(0, msMax),
    })).toSorted((a, b) => a.fromMs - b.fromMs);
  return {
    offline: periods(knobs.offlinePeriods, knobs.offlineMsMax),
    crashes: periods(knobs.crashes, knobs.downMsMax),
  };
}

/** How often something happens that happens `mean` times on average, each time by itself. */
function poisson(random: Random, mean: number): number {
  let count = 0;
  for (let product = random.fraction(); product > Math.exp(-mean); product *= random.fraction()) count++;
  return count;
}
