/**
 * A figure of the relay as Prometheus shows it. Parts keep plain numbers and say in a list beside them how to read them;
 * they are read when somebody asks, so that the way of an event only counts. A new list goes into `relayMetrics`.
 */
export interface Metric {
  /** `tonearm_…`, with its unit (`_bytes`, `_seconds`); a counter ends in `_total`. */
  readonly name: string;
  readonly help: string;
  /** A counter never goes down as long as the process lives. */
  readonly type: "counter" | "gauge";
  /** The label's name, where `read` gives pairs. Its values are names of ours or of the stream's, never a sender's. */
  readonly label?: string;
  /** How the figures of several workers become one; default: they are added up. */
  readonly across?: "max" | "average";
  /** The value now, undefined when there is none; pairs of a label's value and its figure where it has a label. */
  read(): number | undefined | Iterable<readonly [label: string, value: number]>;
}
