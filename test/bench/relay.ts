/**
 * What a relay costs, from HTTP in to PutRecords out: the command itself, with a Kinesis that only keeps and checks, and
 * devices that send as fast as they are answered, each in a process of its own on this machine.
 *
 *   pnpm bench relay [--json] [--runs 3] [--events 200000] [--only 1,50,connected] [--kind stream] [--encoding zstd] [--speaks json] [--workers 2] [--profile DIR]
 *
 * Beside it, in the same run and of the same bodies: the floor (inflate, MD5, SHA-256); by columns, the least that an honest
 * relay does on `node:http`; and, for batches of 1, a bare `node:http` server that reads the body. In `spool` Kinesis is away: every batch is acknowledged from the relay's disk,
 * and afterwards the spool has to drain. Events per second of CPU time count; those by the clock say more of the machine.
 * With `--profile` V8 leaves a profile of each relay in that directory, for Chrome's developer tools; it costs a tenth.
 */
import { parseArgs } from "node:util";
import { runBare, runFloor, runLeast, runRelay } from "./relay/runs.ts";
import { KINDS, printTable, type Sample } from "./relay/table.ts";
import { ENCODINGS, type Workload } from "./relay/workload.ts";
import { makeMedium } from "./sdk/medium.ts";
import { describeMachine } from "./sdk/table.ts";

/** Names that `--only` knows; `connected` is 10,000 devices at once. */
const SIZES: Readonly<Record<string, { readonly batchEvents: number; readonly devices: number }>> = {
  1: { batchEvents: 1, devices: 2_000 },
  10: { batchEvents: 10, devices: 1_000 },
  50: { batchEvents: 50, devices: 400 },
  500: { batchEvents: 500, devices: 64 },
  connected: { batchEvents: 10, devices: 10_000 },
};
/** Requests are what costs when there is one event in each. */
const SINGLE_EVENTS_SHARE = 0.4;

const { values } = parseArgs({
  args: process.argv.slice(3),
  options: {
    json: { type: "boolean", default: false },
    runs: { type: "string", default: "3" },
    events: { type: "string", default: "200000" },
    only: { type: "string", default: Object.keys(SIZES).join(",") },
    kind: { type: "string", default: KINDS.join(",") },
    encoding: { type: "string", default: "columns" },
    speaks: { type: "string", default: "cbor" },
    workers: { type: "string", default: "1" },
    profile: { type: "string" },
  },
});
const runs = Number(values.runs);
const names = values.only.split(",");
for (const name of names) {
  if (!Object.hasOwn(SIZES, name))
    throw new Error(`--only has "${name}", expected some of ${Object.keys(SIZES).join(", ")}`);
}
const encoding = encodingOf(values.encoding);
const kinds = KINDS.filter((kind) => values.kind.split(",").includes(kind));

const medium = makeMedium();
const samples: Sample[] = [];
try {
  for (let run = 0; run < runs; run++) {
    // Turn and turn about, and nobody always behind the same neighbour.
    for (let i = 0; i < names.length; i++) await measure(names[(i + run) % names.length]!, run);
  }
} finally {
  medium.remove();
}
const options = { runs, events: Number(values.events), encoding };
if (values.json) console.log(JSON.stringify({ ...describeMachine(), ...options, samples }, undefined, 2));
else printTable(samples, options);

function encodingOf(given: string): Workload["encoding"] {
  const known = ENCODINGS.find((each) => each === given);
  if (!known) throw new Error(`--encoding is "${given}", expected one of ${ENCODINGS.join(", ")}`);
  return known;
}

function workloadOf(name: string): Workload {
  const { batchEvents, devices } = SIZES[name]!;
  const events = Number(values.events) * (batchEvents === 1 ? SINGLE_EVENTS_SHARE : 1);
  const batches = Math.max(1, Math.round(events / batchEvents / devices));
  return { batchEvents, devices, batches, warmBatches: Math.ceil(batches / 2), encoding };
}

async function measure(name: string, run: number): Promise<void> {
  const workload = workloadOf(name);
  const { batchEvents } = workload;
  const floor = await runFloor(workload);
  const bare = batchEvents === 1 ? await runBare(workload) : undefined;
  const least = encoding === "columns" ? await runLeast(workload) : undefined;
  for (const kind of kinds) {
    const cost = await runRelay(workload, {
      spool: kind === "spool" ? medium.fresh() : undefined,
      speaks: values.speaks,
      workers: values.workers,
      profile: values.profile,
    });
    samples.push({
      name,
      kind,
      run,
      batchEvents,
      floorMicros: floor,
      bareMicros: bare,
      leastMicros: least,
      ...cost,
    });
    if (values.json) continue;
    console.error(`run ${run + 1} of ${runs}: ${name}, ${kind}: ${cost.cpuMicros.toFixed(2)} µs an event`);
  }
}
