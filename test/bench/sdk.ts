/**
 * The SDK beside clients that people would use instead, on Node, with default options: the same plays, each client in a
 * fresh process, turn and turn about, to a server on this machine that takes everything and counts it.
 *
 *   pnpm bench sdk [--json] [--runs 5] [--events 100000] [--rate 250] [--only tonearm,posthog]
 *
 * Without `--rate` all events are recorded in one synchronous loop; with it, so many a second.
 */
import { type ChildProcess, fork } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { CONTENDERS, type ContenderName } from "./sdk/contender.ts";
import { type Medium, makeMedium } from "./sdk/medium.ts";
import { makePlays } from "./sdk/plays.ts";
import type { Received } from "./sdk/receiver.ts";
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
  const receiver = child("receiver.ts", []);
  const { port } = (await answerOf(receiver)) as { port: number };
  const directory = fresh();
  const sectorsBefore = sectorBytes();
  const contender = child("run-contender.ts", [
    name,
    `http://127.0.0.1:${port}`,
    directory,
    playsPath,
    values.rate,
  ]);
  const cost = (await answerOf(contender)) as Cost;
  const sectors = sectorsBefore === undefined ? undefined : sectorBytes()! - sectorsBefore;
  receiver.send("report");
  const received = (await answerOf(receiver)) as Received;
  contender.kill();
  receiver.kill();
  return { name, run, ...cost, ...received, sectorBytes: sectors };
}

function child(file: string, args: readonly string[]): ChildProcess {
  const path = join(import.meta.dirname, "sdk", file);
  return fork(path, args, {
    execArgv: ["--conditions=source", "--expose-gc"],
    stdio: ["ignore", 2, 2, "ipc"],
  });
}

/** A child's next message. @throws Error when it ends without one. */
async function answerOf(process: ChildProcess): Promise<unknown> {
  const ended = once(process, "exit").then(([code]) => {
    throw new Error(`a process of the benchmark ended with ${code} before it had told anything`);
  });
  const [message] = (await Promise.race([once(process, "message"), ended])) as [unknown];
  ended.catch(() => undefined);
  return message;
}
