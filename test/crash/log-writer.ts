/**
 * Writes into logs, acknowledges and gives up, and says each step before or after it, until it is killed or through.
 * Arguments: directories and an epoch for each, with commas between; how many commits; for controls `early`, which says durable
 * before it is, `queued`, which says so of what waits to be written, or `unsynced`, which never syncs.
 */
import { writeSync } from "node:fs";
import { setTimeout as pause } from "node:timers/promises";
import { type DiskFile, type Eviction, FileLog, NodeDisk, type Priority } from "@tonearm/sdk/file-log";
import { systemClock } from "@tonearm/sdk/ports";
import { type LogStep, textOf } from "./log-steps.ts";

const EVENTS_PER_COMMIT = 8;
/** How long what is `queued` waits: longer than it takes to hear of it and to kill. */
const QUEUED_MS = 300;
const [directories = "", epochs = "", commits = "1", mode = ""] = process.argv.slice(2);

/** In the pipe before anything else happens. */
const say = (step: LogStep) => writeSync(1, `${JSON.stringify(step)}\n`);

/** A disk that claims to have synced. */
class LyingDisk extends NodeDisk {
  override async create(name: string): Promise<DiskFile> {
    const file = await super.create(name);
    return { write: (bytes) => file.write(bytes), sync: () => Promise.resolve(), close: () => file.close() };
  }

  override syncFile(): Promise<void> {
    return Promise.resolve();
  }

  override syncDirectory(): Promise<void> {
    return Promise.resolve();
  }
}

async function write(directory: string, epoch: string): Promise<void> {
  const log = new FileLog({
    disk: mode === "unsynced" ? new LyingDisk(directory) : new NodeDisk(directory),
    clock: systemClock,
    spelling: 1,
    segmentBytes: 16_384,
    storeBytesMax: 1_048_576,
    storeEventsMax: 1_000_000,
    freeBytesMin: 0,
    onDamage: ({ epoch: damaged, fromSeq, toSeq }) => say({ kind: "damage", epoch: damaged, fromSeq, toSeq }),
    onQuarantine: (name) => say({ kind: "quarantine", name }),
  });
  await log.open("d1", epoch);
  say({ kind: "open" });
  let lastSeq = 0;
  for (let commit = 0; commit < Number(commits); commit++) {
    lastSeq = await append(log, epoch, lastSeq, commit % 4 === 1 ? 3 : 2);
    if (commit % 5 === 3) await forget(log);
    if (commit % 9 === 8) {
      const eviction = await plan(log);
      lastSeq = await append(log, epoch, lastSeq, 0);
      await eviction?.apply();
    }
  }
  await log.close();
}

/** Commits a few events; returns the last number. */
async function append(log: FileLog, epoch: string, lastSeq: number, priority: Priority): Promise<number> {
  const entries = Array.from({ length: EVENTS_PER_COMMIT }, (_, i) => {
    const seq = lastSeq + 1 + i;
    return { seq, priority, bytes: new TextEncoder().encode(textOf(epoch, seq)) };
  });
  const throughSeq = lastSeq + EVENTS_PER_COMMIT;
  if (mode === "early" || mode === "queued") say({ kind: "durable", epoch, throughSeq });
  if (mode === "queued") await pause(QUEUED_MS);
  const { ok } = await log.append(entries);
  if (!ok) throw new Error("nothing can be stored any more");
  say({ kind: "durable", epoch, throughSeq });
  return throughSeq;
}

/** Acknowledges what a relay would have taken. */
async function forget(log: FileLog): Promise<void> {
  const run = await log.read({ eventsMax: 20, bytesMax: 1_000_000 });
  if (!run) return;
  const throughSeq = run.firstSeq + run.events.length - 1;
  say({ kind: "forgetting", epoch: run.epoch, throughSeq });
  await log.acknowledge(run.epoch, throughSeq);
}

/** Plans to give the oldest up. */
async function plan(log: FileLog): Promise<Eviction | undefined> {
  const eviction = await log.planEviction(1_048_576 - log.backlog().bytes + 1_000, 0);
  for (const { epoch, fromSeq, toSeq } of eviction?.ranges ?? []) {
    say({ kind: "giving up", epoch, fromSeq, toSeq });
  }
  return eviction;
}

const each = epochs.split(",");
await Promise.all(directories.split(",").map((directory, i) => write(directory, each[i]!)));
say({ kind: "closed" });
