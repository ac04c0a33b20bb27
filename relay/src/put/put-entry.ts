import type { Delivery } from "./delivery.ts";

/** One Kinesis record on its way. */
export interface PutEntry {
  readonly partitionKey: string;
  /** Decimal; undefined lets Kinesis hash the partition key. */
  readonly explicitHashKey: string | undefined;
  readonly data: Uint8Array;
  /** The shard that the map says it will go to; another one in the answer is news of a reshard. */
  readonly shardId: string;
  readonly deliveries: readonly Delivery[];
  readonly userRecords: number;
}

/** What counts against the limits of a record and of a call. */
export const entryBytes = (entry: PutEntry): number => entry.data.length + entry.partitionKey.length;
