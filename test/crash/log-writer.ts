/**
 * Writes into a log, acknowledges, gives up and purges, and says each step before or after it, until it is killed or through.
 * Arguments: directory, epoch, how often, and `early` for the control that says durable before it is.
 */
import { writeSync } from "node:fs";
import { FileLog, NodeDisk, type Priority } from "@tonearm/sdk/file-log";
import { systemClock } from "@tonearm/sdk/ports";
import { type LogStep, textOf } from "./log-steps.ts";

const EVENTS_PER_COMMIT = 8;
const [directory = "", epoch = "", commits = "1", mode = ""] = process.argv.slice(2);

/** In the pipe before anything else happens. */
const say = (step: LogStep) => writeSync(1, `${JSON.stringify(step)}\n`);

const log = new FileLog({
  disk: new NodeDisk(directory),
  clock: systemClock,
  spelling: 1,
  segmentBytes: 16_384,
  storeBytesMax: 1_048_576,
  storeEventsMax: 1_000_000,
  freeBytesMin: 0,
  onDamage: ({ epoch: damaged, fromSeq, toSeq }) => say({ kind: "damage", epoch: damaged, fromSeq, toSeq }),
  onQuarantine: (name) => say({ kind: "quarantine", name }),
});
let lastSeq = 0;

async function append(priority: Priority): Promise<void> {
  const entries = Array.from({ length: EVENTS_PER_COMMIT }, (_, i) => {
    const seq = lastSeq + 1 + i;
    return { seq, priority, bytes: new TextEncoder().encode(textOf(epoch, seq)) };
  });
  lastSeq += EVENTS_PER_COMMIT;
  if (mode === "early") say({ kind: "durable", epoch, throughSeq: lastSeq });
  const { ok } = await log.append(entries);
  if (ok) say({ kind: "durable", epoch, throughSeq: lastSeq });
}

await log.open("d1", epoch);
say({ kind: "open" });
for (let commit = 0; commit < Number(commits); commit++) {
  await append(commit % 4 === 1 ? 3 : 2);
  if (commit % 5 === 3) {
    const run = await log.read({ eventsMax: 20, bytesMax: 1_000_000 });
    if (run) {
      const throughSeq = run.firstSeq + run.events.length - 1;
      say({ kind: "forgetting", epoch: run.epoch, throughSeq });
      await log.acknowledge(run.epoch, throughSeq);
    }
  }
  if (commit % 9 === 8) {
    const { bytes } = log.backlog();
    const eviction = await log.planEviction(1_048_576 - bytes + 1_000, 0);
    for (const { epoch: given, fromSeq, toSeq } of eviction?.ranges ?? []) {
      say({ kind: "giving up", epoch: given, fromSeq, toSeq });
    }
    await append(0);
    await eviction?.apply();
  }
}
await log.close();
say({ kind: "closed" });
