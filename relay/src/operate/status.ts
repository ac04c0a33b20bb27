import type { Config } from "../config/schema.ts";
import type { Pipeline } from "../pipeline.ts";
import { type History, SAMPLE_INTERVAL_MS } from "./history.ts";
import { spoolLimit } from "./pipeline-metrics.ts";

/** Shards whose load is listed; the heaviest of them. */
const SHARDS_MAX = 512;

/** What the relay looks like from outside the pipeline. */
export interface StatusParts {
  readonly config: Config;
  readonly history: History;
  readonly uptimeMs: number;
  readonly isStopping: boolean;
  /** What the book's check found just now, and how often it found something. */
  readonly imbalance: number;
  readonly mismatches: number;
  /** Of the last minute; undefined when no batch was acknowledged. */
  readonly acknowledgement: readonly [p50Ms: number, p99Ms: number] | undefined;
}

/** Where the relay stands, as JSON: the book, the circuit, the way out; what the status page shows. */
export function statusOf(pipeline: Pipeline, parts: StatusParts): object {
  const { book, meter, breaker, shardMap, admission, spooled } = pipeline;
  const { config, history, acknowledgement = null } = parts;
  const { shape } = shardMap;
  return {
    stream: config.stream,
    uptime_ms: Math.round(parts.uptimeMs),
    stopping: parts.isStopping,
    book: {
      received: book.received,
      delivered: book.delivered,
      spooled: book.spooled,
      moved: book.moved,
      in_flight: book.inFlight,
      duplicates: book.duplicates,
      rejected: book.rejected,
      dead_letters: book.deadLetters,
      damaged: book.damaged,
      imbalance: parts.imbalance,
      mismatches: parts.mismatches,
      inherited: book.inherited,
    },
    refused_requests: book.refusedRequests,
    circuit: pipeline.circuit,
    stream_reached: shape !== undefined,
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
    shard_loads: shardLoads(pipeline, parts),
    aggregation_off: shape?.aggregationOff ?? null,
    acknowledgement: acknowledgement && { p50_ms: acknowledgement[0], p99_ms: acknowledgement[1] },
    spool: {
      batches: spooled.batches,
      bytes: spooled.bytes,
      bytes_max: spoolLimit(config),
      drain_bytes_per_s: Math.round(pipeline.drainBytesPerSecond ?? 0),
      damaged_batches: spooled.damage.batches,
      unusable_files: spooled.damage.files,
      oldest_age_ms: spooled.oldestAgeMs === undefined ? null : Math.round(spooled.oldestAgeMs),
    },
    dead_letters: pipeline.deadLetters,
    history: { interval_ms: SAMPLE_INTERVAL_MS, samples: history.samples },
  };
}

/** Open shards in the order of their hash keys, with what each took lately; of very many, the busiest. */
function shardLoads(pipeline: Pipeline, { config, history }: StatusParts): object[] {
  const { shardMap, limiter } = pipeline;
  const loads = shardMap.sorted.map(({ shardId }) => {
    const rate = history.shardRates.get(shardId) ?? { bytes: 0, records: 0, throttled: 0 };
    const load = Math.max(
      rate.bytes / config.shardBytesPerSecond,
      rate.records / config.shardRecordsPerSecond,
    );
    return {
      id: shardId,
      load: Number(load.toFixed(3)),
      bytes_per_s: Math.round(rate.bytes),
      records_per_s: Math.round(rate.records),
      throttled_per_s: Math.ceil(rate.throttled),
      share: limiter.share(shardId)?.share ?? 1,
      wait_ms: Math.round(pipeline.shardWaitMs(shardId)),
    };
  });
  if (loads.length <= SHARDS_MAX) return loads;
  const least = loads.map(({ load }) => load).toSorted((a, b) => b - a)[SHARDS_MAX - 1]!;
  return loads.filter(({ load }) => load >= least).slice(0, SHARDS_MAX);
}
