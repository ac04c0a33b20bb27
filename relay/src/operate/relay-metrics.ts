import { Histogram, type Registry } from "prom-client";
import { accessMetrics } from "../access/access-metrics.ts";
import type { Entrance } from "../access/entrance.ts";
import type { Config } from "../config/schema.ts";
import type { Pipeline } from "../pipeline.ts";
import { putMetrics } from "../put/put-metrics.ts";
import type { BookCheck } from "./book-check.ts";
import { bookMetrics } from "./book-metrics.ts";
import { pipelineMetrics } from "./pipeline-metrics.ts";
import { makeRegistry } from "./registry.ts";

/** From an answer on an idle machine to the longest that a sender waits, in s. */
const ACKNOWLEDGEMENT_BUCKETS_S = [
  0.005, 0.01, 0.02, 0.05, 0.1, 0.15, 0.2, 0.25, 0.3, 0.4, 0.5, 0.75, 1, 2, 5, 10, 20,
];

/** How often the configuration was to be reloaded. */
export interface ReloadCounts {
  succeeded: number;
  failed: number;
}

/** What figures are read from. */
export interface MetricSources {
  readonly pipeline: Pipeline;
  readonly entrance: Entrance;
  readonly check: BookCheck;
  readonly config: Config;
  readonly reloads: ReloadCounts;
}

export interface RelayMetrics {
  readonly registry: Registry;
  /** From the first look at a request to its answer, of batches that were accepted. */
  readonly acknowledgement: Histogram<"durable">;
}

/** Every figure of a relay. A part that has some of its own adds its list here. */
export function relayMetrics({ pipeline, entrance, check, config, reloads }: MetricSources): RelayMetrics {
  const registry = makeRegistry([
    ...bookMetrics(pipeline.book, check),
    ...putMetrics(pipeline.meter),
    ...pipelineMetrics(pipeline, config),
    ...accessMetrics(entrance),
    {
      name: "tonearm_config_reloads_total",
      help: "Reloads of the configuration; one that failed left the old one in force.",
      type: "counter",
      label: "result",
      read: () => Object.entries(reloads),
    },
  ]);
  const acknowledgement = new Histogram({
    name: "tonearm_acknowledgement_seconds",
    help: "From the first look at a request to its answer, of batches that were accepted, by where they are safe.",
    labelNames: ["durable"],
    buckets: ACKNOWLEDGEMENT_BUCKETS_S,
    registers: [registry],
  });
  return { registry, acknowledgement };
}
