import { mkdtemp, open, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { ConfigError, checkFlags, helpFor, readFlags, someText } from "@tonearm/relay/flags";
import { systemClock } from "@tonearm/sdk/ports";
import { z } from "zod";
import { troubleLines } from "./fleet-counts.ts";
import { fleetShape } from "./fleet-options.ts";
import { type FleetRun, planFleet } from "./fleet-run.ts";
import { Interruption } from "./interruption.ts";
import { Progress } from "./progress.ts";
import { newSeed } from "./seed.ts";

const RELAY_EXPECTED = "expected an http or https URL without a user name";

const shape = {
  ...fleetShape,
  relay: z
    .url({ protocol: /^https?$/, error: RELAY_EXPECTED })
    .refine((text) => !URL.canParse(text) || new URL(text).username === "", RELAY_EXPECTED)
    .describe("URL of the relay; the certificate of an https one is checked"),
  truth: someText.describe("file that takes the truth: one line per recorded event"),
  key: someText.optional().describe("write key; default: TONEARM_KEY"),
};

export const SIMULATE_HELP = `simulate --relay URL --truth FILE [options]

Runs a fleet of speakers against a relay. Ends when everything recorded is acknowledged, with 1 if that takes longer than
the deadline. The last line of standard output is one JSON object.

${helpFor(shape)}`;

export async function simulateCommand(args: readonly string[]): Promise<void> {
  const options = checkFlags(z.strictObject(shape), readFlags(args, shape));
  const interruption = new Interruption();
  const planned = await interruption.during(planFleet(options, options.seed ?? newSeed()));
  const truth = await open(options.truth, "w").catch((error: Error) => {
    throw new ConfigError(
      `option truth is "${options.truth}", expected a file that can be written (${error.message})`,
    );
  });
  const directory = await mkdtemp(join(tmpdir(), "tonearm-fleet-"));
  try {
    const key = options.key ?? process.env.TONEARM_KEY;
    const fleet = planned.settle({ relay: new URL(options.relay), key, directory });
    process.stderr.write(`seed ${planned.seed}; faults: ${JSON.stringify(planned.knobs)}\n`);
    const left = await deliver(fleet, options.deadline * 1_000, interruption);
    const unacknowledged = await fleet.writeTruth(truth);
    for (const line of troubleLines(fleet.counts())) process.stderr.write(`${line}\n`);
    const { recorded, refused } = fleet.counts();
    console.log(
      JSON.stringify({ seed: planned.seed, recorded, refused, unacknowledged, truth: options.truth }),
    );
    if (left > 0) {
      const others = left - unacknowledged;
      const more = others > 0 ? `, and ${others} control records of the SDK,` : "";
      process.stderr.write(
        `${unacknowledged} events${more} were not acknowledged within ${options.deadline} s\n`,
      );
      process.exitCode = 1;
    }
  } finally {
    // Speakers whose run was interrupted may still be writing.
    await rm(directory, { recursive: true, force: true, maxRetries: 5 });
  }
}

/** Everybody records; then everything is to arrive. Resolves to how many events and control records did not. */
async function deliver(fleet: FleetRun, deadlineMs: number, interruption: Interruption): Promise<number> {
  const progress = new Progress(process.stderr, () => {
    const { recorded, acceptedEvents, crashes, retries } = fleet.counts();
    return `recorded ${recorded}  acknowledged ${acceptedEvents}  crashes ${crashes}  requests repeated ${retries}`;
  }).start();
  try {
    await interruption.during(fleet.record());
    return await interruption.during(fleet.drain(systemClock.monotonicMs() + deadlineMs));
  } finally {
    await fleet.stop();
    await progress.stop();
  }
}
