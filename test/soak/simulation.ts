/** A run of the deterministic simulation: seeds after one another. Argument: the run's seed, a whole number. */
import { tally, tell } from "@tonearm/sdk/testing";
import { keepRun, replayCommand, simulate } from "@tonearm/simulator/testing";

/** About a minute of one core. */
const SEEDS = 40;
const HOURS = 100;
/** So many seeds go by until one is run a second time: it must be the same run. */
const TWICE_EVERY = 20;
const run = process.argv[2];

for (let number = 0; number < SEEDS; number++) {
  const options = { seed: `${run}-${number}`, hours: HOURS, devices: 1 + (number % 4) };
  const again = replayCommand(options);
  const { violations, trace_sha256: hash } = await simulate(options);
  const what = violations.map(({ step, atMs, what: words }) => `step ${step}, ${atMs} ms: ${words}`);
  if (what.length > 0) {
    keepRun(options);
    tell({ kind: "violation", what: what.join("\n"), again });
    continue;
  }
  tally(HOURS);
  if (number % TWICE_EVERY !== 0) continue;
  const second = await simulate(options);
  if (second.trace_sha256 === hash) tally(HOURS);
  else tell({ kind: "violation", what: `one seed, two runs: ${hash}, ${second.trace_sha256}`, again });
}
