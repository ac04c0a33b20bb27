import type { Metric } from "../operate/metric.ts";
import type { PutMeter, ShardLoad } from "./put-meter.ts";

/** The way out. */
export const putMetrics = (meter: PutMeter): readonly Metric[] => [
  {
    name: "tonearm_put_calls_total",
    help: "Calls of PutRecords.",
    type: "counter",
    read: () => meter.calls,
  },
  {
    name: "tonearm_put_calls_failed_total",
    help: "Calls of PutRecords that failed as a whole.",
    type: "counter",
    read: () => meter.failedCalls,
  },
  {
    name: "tonearm_put_records_total",
    help: "Kinesis records in the stream.",
    type: "counter",
    read: () => meter.records,
  },
  {
    name: "tonearm_put_user_records_total",
    help: "User records in those; over their number, the aggregation ratio of a time.",
    type: "counter",
    read: () => meter.userRecords,
  },
  {
    name: "tonearm_put_bytes_total",
    help: "Bytes of the Kinesis records in the stream, partition keys included.",
    type: "counter",
    read: () => meter.bytes,
  },
  {
    name: "tonearm_put_retries_total",
    help: "Kinesis records sent again.",
    type: "counter",
    read: () => meter.retries,
  },
  {
    name: "tonearm_put_records_refused_total",
    help: "Records that Kinesis refused in calls it answered, by its code.",
    type: "counter",
    label: "code",
    read: () => meter.refused,
  },
  {
    name: "tonearm_aggregation_ratio",
    across: "average",
    help: "User records in a Kinesis record, on average since the start.",
    type: "gauge",
    read: () => meter.aggregationRatio,
  },
  ...shardMetrics(meter),
];

function shardMetrics({ shards }: PutMeter): Metric[] {
  const of = (figure: (load: ShardLoad) => number) => () =>
    shards.entries().map(([shardId, load]) => [shardId, figure(load)] as const);
  const common = { type: "counter", label: "shard" } as const;
  return [
    {
      ...common,
      name: "tonearm_shard_records_total",
      help: "Kinesis records that a shard took.",
      read: of(({ records }) => records),
    },
    {
      ...common,
      name: "tonearm_shard_bytes_total",
      help: "Bytes that a shard took.",
      read: of(({ bytes }) => bytes),
    },
    {
      ...common,
      name: "tonearm_shard_throttled_total",
      help: "Records that a shard had no room for.",
      read: of(({ throttled }) => throttled),
    },
  ];
}
