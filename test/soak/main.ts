/** `pnpm soak`: everything that looks for bugs, over and over with new seeds, until the time is over. */
import { randomInt } from "node:crypto";
import { availableParallelism } from "node:os";
import { join } from "node:path";
import { ConfigError, checkFlags, helpFor, readFlags, someText, wholeNumber } from "@tonearm/relay/flags";
import { z } from "zod";
import { thisMachine } from "./machine.ts";
import { PARTS } from "./parts.ts";
import { hasFailed, type Soaked, writeReport } from "./report.ts";
import { Screen } from "./screen.ts";
import { Soak } from "./soak.ts";

const MINUTES = "expected minutes from 0.05 to 1000000";
const SEED_MAX = 1_000_000_000;
const NAMES = PARTS.map(({ name }) => name);

const shape = {
  minutes: z
    .preprocess(
      (given) => (typeof given === "string" && /^\d+(\.\d+)?$/.test(given) ? Number(given) : given),
      z.number(MINUTES).min(0.05, MINUTES).max(1_000_000, MINUTES),
    )
    .default(60)
    .describe("begin no run later; what runs then comes to its end"),
  jobs: wholeNumber(1, 1_000).default(availableParallelism()).describe("runs at a time"),
  parts: someText.default(NAMES.join(",")).describe("which, with commas between"),
  seed: wholeNumber(2, SEED_MAX).optional().describe("the first run's; default: a new one, printed"),
  report: someText
    .optional()
    .describe("directory for report.md and report.json; default: .tonearm/soak/ and when it began"),
};

const HELP = `soak [options]

Runs all that looks for bugs, over and over, each run with a seed of its own. Ends with 1 when anything was not as promised; the
report says how to see it again. A Ctrl-C begins nothing more, a second one ends what runs.

${helpFor(shape)}`;

async function soak(args: readonly string[]): Promise<void> {
  const options = checkFlags(z.strictObject(shape), readFlags(args, shape));
  const { minutes, jobs, seed = randomInt(2, SEED_MAX) } = options;
  const parts = options.parts.split(",").map((name) => {
    const part = PARTS.find((each) => each.name === name);
    if (!part) throw new ConfigError(`option parts has "${name}", expected some of ${NAMES.join(", ")}`);
    return part;
  });
  const began = new Date();
  const beganMs = performance.now();
  const directory = options.report ?? join(".tonearm", "soak", began.toISOString().replaceAll(":", "-"));
  const machine = thisMachine();
  const report = (rows: Soaked["rows"]) => {
    const seconds = (performance.now() - beganMs) / 1_000;
    writeReport(directory, { began, seconds, minutesAsked: minutes, jobs, seed, machine, rows });
  };
  console.log(
    `soak of ${minutes} minutes, ${jobs} runs at a time, from seed ${seed}; report in ${directory}`,
  );
  const screen = new Screen(process.stdout);
  const all = new Soak({
    parts,
    jobs,
    seed,
    seconds: minutes * 60,
    onChange(rows, ended) {
      screen.show(rows, ended);
      if (ended) report(rows);
    },
  });
  stopOnSignals(all);
  const rows = await all.run();
  report(rows);
  screen.end(rows);
  if (hasFailed(rows)) process.exitCode = 1;
}

function stopOnSignals(all: Soak): void {
  let asked = 0;
  const onSignal = () => {
    asked++;
    if (asked > 1) return all.interrupt();
    all.stop();
    console.error(`\nbegins nothing more, and waits for ${all.running} runs; once more ends them`);
  };
  process.on("SIGINT", onSignal);
  process.on("SIGTERM", onSignal);
}

const args = process.argv.slice(2);
if (args.includes("--help")) console.log(HELP);
else {
  try {
    await soak(args);
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    console.error(`soak: ${error.message}`);
    process.exitCode = 2;
  }
}
