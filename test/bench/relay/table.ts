import { describeMachine } from "../sdk/table.ts";
import type { Cost } from "./runs.ts";

/** Where batches are when they are acknowledged. */
export const KINDS = ["stream", "spool"] as const;

/** One run of one relay, with what was measured beside it. */
export interface Sample extends Cost {
  readonly name: string;
  readonly kind: (typeof KINDS)[number];
  readonly run: number;
  readonly batchEvents: number;
  /** CPU time of the floor, and of a bare server, for one event, in µs. */
  readonly floorMicros: number;
  readonly bareMicros: number | undefined;
  /** CPU time of the least that an honest relay does, for one event, in µs. */
  readonly leastMicros: number | undefined;
}

export interface Options {
  readonly runs: number;
  readonly events: number;
  readonly encoding: string;
}

interface Column {
  readonly title: string;
  readonly of: (sample: Sample) => number | undefined;
  readonly digits: number;
}

const MIB = 1_048_576;

const COLUMNS: readonly Column[] = [
  { title: "µs CPU per event", of: (s) => s.cpuMicros, digits: 2 },
  { title: "events per CPU-second", of: (s) => 1_000_000 / s.cpuMicros, digits: 0 },
  { title: "floor, µs", of: (s) => s.floorMicros, digits: 2 },
  { title: "% of the floor", of: (s) => (100 * s.floorMicros) / s.cpuMicros, digits: 0 },
  {
    title: "% of bare HTTP",
    of: (s) => (s.bareMicros === undefined ? undefined : (100 * s.bareMicros) / s.cpuMicros),
    digits: 0,
  },
  { title: "bare HTTP, µs", of: (s) => s.bareMicros, digits: 2 },
  { title: "the least of an honest relay, µs", of: (s) => s.leastMicros, digits: 2 },
  {
    title: "% of that least",
    of: (s) => (s.leastMicros === undefined ? undefined : (100 * s.leastMicros) / s.cpuMicros),
    digits: 0,
  },
  { title: "µs with the drain", of: (s) => s.drainedCpuMicros, digits: 2 },
  { title: "acknowledged, p50 ms", of: (s) => s.p50Ms, digits: 0 },
  { title: "p99 ms", of: (s) => s.p99Ms, digits: 0 },
  { title: "events a second by the clock", of: (s) => 1_000 * perMs(s), digits: 0 },
  { title: "B of body per event", of: (s) => s.bodyBytes / perRequests(s), digits: 0 },
  { title: "RSS at most, MiB", of: (s) => s.rssBytes / MIB, digits: 0 },
  { title: "Kinesis records per call", of: (s) => s.kinesisRecords / s.putCalls, digits: 1 },
];

const perRequests = (sample: Sample): number => sample.requests * sample.batchEvents;
const perMs = (sample: Sample): number => perRequests(sample) / sample.elapsedMs;

/** Prints medians with the least and the greatest, as Markdown. */
export function printTable(samples: readonly Sample[], options: Options): void {
  const { cores, node, date } = describeMachine();
  const { runs, events, encoding } = options;
  console.log(`${events} events, ${encoding}, ${runs} runs; ${cores} cores, Node ${node}, ${date}.`);
  console.log("Median, and least–greatest where they differ.\n");
  const series = Map.groupBy(samples, ({ name, kind }) => `${name}, ${kind}`);
  row(["", ...series.keys()]);
  row(["---", ...series.keys().map(() => "---")]);
  for (const column of COLUMNS) {
    const cells = series
      .values()
      .map((own) => cell(column, own))
      .toArray();
    if (cells.some((text) => text !== "")) row([column.title, ...cells]);
  }
}

const row = (cells: readonly string[]) => console.log(`| ${cells.join(" | ")} |`);

function cell({ of, digits }: Column, samples: readonly Sample[]): string {
  const values = samples.map(of).filter((value) => value !== undefined);
  if (values.length === 0) return "";
  const sorted = values.toSorted((a, b) => a - b);
  const [least, median, greatest] = [0, (sorted.length - 1) >>> 1, sorted.length - 1].map((i) =>
    sorted[i]!.toFixed(digits),
  );
  return least === greatest ? `${median}` : `${median} (${least}–${greatest})`;
}
