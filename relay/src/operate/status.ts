import type { Config } from "../config/schema.ts";
import type { Pipeline } from "../pipeline.ts";
import { type History, SAMPLE_INTERVAL_MS } from "./history.ts";

/** Shards whose load is listed; the heaviest of them. */
const SHARDS_MAX = 512;

/** What the relay looks like from outside the pipeline. */
export interface StatusParts {
  readonly config: Config;
  readonly history: History;
  readonly uptimeMs: number;
  readonly isStopping: boolean;
  /** What the book's check found just now. */
  readonly imbalance: number;
}

/** Where the relay stands, as JSON: the book, the circuit, the way out; what the status page shows. */
export function statusOf(pipeline: Pipeline, parts: StatusParts): object {
  const { book, meter, breaker, shardMap, admission, spooled } = pipeline;
  const { config, history } = parts;
  const { shape } = shardMap;
  return {
    stream: config.stream,
    uptime_ms: Math.round(parts.uptimeMs),
    stopping: parts.isStopping,
    book: {
      received: book.received,
      delivered: book.delivered,
      spooled: book.spooled,
      in_flight: book.inFlight,
      duplicates: book.duplicates,
      rejected: book.rejected,
      dead_letters: book.deadLetters,
      damaged: book.damaged,
      imbalance: parts.imbalance,
      inherited: book.inherited,
    },
    refused_requests: book.refusedRequests,
    circuit: breaker.kind,
    circuit_wait_ms: Math.round(breaker.waitMs),
    circuit_calls: breaker.recent.calls,
    circuit_calls_failed: breaker.recent.failures,
    bytes_in_flight: admission.bytesInFlight,
    bytes_in_flight_max: config.bytesInFlightMax,
    kinesis_records: meter.records,
    kinesis_bytes: meter.bytes,
    aggregation_ratio: meter.aggregationRatio ?? null,
    put_calls: meter.calls,
    put_retries: meter.retries,
    put_calls_failed: meter.failedCalls,
    put_records_refused: Object.fromEntries(meter.refused),
    shards: shape?.shards.length ?? 0,
    shard_loads: shardLoads(pipeline, history),
    aggregation_off: shape?.aggregationOff ?? null,
    spool: {
      ...spooled,
      bytes_max: config.spool === undefined ? 0 : config.spoolBytesMax,
      drain_bytes_per_s: Math.round(pipeline.drainBytesPerSecond ?? 0),
    },
    dead_letters: pipeline.deadLetters,
    history: { interval_ms: SAMPLE_INTERVAL_MS, samples: history.samples },
  };
}

/** Open shards in the order of their hash keys, with what each took lately; of very many, the heaviest. */
function shardLoads(pipeline: Pipeline, history: History): object[] {
  const { shardMap, meter, limiter } = pipeline;
  const loads = shardMap.sorted.map(({ shardId }) => ({
    id: shardId,
    bytes_per_s: Math.round(history.shardRates.get(shardId)?.bytes ?? 0),
    records_per_s: Math.round(history.shardRates.get(shardId)?.records ?? 0),
    throttled_per_s: Math.round(history.shardRates.get(shardId)?.throttled ?? 0),
    bytes: meter.shards.get(shardId)?.bytes ?? 0,
    share: limiter.share(shardId)?.share ?? 1,
    wait_ms: Math.round(pipeline.shardWaitMs(shardId)),
  }));
  if (loads.length <= SHARDS_MAX) return loads;
  const least = loads.map(({ bytes_per_s }) => bytes_per_s).toSorted((a, b) => b - a)[SHARDS_MAX - 1]!;
  return loads.filter(({ bytes_per_s }) => bytes_per_s >= least).slice(0, SHARDS_MAX);
}
