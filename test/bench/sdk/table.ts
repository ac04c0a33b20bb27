import { availableParallelism } from "node:os";
import type { ContenderName } from "./contender.ts";
import type { Received } from "./receiver.ts";
import type { Cost } from "./run-contender.ts";

/** One run of one contender. */
export interface Sample extends Cost, Received {
  readonly name: ContenderName;
  readonly run: number;
  /** What the block device below took; undefined where it cannot be counted. */
  readonly sectorBytes: number | undefined;
}

export interface Workload {
  readonly events: number;
  /** 0: all in one synchronous loop. */
  readonly perSecond: number;
  readonly runs: number;
}

interface Column {
  readonly title: string;
  readonly of: (sample: Sample) => number | undefined;
  readonly digits: number;
}

const isTonearm = ({ name }: Sample): boolean => name === "tonearm";
const MIB = 1_048_576;

const COLUMNS: readonly Column[] = [
  { title: "delivered", of: ({ delivered }) => delivered, digits: 0 },
  { title: "duplicates", of: ({ duplicates }) => duplicates, digits: 0 },
  { title: "µs in record()", of: ({ syncMicros }) => syncMicros, digits: 2 },
  { title: "of it on the CPU", of: ({ threadMicros }) => threadMicros, digits: 2 },
  { title: "µs CPU per delivered", of: (s) => s.cpuMicros / s.delivered, digits: 1 },
  { title: "B of body per event", of: (s) => s.bodyBytes / s.delivered, digits: 1 },
  { title: "B on the wire per event", of: (s) => s.socketBytes / s.delivered, digits: 1 },
  { title: "events per request", of: (s) => s.delivered / s.requests, digits: 0 },
  { title: "RSS growth, MiB", of: ({ rssBytes }) => rssBytes / MIB, digits: 1 },
  {
    title: "B written per event",
    of: (s) => (isTonearm(s) ? s.writtenBytes / s.delivered : undefined),
    digits: 0,
  },
  {
    title: "B of sectors per event",
    of: (s) => (isTonearm(s) && s.sectorBytes !== undefined ? s.sectorBytes / s.delivered : undefined),
    digits: 0,
  },
  { title: "s until closed", of: ({ elapsedMs }) => elapsedMs / 1_000, digits: 1 },
];

/** Which of them say more as a ratio to Tonearm's. */
const RATIOS: readonly string[] = [
  "µs in record()",
  "of it on the CPU",
  "µs CPU per delivered",
  "B on the wire per event",
  "RSS growth, MiB",
];

/** What the figures depend on, in words that name no machine. */
export function describeMachine() {
  return {
    cores: availableParallelism(),
    node: process.version,
    date: new Date().toISOString().slice(0, 10),
  };
}

/** Prints medians with p10 and p90, and then ratios to Tonearm, as Markdown. */
export function printTable(
  names: readonly ContenderName[],
  samples: readonly Sample[],
  workload: Workload,
): void {
  const { cores, node, date } = describeMachine();
  const pace = workload.perSecond === 0 ? "in one synchronous loop" : `at ${workload.perSecond} a second`;
  console.log(
    `${workload.events} events ${pace}, ${workload.runs} runs; ${cores} cores, Node ${node}, ${date}.`,
  );
  console.log("Median, and p10–p90 where they differ.\n");
  row(["", ...names]);
  row(["---", ...names.map(() => "---")]);
  for (const column of COLUMNS) row([column.title, ...names.map((name) => cell(column, of(name, samples)))]);
  if (!names.includes("tonearm")) return;
  console.log("\nTimes Tonearm's median:\n");
  row(["", ...names]);
  row(["---", ...names.map(() => "---")]);
  for (const column of COLUMNS.filter(({ title }) => RATIOS.includes(title))) {
    const own = at(column, of("tonearm", samples), 0.5);
    row([column.title, ...names.map((name) => ratio(at(column, of(name, samples), 0.5), own))]);
  }
}

const of = (name: ContenderName, samples: readonly Sample[]) =>
  samples.filter((sample) => sample.name === name);

const row = (cells: readonly string[]) => console.log(`| ${cells.join(" | ")} |`);

const ratio = (value: number | undefined, own: number | undefined) =>
  value === undefined || own === undefined ? "" : (value / own).toFixed(1);

function cell(column: Column, samples: readonly Sample[]): string {
  const [low, median, high] = [0.1, 0.5, 0.9].map((share) =>
    at(column, samples, share)?.toFixed(column.digits),
  );
  if (median === undefined) return "";
  return low === high ? median : `${median} (${low}–${high})`;
}

/** The value below which `share` of the runs lie; undefined when a run has none. */
function at(column: Column, samples: readonly Sample[], share: number): number | undefined {
  const values = samples.map(column.of);
  if (values.includes(undefined)) return undefined;
  const sorted = (values as number[]).toSorted((a, b) => a - b);
  return sorted[Math.round((sorted.length - 1) * share)];
}
