/** One run of each thing that is measured; all figures are of the part behind the warm-up. */
import { setTimeout as sleep } from "node:timers/promises";
import type { Report } from "./endpoint.ts";
import type { Seen } from "./load.ts";
import { answerOf, cpuMs, peakRssBytes, type Served, serve, startChild } from "./processes.ts";
import { eventsOf, sentOf, type Workload } from "./workload.ts";

/** What a relay's run came to. */
export interface Cost extends Seen {
  /** CPU time of the relay's process, all threads, for one event, in µs. */
  readonly cpuMicros: number;
  /** The same with what the spool's drain took; undefined without a spool. */
  readonly drainedCpuMicros: number | undefined;
  readonly rssBytes: number;
  readonly putCalls: number;
  readonly kinesisRecords: number;
}

const KEY = "benchmark-key";
const RELAY = "relay/src/main.ts";
const BARE = "test/bench/relay/bare.ts";
const LEAST = "test/bench/relay/least.ts";
const ENV = {
  TONEARM_WRITE_KEYS: KEY,
  AWS_REGION: "us-east-1",
  AWS_ACCESS_KEY_ID: "benchmark",
  AWS_SECRET_ACCESS_KEY: "benchmark",
};
/** The endpoint's four shards take whatever comes; a limiter that had to learn that would be what is measured. */
const SHARD_FLAGS = ["--shard-bytes-per-second", String(2 ** 30), "--shard-records-per-second", "1000000"];
/** Few devices send what many would. */
const DEVICE_FLAGS = ["--device-bytes-per-second", String(2 ** 30), "--device-burst-bytes", String(2 ** 30)];
/** In an outage a probe a second is enough, and the drain begins soon after it. */
const SPOOL_FLAGS = ["--open-ms-max", "1000", "--spool-commit-ms", "10"];
const POLL_MS = 100;

/** CPU time that no relay can do without, for one event, in µs. */
export async function runFloor(workload: Workload): Promise<number> {
  const child = startChild("floor.ts", [JSON.stringify(workload)]);
  const { cpuMicrosPerEvent } = (await answerOf(child)) as { cpuMicrosPerEvent: number };
  return cpuMicrosPerEvent;
}

/** CPU time of a server that only reads bodies, for one event, in µs. */
export async function runBare(workload: Workload): Promise<number> {
  const server = await serve([BARE, String(workload.batchEvents)]);
  const { cpuMicros } = await underLoad(workload, server);
  await server.stop();
  return cpuMicros;
}

/** CPU time of a server that does what no honest relay can leave out, and nothing else, for one event, in µs. */
export async function runLeast(workload: Workload): Promise<number> {
  const endpoint = startChild("endpoint.ts", ["cbor"]);
  const { port } = (await answerOf(endpoint)) as { port: number };
  const server = await serve([LEAST, String(workload.batchEvents), KEY, `http://127.0.0.1:${port}`]);
  const { cpuMicros } = await underLoad(workload, server);
  await server.stop();
  endpoint.kill();
  return cpuMicros;
}

/** How a relay is started, and what it talks to. */
export interface Setup {
  /** The spool's directory: Kinesis is away until everything is acknowledged. */
  readonly spool: string | undefined;
  /** What the endpoint understands: `cbor`, or `json` and nothing else. */
  readonly speaks: string;
  readonly workers: string;
  /** Where V8's profile of the relay is left; undefined: none is made, which costs nothing. */
  readonly profile: string | undefined;
}

const profilerArgs = (directory: string | undefined): string[] =>
  directory === undefined ? [] : ["--cpu-prof", "--cpu-prof-interval", "200", `--cpu-prof-dir=${directory}`];

/** A relay under load. @throws Error when an event is missing from the stream or stands in it twice. */
export async function runRelay(
  workload: Workload,
  { spool, speaks, workers, profile }: Setup,
): Promise<Cost> {
  const endpoint = startChild("endpoint.ts", [speaks]);
  const { port } = (await answerOf(endpoint)) as { port: number };
  const flags = [
    "--port",
    "0",
    "--endpoint",
    `http://127.0.0.1:${port}`,
    "--workers",
    workers,
    ...SHARD_FLAGS,
    ...DEVICE_FLAGS,
  ];
  const spoolFlags = spool === undefined ? [] : ["--spool", spool, ...SPOOL_FLAGS];
  const server = await serve([RELAY, ...flags, ...spoolFlags], ENV, profilerArgs(profile));
  if (spool !== undefined) endpoint.send("away");
  const cost = await underLoad(workload, server);
  let drainedCpuMicros: number | undefined;
  if (spool !== undefined) {
    endpoint.send("back");
    drainedCpuMicros = cost.cpuMicros + (await drain(server)) / (sentOf(workload) / 1_000);
  }
  const rssBytes = peakRssBytes(server.pid);
  const code = await server.stop();
  endpoint.send("report");
  const report = (await answerOf(endpoint)) as Report;
  endpoint.kill();
  const { putCalls, kinesisRecords } = complete(report, sentOf(workload), code);
  return { ...cost, drainedCpuMicros, rssBytes, putCalls, kinesisRecords };
}

/** Waits until nothing is left in the spool; returns the CPU time that took, in ms. */
async function drain({ pid, url }: Served): Promise<number> {
  const beforeMs = cpuMs(pid);
  for (;;) {
    const answer = await fetch(`${url}/status.json`);
    const { spool } = (await answer.json()) as { spool: { batches: number } };
    if (spool.batches === 0) return cpuMs(pid) - beforeMs;
    await sleep(POLL_MS);
  }
}

function complete(report: Report, sent: number, code: number | null): Report {
  const { events, duplicates, missing } = report;
  if (code === 0 && events === sent && duplicates === 0 && missing === 0) return report;
  const found = `${events} arrived, ${missing} are missing, ${duplicates} came twice`;
  throw new Error(`the relay ended with ${code}; of ${sent} events ${found}`);
}

/** @throws Error, with what the server logged, when a device is answered anything but that its batch is safe. */
async function underLoad(workload: Workload, server: Served): Promise<Seen & { cpuMicros: number }> {
  const load = startChild("load.ts", [JSON.stringify(workload), server.url, KEY]);
  try {
    await answerOf(load);
    load.send("warm");
    await answerOf(load);
    const beforeMs = cpuMs(server.pid);
    load.send("measure");
    const seen = (await answerOf(load)) as Seen;
    const cpuMicros = ((cpuMs(server.pid) - beforeMs) * 1_000) / eventsOf(workload);
    return { ...seen, cpuMicros };
  } catch (error) {
    throw new Error(`the devices gave up; the server said:\n${server.said()}`, { cause: error });
  } finally {
    load.kill();
  }
}
