import { open } from "node:fs/promises";
import type { Writable } from "node:stream";
import { finished } from "node:stream/promises";
import { ConfigError, checkFlags, helpFor, readFlags, someText, wholeNumber } from "@tonearm/relay/flags";
import { z } from "zod";
import { newSeed } from "../seed.ts";
import { KNOBS_VERSION } from "./knobs.ts";
import { type SimulationOptions, type SimulationReport, simulate } from "./simulation.ts";

const shape = {
  deterministic: z
    .literal(true)
    .describe("SDK, relay and a model of Kinesis in one process, all from one seed"),
  seed: someText.optional().describe("decides everything; default: a new one, printed"),
  hours: wholeNumber(1, 1_000_000)
    .default(100)
    .describe("hours of the fleet's life in which things go wrong"),
  devices: wholeNumber(1, 1_000).default(3).describe("speakers"),
  json: z
    .boolean()
    .default(false)
    .describe("print nothing but one JSON object at the end; the knobs go to standard error"),
  knobs: wholeNumber(1, 1_000_000)
    .optional()
    .describe("version of the knobs that the seed was drawn with; another one is refused"),
  trace: someText.optional().describe("file that takes everything that happens, line by line"),
};

export const DETERMINISTIC_HELP = `simulate --deterministic [options]

Lets a fleet live through hours of faults in seconds, and holds everything against the truth at every step. The same seed is the
same run, byte for byte. Ends with 1 when a promise was not kept.

${helpFor(shape)}`;

export async function deterministicCommand(args: readonly string[]): Promise<void> {
  const options = checkFlags(z.strictObject(shape), readFlags(args, shape));
  const { hours, devices, seed = newSeed(), knobs: version = KNOBS_VERSION } = options;
  if (version !== KNOBS_VERSION)
    throw new ConfigError(
      `option knobs is ${version}, expected ${KNOBS_VERSION}: under other knobs the seed is another run; use the sources that printed it`,
    );
  const tell = (line: string) => {
    if (options.json) process.stderr.write(`${line}\n`);
    else console.log(line);
  };
  const trace = options.trace === undefined ? undefined : await traceTo(options.trace);
  const report = await simulate({
    seed,
    hours,
    devices,
    onKnobs: (knobs) => tell(`seed ${seed}; knobs ${KNOBS_VERSION}: ${JSON.stringify(knobs)}`),
    ...(trace && { writeTrace: (lines: string) => void trace.write(lines) }),
  });
  if (trace) await finished(trace.end());
  const { tail, ...summary } = report;
  if (report.violations.length > 0) {
    process.stderr.write(`${tail}${replayLines(report, { seed, hours, devices })}\n`);
    process.exitCode = 1;
  }
  console.log(JSON.stringify({ ...summary, knobs_version: KNOBS_VERSION }));
}

async function traceTo(path: string): Promise<Writable> {
  const file = await open(path, "w").catch((error: Error) => {
    throw new ConfigError(
      `option trace is "${path}", expected a file that can be written (${error.message})`,
    );
  });
  return file.createWriteStream();
}

/** What was not kept, when, and how to see it again. */
export function replayLines(
  { violations }: Pick<SimulationReport, "violations">,
  run: Pick<SimulationOptions, "seed" | "hours" | "devices">,
): string {
  const what = violations.map(({ step, atMs, what: words }) => `step ${step}, ${atMs} ms: ${words}`);
  return [...what, `again: ${replayCommand(run)}`].join("\n");
}

/** The command that does the same run again, or says that these sources no longer can. */
export const replayCommand = ({
  seed,
  hours,
  devices,
}: Pick<SimulationOptions, "seed" | "hours" | "devices">): string =>
  `pnpm simulate --deterministic --seed ${quoted(seed)} --hours ${hours} --devices ${devices} --knobs ${KNOBS_VERSION}`;

/** A seed may be any text; a shell is to take it for one word. */
const quoted = (seed: string): string =>
  /^[\w.:-]+$/.test(seed) && !seed.startsWith("-") ? seed : `'${seed.replaceAll("'", `'\\''`)}'`;
