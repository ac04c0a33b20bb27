import type { Pipeline } from "./pipeline.ts";

/** Where the relay stands, as JSON: the book, the circuit, the way out. */
export function statusOf(pipeline: Pipeline): object {
  const { book, counts, breaker, shardMap, admission, spooled } = pipeline;
  const { shape } = shardMap;
  return {
    book: {
      received: book.received,
      delivered: book.delivered,
      spooled: book.spooled,
      in_flight: book.inFlight,
      duplicates: book.duplicates,
      rejected: book.rejected,
      imbalance: book.imbalance,
      inherited: book.inherited,
    },
    refused_requests: book.refusedRequests,
    circuit: breaker.kind,
    bytes_in_flight: admission.bytesInFlight,
    kinesis_records: counts.kinesisRecords,
    kinesis_bytes: counts.kinesisBytes,
    put_retries: counts.retries,
    put_calls_failed: counts.failedCalls,
    shards: shape?.shards.length ?? 0,
    aggregation_off: shape?.aggregationOff ?? null,
    spool: spooled,
  };
}
