import { Counter, collectDefaultMetrics, Gauge, Registry } from "prom-client";
import type { Metric } from "./metric.ts";

/** Series of one metric; what is beyond is added up as `other`, so that a page never grows without bound. */
const SERIES_MAX = 1_000;
const OTHER = "other";
const LABEL_PATTERN = /^[\w.:-]{1,128}$/;

/** Makes `metrics` a page for Prometheus. @throws Error when two have one name. */
export function makeRegistry(metrics: readonly Metric[]): Registry {
  const registry = new Registry();
  for (const metric of metrics) register(registry, metric);
  return registry;
}

let ofProcess: Registry | undefined;

/** What Node knows of this process: CPU, memory, garbage collection, the lag of the event loop. One for all relays in it. */
export function processRegistry(): Registry {
  if (ofProcess) return ofProcess;
  ofProcess = new Registry();
  collectDefaultMetrics({ register: ofProcess });
  return ofProcess;
}

function register(registry: Registry, metric: Metric): void {
  const { name, help, label } = metric;
  const labelNames = label === undefined ? [] : [label];
  const aggregator: Metric["across"] | "sum" = metric.across ?? "sum";
  const options = { name, help, labelNames, registers: [], aggregator };
  const made =
    metric.type === "counter"
      ? new Counter({
          ...options,
          collect() {
            this.reset();
            for (const [value, labels] of seriesOf(metric)) this.inc(labels, value);
          },
        })
      : new Gauge({
          ...options,
          collect() {
            this.reset();
            const series = seriesOf(metric);
            for (const [value, labels] of series) this.set(labels, value);
            // What has been reset is 0, which is a value.
            if (series.length === 0 && label === undefined) this.remove();
          },
        });
  registry.registerMetric(made);
}

type Series = readonly [value: number, labels: Record<string, string>];

function seriesOf({ label, read }: Metric): Series[] {
  const reading = read();
  if (reading === undefined) return [];
  if (typeof reading === "number") return [[reading, {}]];
  const values = new Map<string, number>();
  for (const [given, value] of reading) {
    const isOwn = LABEL_PATTERN.test(given) && (values.size < SERIES_MAX || values.has(given));
    const name = isOwn ? given : OTHER;
    values.set(name, (values.get(name) ?? 0) + value);
  }
  return Array.from(values, ([name, value]) => [value, { [label!]: name }]);
}
