import { mkdtemp, open, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { checkFlags, helpFor, readFlags, someText, wholeNumber } from "@tonearm/relay/flags";
import { type Audit, audit, makeClient } from "@tonearm/relay/read";
import { sleep, systemClock } from "@tonearm/sdk/ports";
import { z } from "zod";
import { type DemoResult, reportJson, reportText } from "./demo-report.ts";
import { FaultProxy } from "./fault-proxy.ts";
import { fleetShape } from "./fleet-options.ts";
import { type FleetRun, type PlannedFleet, planFleet } from "./fleet-run.ts";
import { Interruption } from "./interruption.ts";
import { KEPT, prepareKept } from "./keep.ts";
import { Random } from "./listening/random.ts";
import { Progress } from "./progress.ts";
import { RelayWatch } from "./relay-watch.ts";
import { NO_FAULTS } from "./scenario.ts";
import { newSeed } from "./seed.ts";
import { Services } from "./services.ts";
import { verify } from "./verify.ts";

const shape = {
  ...fleetShape,
  shards: wholeNumber(1, 100).default(4).describe("shards of the stream"),
  json: z.boolean().default(false).describe("end with one JSON object on standard output"),
  keep: someText.optional().describe("leave kinesis/ and truth.ndjson in this directory, which has none yet"),
};
type DemoOptions = z.infer<z.ZodObject<typeof shape>>;

export const DEMO_HELP = `demo [options]

Starts a Kinesis on disk, a relay and a fleet of speakers with faults in the way; then reads the stream back and says
what became of every event. Ends with 1 if anything is lost, or was not acknowledged within the deadline.

${helpFor(shape)}`;

const STREAM = "tonearm-demo";
const REGION = "us-east-1";
/** Whatever is signed is taken here. */
const CREDENTIALS = { accessKeyId: "demo", secretAccessKey: "demo" };
/** Speakers whose run was interrupted may still be writing. */
const REMOVED_WHOLE = { recursive: true, force: true, maxRetries: 5 } as const;
const CLIENT = { requestTimeoutMs: 60_000, connectionsMax: 16 };

export async function demoCommand(args: readonly string[]): Promise<void> {
  const options = checkFlags(z.strictObject(shape), readFlags(args, shape));
  const interruption = new Interruption();
  const planned = await interruption.during(planFleet(options, options.seed ?? newSeed()));
  if (options.keep !== undefined) prepareKept(options.keep);
  const directory = options.keep ?? (await mkdtemp(join(tmpdir(), "tonearm-demo-")));
  const services = new Services();
  try {
    const result = await runDemo(options, { planned, directory, services, interruption });
    console.log(reportText(result));
    if (options.keep) console.log(`  kept: ${directory}/kinesis and ${directory}/truth.ndjson`);
    if (options.json) console.log(JSON.stringify(reportJson(result)));
    if (result.verification.lost > 0 || result.unacknowledged > 0) process.exitCode = 1;
  } finally {
    await services.kill();
    await rm(options.keep ? join(directory, KEPT.speakers) : directory, REMOVED_WHOLE);
  }
}

/** What a demo is made of, and what ends it early. */
interface Parts {
  readonly planned: PlannedFleet;
  readonly directory: string;
  readonly services: Services;
  readonly interruption: Interruption;
}

async function runDemo(options: DemoOptions, parts: Parts): Promise<DemoResult> {
  const { planned, directory, services, interruption } = parts;
  const beganMs = systemClock.monotonicMs();
  const kinesis = await interruption.during(services.startKinesis(join(directory, KEPT.kinesis)));
  const { fleet, unacknowledged } = await runFleet(options, parts, kinesis.url);
  const read = await readBack(kinesis.url, interruption);
  const verification = await verify(join(directory, KEPT.truth), read);
  await kinesis.stop();
  const seconds = (systemClock.monotonicMs() - beganMs) / 1_000;
  const { history } = planned.listening;
  return {
    seed: planned.seed,
    counts: fleet.counts(),
    verification,
    audit: read,
    unacknowledged,
    seconds,
    ...(history && { history }),
  };
}

/** Relay and fleet, from the first event until everything is acknowledged or the time is over, and the truth is written. */
async function runFleet(options: DemoOptions, parts: Parts, kinesisUrl: string) {
  const { planned, directory, services, interruption } = parts;
  const random = new Random(planned.seed).fork("kinesis");
  const outage = await FaultProxy.start(new URL(kinesisUrl), random, systemClock, NO_FAULTS);
  try {
    const writeKey = `demo-${newSeed()}`;
    const { shards } = options;
    const place = { endpoint: outage.url, region: REGION, stream: STREAM, shards, writeKey };
    const relay = await interruption.during(services.startRelay(place));
    const speakers = join(directory, KEPT.speakers);
    const fleet = planned.settle({ relay: new URL(relay.url), key: writeKey, directory: speakers });
    say(
      `seed ${planned.seed}; ${options.devices} speakers record ${planned.listening.events} events in ${options.seconds} s`,
    );
    say(options.noFaults ? "no faults" : `faults: ${JSON.stringify(planned.knobs)}`);
    await deliver(options, {
      fleet,
      outage,
      kinesisOutageMs: planned.knobs.kinesisOutageMs,
      watch: new RelayWatch(relay.url),
      interruption,
    });
    if ((await interruption.during(relay.stop())) !== 0) say("the relay did not end in order");
    const truth = await open(join(directory, KEPT.truth), "wx");
    return { fleet, unacknowledged: await fleet.writeTruth(truth) };
  } finally {
    await outage.close();
  }
}

/** Everybody records; then everything is to arrive. */
async function deliver(
  options: DemoOptions,
  parts: {
    fleet: FleetRun;
    outage: FaultProxy;
    kinesisOutageMs: number;
    watch: RelayWatch;
    interruption: Interruption;
  },
): Promise<void> {
  const { fleet, outage, watch, interruption } = parts;
  const progress = new Progress(process.stderr, () => watch.line(fleet.counts())).start();
  try {
    const recordingMs = options.seconds * 1_000;
    const breaking = breakKinesis(outage, parts.kinesisOutageMs, recordingMs);
    await interruption.during(Promise.all([fleet.record(), breaking]));
    await interruption.during(fleet.drain(systemClock.monotonicMs() + options.deadline * 1_000));
  } finally {
    await fleet.stop();
    await progress.stop();
  }
}

/** Takes Kinesis away once, in the middle of the recording. */
async function breakKinesis(outage: FaultProxy, outageMs: number, recordingMs: number): Promise<void> {
  if (outageMs === 0) return;
  await sleep(systemClock, recordingMs / 2);
  outage.setOnline(false);
  await sleep(systemClock, Math.min(outageMs, recordingMs / 4));
  outage.setOnline(true);
}

async function readBack(endpoint: string, interruption: Interruption): Promise<Audit> {
  const client = makeClient({ region: REGION, endpoint, credentials: CREDENTIALS }, CLIENT);
  let read = 0;
  const progress = new Progress(process.stderr, () => `reading the stream back: ${read} records`).start();
  try {
    const onProgress = (count: number) => {
      read = count;
    };
    return await interruption.during(audit(client, STREAM, systemClock, { onProgress }));
  } finally {
    await progress.stop();
    client.destroy();
  }
}

const say = (line: string): boolean => process.stderr.write(`${line}\n`);
