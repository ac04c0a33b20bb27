import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { checkFlags, helpFor, readFlags, someText } from "@tonearm/relay/flags";
import { systemClock } from "@tonearm/sdk/ports";
import { z } from "zod";
import { fleetShape } from "./fleet-options.ts";
import { makeFleetRun } from "./fleet-run.ts";
import { Progress } from "./progress.ts";
import { newSeed } from "./seed.ts";

const shape = {
  ...fleetShape,
  relay: z.url({ protocol: /^https?$/, error: "expected an http or https URL" }).describe("URL of the relay"),
  truth: someText.describe("file that takes the truth: one line per recorded event"),
  key: someText.optional().describe("write key; default: TONEARM_KEY"),
};

export const SIMULATE_HELP = `simulate --relay URL --truth FILE [options]

Runs a fleet of speakers against a relay. Ends when everything recorded is acknowledged, with 1 if that takes longer than
the deadline.

${helpFor(shape)}`;

export async function simulateCommand(args: readonly string[]): Promise<void> {
  const options = checkFlags(z.strictObject(shape), readFlags(args, shape));
  const seed = options.seed ?? newSeed();
  const directory = await mkdtemp(join(tmpdir(), "tonearm-fleet-"));
  try {
    const place = { relay: new URL(options.relay), key: options.key ?? process.env.TONEARM_KEY, directory };
    const fleet = await makeFleetRun(options, seed, place);
    process.stderr.write(`seed ${seed}; faults: ${JSON.stringify(fleet.knobs)}\n`);
    const progress = new Progress(process.stderr, () => {
      const { recorded, accepted, crashes, retries } = fleet.counts();
      return `recorded ${recorded}  acknowledged ${accepted}  crashes ${crashes}  requests repeated ${retries}`;
    }).start();
    await fleet.record();
    const left = await fleet.drain(systemClock.monotonicMs() + options.deadline * 1_000);
    await progress.stop();
    await fleet.writeTruth(options.truth);
    const { recorded, refused } = fleet.counts();
    console.log(JSON.stringify({ seed, recorded, refused, unacknowledged: left, truth: options.truth }));
    if (left > 0) {
      process.stderr.write(`${left} events were not acknowledged within ${options.deadline} s\n`);
      process.exitCode = 1;
    }
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
}
