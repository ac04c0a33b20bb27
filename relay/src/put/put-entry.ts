import type { Delivery } from "./delivery.ts";

/** Whether senders wait for a record, or it comes from the spool and is in nobody's way. */
export type Lane = (typeof LANES)[number];

export const LANES = ["live", "spooled"] as const;

/** One Kinesis record on its way. */
export interface PutEntry {
  readonly partitionKey: string;
  /** Decimal; undefined lets Kinesis hash the partition key. */
  readonly explicitHashKey: string | undefined;
  readonly data: Uint8Array;
  /**
   * The shard that the map says it will go to; another one in the answer is news of a reshard. Undefined under AUTO
   * distribution, where only Kinesis knows.
   */
  readonly shardId: string | undefined;
  readonly lane: Lane;
  readonly deliveries: readonly Delivery[];
  readonly userRecords: number;
  /** Gives the memory of `data` back, where it can be used again: once the record is in the stream, nobody needs it. */
  readonly free?: () => void;
}

/** What counts against the limits of a record and of a call. */
export const entryBytes = (entry: PutEntry): number => entry.data.length + entry.partitionKey.length;

/** By what records are kept apart on their way out: their shard, or all in one where Kinesis distributes. */
export const shardKeyOf = (entry: PutEntry): string => entry.shardId ?? ANY_SHARD;

/** The key of records whose shard nobody knows. */
export const ANY_SHARD = "";
