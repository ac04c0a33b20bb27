import type { ShardMap } from "../aggregate/shard-map.ts";
import type { Waiting } from "./line.ts";

/**
 * Settles aggregates that Kinesis put into another shard than was expected. After a reshard they are where their key belongs.
 * When Kinesis has begun to distribute records by itself (AUTO), consumers drop them without a word: then they go once
 * more, in single records. So the stream is looked at first; as long as nobody knows, they do not count.
 */
export async function settleStrays(
  strays: readonly Waiting[],
  shardMap: Pick<ShardMap, "surprise" | "refreshed">,
): Promise<void> {
  shardMap.surprise();
  if (strays.length === 0) return;
  const shape = await shardMap.refreshed();
  const isThere = shape !== undefined && shape.aggregationOff === undefined;
  for (const { entry } of strays) {
    for (const delivery of entry.deliveries) {
      if (isThere) delivery.entryDelivered();
      else delivery.entryFailed();
    }
  }
}
