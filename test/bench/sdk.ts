/**
 * The SDK beside clients that people would use instead, on Node, with default options: the same plays, each client in a
 * fresh process, turn and turn about, to a server on this machine that takes everything and counts it.
 *
 *   pnpm bench sdk [--json] [--runs 5] [--events 100000] [--rate 250] [--only tonearm,posthog] [--batch 50]
 *
 * Without `--rate` all events are recorded in one synchronous loop; with it, so many a second. `--batch` is for Tonearm alone:
 * so many events in a request at most, in the place of its default.
 */
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { answerOf, startChild, startReceiver } from "./sdk/children.ts";
import { CONTENDERS, type ContenderName } from "./sdk/contender.ts";
import { type Medium, makeMedium } from "./sdk/medium.ts";
import { makePlays } from "./sdk/plays.ts";
import type { Cost } from "./sdk/run-contender.ts";
import { describeMachine, printTable, type Sample } from "./sdk/table.ts";

const { values } = parseArgs({
  args: process.argv.slice(3),
  options: {
    json: { type: "boolean", default: false },
    runs: { type: "string", default: "5" },
    events: { type: "string", default: "100000" },
    rate: { type: "string", default: "0" },
    only: { type: "string", default: CONTENDERS.join(",") },
    batch: { type: "string", default: "500" },
  },
});
const runs = Number(values.runs);
const events = Number(values.events);
const names = values.only.split(",") as ContenderName[];
for (const name of names) {
  if (!CONTENDERS.includes(name))
    throw new Error(`--only has "${name}", expected some of ${CONTENDERS.join(", ")}`);
}

const scratch = mkdtempSync(join(tmpdir(), "tonearm-bench-"));
const playsPath = join(scratch, "plays.json");
writeFileSync(playsPath, JSON.stringify(makePlays(events)));
const medium = makeMedium();
const samples: Sample[] = [];
try {
  for (let run = 0; run < runs; run++) {
    // Turn and turn about, and nobody always behind the same neighbour.
    for (let i = 0; i < names.length; i++) {
      const name = names[(i + run) % names.length]!;
      const sample = await measure(name, run, medium);
      samples.push(sample);
      if (!values.json)
        console.error(`run ${run + 1} of ${runs}: ${name}, ${(sample.elapsedMs / 1_000).toFixed(1)} s`);
    }
  }
} finally {
  medium.remove();
  rmSync(scratch, { recursive: true, force: true });
}
const workload = { events, perSecond: Number(values.rate), runs };
if (values.json) console.log(JSON.stringify({ ...describeMachine(), ...workload, samples }, undefined, 2));
else printTable(names, samples, workload);

async function measure(name: ContenderName, run: number, { fresh, sectorBytes }: Medium): Promise<Sample> {
  const receiver = await startReceiver();
  const directory = fresh();
  const sectorsBefore = sectorBytes();
  const contender = startChild("run-contender.ts", [
    name,
    receiver.url,
    directory,
    playsPath,
    values.rate,
    values.batch,
  ]);
  const cost = (await answerOf(contender)) as Cost;
  const sectors = sectorsBefore === undefined ? undefined : sectorBytes()! - sectorsBefore;
  const received = await receiver.report();
  contender.kill();
  receiver.stop();
  return { name, run, ...cost, ...received, sectorBytes: sectors };
}
