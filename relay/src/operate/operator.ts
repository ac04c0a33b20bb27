import type { Clock } from "@tonearm/sdk/ports";
import type { Durable } from "@tonearm/sdk/wire";
import type { Histogram, Registry } from "prom-client";
import type { Config } from "../config/schema.ts";
import type { Log } from "../log.ts";
import type { Pipeline } from "../pipeline.ts";
import type { Colleagues } from "../workers/colleagues.ts";
import { BookCheck } from "./book-check.ts";
import { FIGURES, METRICS, pageOf } from "./figures.ts";
import { History } from "./history.ts";
import { jsonPage, type Page } from "./page.ts";
import { addProcessMetrics } from "./registry.ts";
import { type ReloadCounts, relayMetrics } from "./relay-metrics.ts";
import { statusOf } from "./status.ts";

export interface OperatorParts {
  readonly pipeline: Pipeline;
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
  readonly #reloads: ReloadCounts = { succeeded: 0, failed: 0 };
  readonly #startedMs: number;

  constructor(parts: OperatorParts) {
    const { pipeline, config, clock, log } = parts;
    this.#parts = parts;
    this.#check = new BookCheck(pipeline.book, clock, log);
    this.#history = new History(pipeline.book, pipeline.meter, clock);
    const { registry, acknowledgement } = relayMetrics({
      pipeline,
      check: this.#check,
      config,
      reloads: this.#reloads,
    });
    this.#registry = registry;
    this.#acknowledgement = acknowledgement;
    this.#startedMs = clock.monotonicMs();
  }

  start(): void {
    addProcessMetrics(this.#registry);
    this.#history.start();
  }

  /** Ends with a last look at the book. */
  stop(): void {
    this.#history.stop();
    this.#check.run();
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
    const { pipeline, isStopping } = this.#parts;
    const ready = !isStopping() && pipeline.shardMap.shape !== undefined;
    return jsonPage(ready ? 200 : 503, { ready, circuit: pipeline.breaker.kind });
  }

  /** What only an operator asks: `/metrics` and `/status.json`, of all workers; undefined for any other path. */
  async page(path: string): Promise<Page | undefined> {
    if (!FIGURES.includes(path)) return undefined;
    const { colleagues } = this.#parts;
    return colleagues ? colleagues.page(path) : pageOf(path, [await this.figures(path)]);
  }

  /** What this worker has to say of a page, as plain data. */
  async figures(path: string): Promise<unknown> {
    return path === METRICS ? this.#registry.getMetricsAsJSON() : this.#status();
  }

  #status(): object {
    const { pipeline, config, clock, isStopping } = this.#parts;
    return statusOf(pipeline, {
      config,
      history: this.#history,
      uptimeMs: clock.monotonicMs() - this.#startedMs,
      isStopping: isStopping(),
      imbalance: this.#check.run(),
    });
  }
}
