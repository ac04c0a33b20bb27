import { expect, it } from "vitest";
import { replayLines } from "../command.ts";
import { type SimulationReport, simulate } from "../simulation.ts";
import { keepRun, keptRuns } from "./kept-runs.ts";

const HOURS = 50;
/** So many seeds go by until one is run a second time. */
const TWICE_EVERY = 20;

const devicesOf = (seed: number): number => 1 + (seed % 2);

const optionsOf = (seed: number) => ({ seed: String(seed), hours: HOURS, devices: devicesOf(seed) });

const run = (seed: number): Promise<SimulationReport> => simulate(optionsOf(seed));

/** Runs what broke a promise once. */
export function keepsWhatItBroke(): void {
  it("keeps every promise in the runs that broke one before", {
    timeout: 600_000,
  }, async () => {
    for (const options of keptRuns()) {
      const report = await simulate(options);
      expect(report.violations, replayLines(report, options)).toEqual([]);
    }
  });
}

/** Runs every seed from `from` to `to`, every twentieth twice: no promise is broken, and the same seed is the same run. */
export function keepsEveryPromise(from: number, to: number): void {
  const seeds = Array.from({ length: to - from + 1 }, (_, i) => from + i);
  it(`keeps every promise through ${HOURS} hours of faults, seeds ${from} to ${to}`, {
    timeout: 600_000,
  }, async () => {
    let events = 0;
    let blindStarts = 0;
    for (const seed of seeds) {
      const report = await run(seed);
      events += report.events;
      blindStarts += report.blind_starts;
      if (report.violations.length > 0) keepRun(optionsOf(seed));
      expect(report.violations, replayLines(report, optionsOf(seed))).toEqual([]);
      if (seed % TWICE_EVERY !== 0) continue;
      const again = await run(seed);
      expect([seed, again.trace_sha256, again.steps]).toEqual([seed, report.trace_sha256, report.steps]);
    }
    // Runs in which nothing happens keep every promise, too.
    expect(events).toBeGreaterThan(100 * seeds.length);
    expect(blindStarts).toBeGreaterThan(seeds.length / 10);
  });
}
