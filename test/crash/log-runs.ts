/** Runs `log-writer.ts`, kills it, and looks at what it left. */
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { FileLog, NodeDisk } from "@tonearm/sdk/file-log";
import { systemClock } from "@tonearm/sdk/ports";
import * as esbuild from "esbuild";
import { freshDirectory } from "../support/devices.ts";
import { type LogTruth, textOf } from "./log-steps.ts";

const SOURCE = fileURLToPath(new URL("./log-writer.ts", import.meta.url));

/** The writer as one file in a fresh directory, so that hundreds of processes start quickly. */
export async function bundleWriter(): Promise<string> {
  const outfile = join(await freshDirectory(), "log-writer.mjs");
  await esbuild.build({
    entryPoints: [SOURCE],
    outfile,
    bundle: true,
    platform: "node",
    format: "esm",
    conditions: ["source"],
    banner: {
      js: 'import { createRequire } from "node:module"; const require = createRequire(import.meta.url);',
    },
    logLevel: "error",
  });
  return outfile;
}

/** What the next process finds, and whether it is what must be there. */
export async function inspect(directory: string, truth: LogTruth, epoch: string) {
  const found = new Set<string>();
  const faults: unknown[] = [...truth.faults];
  const quarantined = [...truth.quarantined];
  const log = new FileLog({
    disk: new NodeDisk(directory),
    clock: systemClock,
    spelling: 1,
    segmentBytes: 16_384,
    storeBytesMax: 1_048_576,
    storeEventsMax: 1_000_000,
    freeBytesMin: 0,
    onDamage: (range) => faults.push(range),
    onQuarantine: (name) => quarantined.push(name),
  });
  await log.open("d1", epoch);
  for (;;) {
    const run = await log.read({ eventsMax: 1_000, bytesMax: 1_000_000 });
    if (!run) break;
    for (const [i, bytes] of run.events.entries()) {
      const seq = run.firstSeq + i;
      const name = `${run.epoch} ${seq}`;
      if (Buffer.from(bytes).toString() !== textOf(run.epoch, seq))
        faults.push(`${name} holds something else`);
      if (found.has(name)) faults.push(`${name} is there twice`);
      found.add(name);
    }
    await log.acknowledge(run.epoch, run.firstSeq + run.events.length - 1);
  }
  await log.close();
  return { missing: truth.missing(found), faults, quarantined, found: found.size };
}

/** Does `work` for each item, two at a time: kills wait more than they compute. */
export async function twoAtOnce<T>(items: readonly T[], work: (item: T) => Promise<void>): Promise<void> {
  const left = [...items];
  const worker = async () => {
    for (let item = left.shift(); item !== undefined; item = left.shift()) await work(item);
  };
  await Promise.all([worker(), worker()]);
}
