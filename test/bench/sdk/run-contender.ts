/**
 * One contender in this process: records, finishes, and tells its parent what that cost here.
 * Arguments: name, endpoint, directory, file of plays, events per second (0: all in one loop), events in a batch of Tonearm's.
 */
import { subscribe } from "node:diagnostics_channel";
import { readFileSync, writeFileSync } from "node:fs";
import type { Socket } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import { type ContenderName, type Plays, playOf, type StartContender } from "./contender.ts";

/** What a run cost, in the process of the contender. */
export interface Cost {
  /** How long a call of `record` keeps its caller, by the clock; making the play's object is in it. */
  readonly syncMicros: number;
  /** The part of it that the calling thread computes; the rest it waits, for collectors or for others on the machine. */
  readonly threadMicros: number;
  /** CPU time of the whole process, every thread, from the first call until everything is flushed and closed. */
  readonly cpuMicros: number;
  /** Highest resident set over that of the moment before the first call. */
  readonly rssBytes: number;
  /** What this process had the system write to storage. */
  readonly writtenBytes: number;
  /** From the first call until everything is closed. */
  readonly elapsedMs: number;
}

const starters: Record<ContenderName, () => Promise<StartContender>> = {
  tonearm: async () => (await import("./tonearm.ts")).startDurable,
  "tonearm-memory": async () => (await import("./tonearm.ts")).startInMemory,
  opentelemetry: async () => (await import("./opentelemetry.ts")).start,
  segment: async () => (await import("./segment.ts")).start,
  snowplow: async () => (await import("./snowplow.ts")).start,
  posthog: async () => (await import("./posthog.ts")).start,
};

const [name = "", endpoint = "", directory = "", playsPath = "", rateText = "", batchText = ""] =
  process.argv.slice(2);

// Whatever a contender does by itself, nothing of it may leave this machine.
subscribe("net.client.socket", (message) => {
  const { socket } = message as { socket: Socket };
  socket.once("connect", () => {
    if (socket.remoteAddress === "127.0.0.1") return;
    console.error(`${name} connected to ${socket.remoteAddress}, which is not this machine`);
    process.exit(1);
  });
});

const start = await starters[name as ContenderName]();
const contender = await start(endpoint, directory, Number(batchText));
const plays = JSON.parse(readFileSync(playsPath, "utf8")) as Plays;
const count = plays.startedAt.length;
await settle();
process.send!(await measure());
process.disconnect();

/**
 * Gives back what reading the plays took; then lets garbage go by until the young generation of the heap has the size that
 * it has in any process that has run for a while. What it takes in the measured part is the client's alone.
 */
async function settle(): Promise<void> {
  for (let i = 0; i < 4; i++) {
    globalThis.gc!();
    await sleep(50);
  }
  for (let i = 0; i < 400_000; i++) JSON.stringify(playOf(plays, i % count));
  await sleep(50);
}

async function measure(): Promise<Cost> {
  // Resets the peak that VmHWM tells.
  writeFileSync("/proc/self/clear_refs", "5");
  const rss = statusBytes("VmRSS");
  const written = writtenBytes();
  const cpu = process.cpuUsage();
  const beganMs = performance.now();
  const { syncMicros, threadMicros } = await record(Number(rateText));
  await contender.finish();
  const { user, system } = process.cpuUsage(cpu);
  return {
    syncMicros: syncMicros / count,
    threadMicros: threadMicros / count,
    cpuMicros: user + system,
    rssBytes: statusBytes("VmHWM") - rss,
    writtenBytes: writtenBytes() - written,
    elapsedMs: performance.now() - beganMs,
  };
}

/** Records all plays; returns the µs that the calls took, by the clock and of the thread. */
async function record(perSecond: number): Promise<Pick<Cost, "syncMicros" | "threadMicros">> {
  let syncMicros = 0;
  let threadMicros = 0;
  const beganMs = performance.now();
  for (let at = 0; at < count; ) {
    const due = perSecond === 0 ? count : Math.ceil(((performance.now() - beganMs) * perSecond) / 1_000);
    const cpu = process.threadCpuUsage();
    const before = performance.now();
    for (const end = Math.min(due, count); at < end; at++) contender.record(playOf(plays, at));
    syncMicros += (performance.now() - before) * 1_000;
    const { user, system } = process.threadCpuUsage(cpu);
    threadMicros += user + system;
    if (at < count) await sleep(4);
  }
  return { syncMicros, threadMicros };
}

function statusBytes(field: string): number {
  const kib = new RegExp(`^${field}:\\s+(\\d+) kB$`, "m").exec(readFileSync("/proc/self/status", "utf8"));
  return Number(kib![1]) * 1_024;
}

function writtenBytes(): number {
  return Number(/^write_bytes: (\d+)$/m.exec(readFileSync("/proc/self/io", "utf8"))![1]);
}
