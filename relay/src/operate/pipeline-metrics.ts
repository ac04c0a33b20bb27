import type { Config } from "../config/schema.ts";
import type { Pipeline } from "../pipeline.ts";
import type { Metric } from "./metric.ts";

/** Largest size of the spool, in bytes; 0 without one. */
export const spoolLimit = ({ spool, spoolBytesMax }: Config): number =>
  spool === undefined ? 0 : spoolBytesMax;

const CIRCUITS = ["closed", "half-open", "open"] as const;

/** What is under way, where it goes, and what waits. */
export const pipelineMetrics = (pipeline: Pipeline, config: Config): readonly Metric[] => [
  {
    name: "tonearm_in_flight_bytes",
    help: "Bytes under way, bodies being read included.",
    type: "gauge",
    read: () => pipeline.admission.bytesInFlight,
  },
  {
    name: "tonearm_in_flight_limit_bytes",
    help: "Bytes under way beyond which requests are refused.",
    type: "gauge",
    read: () => config.bytesInFlightMax,
  },
  {
    name: "tonearm_circuit_state",
    help: "1 for the state that the circuit to Kinesis is in; how many workers are in it, where there are several.",
    type: "gauge",
    label: "state",
    read: () => CIRCUITS.map((state) => [state, pipeline.circuit === state ? 1 : 0]),
  },
  ...shardMetrics(pipeline),
  {
    name: "tonearm_spool_batches",
    help: "Batches in the spool.",
    type: "gauge",
    read: () => pipeline.spooled.batches,
  },
  {
    name: "tonearm_spool_bytes",
    help: "Bytes in the spool.",
    type: "gauge",
    read: () => pipeline.spooled.bytes,
  },
  {
    name: "tonearm_spool_damaged_batches_total",
    help: "Batches that damage took from the spool, those of earlier processes included.",
    type: "counter",
    read: () => pipeline.spooled.damage.batches,
  },
  {
    name: "tonearm_spool_unusable_files_total",
    help: "Files of the spool that could not be used; nobody knows how many batches were in them.",
    type: "counter",
    read: () => pipeline.spooled.damage.files,
  },
  {
    name: "tonearm_spool_drain_bytes_per_second",
    help: "How fast the spool emptied when it last did.",
    type: "gauge",
    read: () => pipeline.drainBytesPerSecond,
  },
  {
    name: "tonearm_dead_letter_batches",
    help: "Dead letters on the relay's disk, those of earlier processes included.",
    type: "gauge",
    read: () => pipeline.deadLetters.batches,
  },
  {
    name: "tonearm_spool_oldest_age_seconds",
    help: "How long the oldest batch in the spool has waited; 0 when there is none.",
    type: "gauge",
    across: "max",
    read: () => (pipeline.spooled.oldestAgeMs ?? 0) / 1_000,
  },
  {
    name: "tonearm_spool_limit_bytes",
    help: "Size beyond which the spool takes nothing; 0 without a spool.",
    type: "gauge",
    read: () => spoolLimit(config),
  },
];

/** The stream, and how much of it may be used. */
const shardMetrics = (pipeline: Pipeline): readonly Metric[] => [
  {
    name: "tonearm_shards",
    help: "Open shards of the stream, by the newest map.",
    type: "gauge",
    across: "max",
    read: () => pipeline.shardMap.shape?.shards.length,
  },
  {
    name: "tonearm_shard_share",
    help: "How much of a shard this relay may use now, as it has learned: 1 is what Kinesis documents, or with several workers each one's part of it.",
    type: "gauge",
    label: "shard",
    across: "average",
    read: () =>
      pipeline.shardMap.sorted.map(({ shardId }) => [shardId, pipeline.limiter.share(shardId)?.share ?? 1]),
  },
  {
    name: "tonearm_shard_wait_seconds",
    help: "How long what comes in for a shard now would wait for what is before it.",
    type: "gauge",
    label: "shard",
    across: "max",
    read: () =>
      pipeline.shardMap.sorted.map(({ shardId }) => [shardId, pipeline.shardWaitMs(shardId) / 1_000]),
  },
  {
    name: "tonearm_aggregation_off",
    help: "1 when the stream takes no aggregates.",
    type: "gauge",
    across: "max",
    read: () => (pipeline.shardMap.shape?.aggregationOff === undefined ? 0 : 1),
  },
];
