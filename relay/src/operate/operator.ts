import type { Clock } from "@tonearm/sdk/ports";
import type { Durable } from "@tonearm/sdk/wire";
import type { Histogram, Registry } from "prom-client";
import type { Entrance } from "../access/entrance.ts";
import type { Config } from "../config/schema.ts";
import type { Log } from "../log.ts";
import type { Pipeline } from "../pipeline.ts";
import type { Colleagues } from "../workers/colleagues.ts";
import { BookCheck } from "./book-check.ts";
import { FIGURES, METRICS, pageOf } from "./figures.ts";
import { History } from "./history.ts";
import { jsonPage, type Page } from "./page.ts";
import { RecentLatency } from "./recent-latency.ts";
import { processRegistry } from "./registry.ts";
import { type ReloadCounts, relayMetrics } from "./relay-metrics.ts";
import { statusOf } from "./status.ts";
import { statusPage } from "./status-page.ts";

export interface OperatorParts {
  readonly pipeline: Pipeline;
  readonly entrance: Entrance;
  readonly config: Config;
  readonly clock: Clock;
  readonly log: Log;
  readonly isStopping: () => boolean;
  /** The other workers, whose figures stand on the same pages. */
  readonly colleagues?: Pick<Colleagues, "page"> | undefined;
}

/** What an operator sees: health, figures for Prometheus, and where things stand. */
export class Operator {
  readonly #parts: OperatorParts;
  readonly #check: BookCheck;
  readonly #history: History;
  readonly #registry: Registry;
  readonly #acknowledgement: Histogram<"durable">;
  readonly #latency: RecentLatency;
  readonly #reloads: ReloadCounts = { succeeded: 0, failed: 0 };
  readonly #startedMs: number;

  constructor(parts: OperatorParts) {
    const { pipeline, entrance, config, clock, log } = parts;
    this.#parts = parts;
    this.#check = new BookCheck(pipeline.book, clock, log);
    this.#history = new History(pipeline.book, pipeline.meter, clock);
    const { registry, acknowledgement } = relayMetrics({
      pipeline,
      entrance,
      check: this.#check,
      config,
      reloads: this.#reloads,
    });
    this.#registry = registry;
    this.#acknowledgement = acknowledgement;
    this.#latency = new RecentLatency(acknowledgement);
    this.#startedMs = clock.monotonicMs();
  }

  start(): void {
    processRegistry();
    this.#history.start(() => void this.#latency.sample());
  }

  /** Takes a last look at the book, and says what is left. @param left events that did not arrive in time. */
  stop(left: number): void {
    this.#history.stop();
    this.#check.run();
    const { pipeline, log } = this.#parts;
    const { received, delivered, spooled, duplicates, rejectedEvents: rejected } = pipeline.book;
    const { batches, bytes } = pipeline.spooled;
    if (left > 0) log.error("not everything arrived in time; its senders keep it", { events: left });
    if (batches > 0) log.warn("batches wait in the spool; the next start sends them", { batches, bytes });
    log.info("stopped", { received, delivered, spooled, duplicates, rejected, left });
  }

  /** A batch was accepted, and safe at `durable`, so long after its request was first looked at. */
  acknowledged(durable: Durable, afterMs: number): void {
    this.#acknowledgement.observe({ durable }, afterMs / 1_000);
  }

  /** The configuration was reloaded, or could not be. */
  reloaded(succeeded: boolean): void {
    this.#reloads[succeeded ? "succeeded" : "failed"]++;
  }

  /** What a load balancer asks: `/healthz` and `/readyz`; undefined for any other path. */
  health(path: string): Page | undefined {
    if (path === "/healthz") return jsonPage(200, { status: "ok" });
    if (path !== "/readyz") return undefined;
    const { pipeline, config, isStopping } = this.#parts;
    const { circuit, shardMap } = pipeline;
    const isReached = shardMap.shape !== undefined;
    // As long as nobody has reached the stream, batches go into the spool.
    const ready = pipeline.isStarted && !isStopping() && (isReached || config.spool !== undefined);
    return jsonPage(ready ? 200 : 503, { ready, circuit, stream_reached: isReached });
  }

  /** What only an operator asks: `/`, and of all workers `/metrics` and `/status.json`; undefined for any other path. */
  async page(path: string): Promise<Page | undefined> {
    if (path === "/") return statusPage();
    if (!FIGURES.includes(path)) return undefined;
    const { colleagues } = this.#parts;
    return colleagues ? colleagues.page(path) : pageOf(path, [await this.figures(path)]);
  }

  /** What this worker has to say of a page, as plain data. */
  async figures(path: string): Promise<unknown> {
    if (path !== METRICS) return this.#status();
    return [await this.#registry.getMetricsAsJSON(), await processRegistry().getMetricsAsJSON()].flat();
  }

  async #status(): Promise<object> {
    const { pipeline, config, clock, isStopping } = this.#parts;
    return statusOf(pipeline, {
      config,
      history: this.#history,
      uptimeMs: clock.monotonicMs() - this.#startedMs,
      isStopping: isStopping(),
      imbalance: this.#check.run(),
      mismatches: this.#check.mismatches,
      acknowledgement: await this.#latency.quantiles([0.5, 0.99]),
    });
  }
}
