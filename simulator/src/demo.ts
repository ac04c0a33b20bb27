import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { checkFlags, helpFor, readFlags, someText, wholeNumber } from "@tonearm/relay/flags";
import { type Audit, audit, makeClient } from "@tonearm/relay/read";
import { sleep, systemClock } from "@tonearm/sdk/ports";
import { z } from "zod";
import { type DemoResult, reportJson, reportText } from "./demo-report.ts";
import { FaultProxy } from "./fault-proxy.ts";
import { fleetShape } from "./fleet-options.ts";
import { type FleetRun, makeFleetRun } from "./fleet-run.ts";
import { Random } from "./listening/random.ts";
import { Progress } from "./progress.ts";
import { RelayWatch } from "./relay-watch.ts";
import { NO_FAULTS } from "./scenario.ts";
import { newSeed } from "./seed.ts";
import { startKinesis, startRelayProcess } from "./services.ts";
import { verify } from "./verify.ts";

const shape = {
  ...fleetShape,
  shards: wholeNumber(1, 100).default(4).describe("shards of the stream"),
  json: z.boolean().default(false).describe("end with one JSON object on standard output"),
  keep: someText.optional().describe("leave kinesis/ and truth.ndjson in this directory"),
};
type DemoOptions = z.infer<z.ZodObject<typeof shape>>;

export const DEMO_HELP = `demo [options]

Starts a Kinesis on disk, a relay and a fleet of speakers with faults in the way; then reads the stream back and says
what became of every event. Ends with 1 if anything is lost.

${helpFor(shape)}`;

const STREAM = "tonearm-demo";
const REGION = "us-east-1";
/** Whatever is signed is taken here. */
const CREDENTIALS = { accessKeyId: "demo", secretAccessKey: "demo" };
const CLIENT = { requestTimeoutMs: 60_000, connectionsMax: 16 };

export async function demoCommand(args: readonly string[]): Promise<void> {
  const options = checkFlags(z.strictObject(shape), readFlags(args, shape));
  const directory = options.keep ?? (await mkdtemp(join(tmpdir(), "tonearm-demo-")));
  try {
    const result = await runDemo(options, directory);
    console.log(reportText(result));
    if (options.keep) console.log(`  kept: ${directory}/kinesis and ${directory}/truth.ndjson`);
    if (options.json) console.log(JSON.stringify(reportJson(result)));
    if (result.verification.lost > 0 || result.undelivered > 0) process.exitCode = 1;
  } finally {
    await rm(options.keep ? join(directory, "speakers") : directory, { recursive: true, force: true });
  }
}

async function runDemo(options: DemoOptions, directory: string): Promise<DemoResult> {
  const beganMs = systemClock.monotonicMs();
  const seed = options.seed ?? newSeed();
  const kinesis = await startKinesis(join(directory, "kinesis"));
  try {
    const { fleet, undelivered } = await runFleet(options, seed, directory, kinesis.url);
    const truthPath = join(directory, "truth.ndjson");
    await fleet.writeTruth(truthPath);
    const read = await readBack(kinesis.url);
    const verification = await verify(truthPath, read);
    const seconds = (systemClock.monotonicMs() - beganMs) / 1_000;
    return { seed, counts: fleet.counts(), verification, audit: read, undelivered, seconds };
  } finally {
    await kinesis.stop();
  }
}

/** Relay and fleet, from the first event until everything is acknowledged or the time is over. */
async function runFleet(options: DemoOptions, seed: string, directory: string, kinesisUrl: string) {
  const random = new Random(seed);
  const outage = await FaultProxy.start(new URL(kinesisUrl), random.fork("kinesis"), systemClock, NO_FAULTS);
  const writeKey = `demo-${newSeed()}`;
  const place = { endpoint: outage.url, region: REGION, stream: STREAM, shards: options.shards, writeKey };
  const relay = await startRelayProcess(place);
  const fleet = await makeFleetRun(options, seed, {
    relay: new URL(relay.url),
    key: writeKey,
    directory: join(directory, "speakers"),
  });
  say(`seed ${seed}; ${options.devices} speakers record ${options.events} events in ${options.seconds} s`);
  say(options.noFaults ? "no faults" : `faults: ${JSON.stringify(fleet.knobs)}`);
  const watch = new RelayWatch(relay.url);
  const progress = new Progress(process.stderr, () => watch.line(fleet.counts())).start();
  await Promise.all([fleet.record(), breakKinesis(outage, fleet, options.seconds * 1_000)]);
  const undelivered = await fleet.drain(systemClock.monotonicMs() + options.deadline * 1_000);
  await progress.stop();
  if ((await relay.stop()) !== 0) say("the relay did not end in order");
  await outage.close();
  return { fleet, undelivered };
}

/** Takes Kinesis away once, in the middle of the recording. */
async function breakKinesis(outage: FaultProxy, { knobs }: FleetRun, recordingMs: number): Promise<void> {
  if (knobs.kinesisOutageMs === 0) return;
  await sleep(systemClock, recordingMs / 2);
  outage.setOnline(false);
  await sleep(systemClock, Math.min(knobs.kinesisOutageMs, recordingMs / 4));
  outage.setOnline(true);
}

async function readBack(endpoint: string): Promise<Audit> {
  const client = makeClient({ region: REGION, endpoint, credentials: CREDENTIALS }, CLIENT);
  let read = 0;
  const progress = new Progress(process.stderr, () => `reading the stream back: ${read} records`).start();
  try {
    return await audit(client, STREAM, systemClock, {
      onProgress: (count) => {
        read = count;
      },
    });
  } finally {
    await progress.stop();
    client.destroy();
  }
}

const say = (line: string): boolean => process.stderr.write(`${line}\n`);
