import { AggregatorRegistry, type MetricObjectWithValues, type MetricValue, Registry } from "prom-client";
import { addStatuses, type Status } from "./add-statuses.ts";
import { jsonPage, type Page } from "./page.ts";

export const METRICS = "/metrics";
/** Paths of the pages that are made of figures. */
export const FIGURES: readonly string[] = [METRICS, "/status.json"];

/** The page that shows the figures of all workers together. @param figures what each of them said, one or more. */
export async function pageOf(path: string, figures: readonly unknown[]): Promise<Page> {
  if (path !== METRICS) return jsonPage(200, addStatuses(figures as readonly Status[]));
  const metrics = figures as MetricObjectWithValues<MetricValue<string>>[][];
  return {
    status: 200,
    headers: { "content-type": Registry.PROMETHEUS_CONTENT_TYPE },
    body: await AggregatorRegistry.aggregate(metrics).metrics(),
  };
}
