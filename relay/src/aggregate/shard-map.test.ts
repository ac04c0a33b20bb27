import { ManualClock } from "@tonearm/sdk/testing";
import { describe, expect, it } from "vitest";
import { batchOf } from "../testing/batches.ts";
import { evenShards } from "../testing/pipelines.ts";
import { Aggregator } from "./aggregator.ts";
import { type LoadShape, ShardMap, type StreamShape } from "./shard-map.ts";

const PACE = { refreshIntervalMs: 60_000, refreshPauseMs: 1_000, putTimeoutMs: 8_000, openMsMax: 30_000 };
const SHAPE: StreamShape = {
  shards: evenShards(4).toReversed(),
  aggregationOff: undefined,
  isAuto: false,
  recordBytesMax: 1_048_576,
};

function mapOf(load: LoadShape) {
  const clock = new ManualClock();
  const failures: string[] = [];
  const map = new ShardMap(load, clock, PACE, {
    reached: () => undefined,
    aggregationOff: () => undefined,
    failed: (error) => failures.push((error as Error).message),
  });
  return { map, clock, failures };
}

/** Answers what it is told to, again and again. */
function mutable(shape: StreamShape) {
  const told = { shape, load: async () => told.shape };
  return told;
}

describe("the map of a stream's shards", () => {
  it("sorts them by their keys, whatever order they are told in", async () => {
    const { map } = mapOf(async () => ({ ...SHAPE, shards: [2, 0, 3, 1].map((i) => evenShards(4)[i]!) }));
    await map.start(false);
    expect(map.sorted.map(({ shardId }) => shardId)).toEqual(["shard-0", "shard-1", "shard-2", "shard-3"]);
    for (const { shardId, startingHashKey, endingHashKey } of evenShards(4)) {
      expect([map.shardFor(startingHashKey)?.shardId, map.shardFor(endingHashKey)?.shardId]).toEqual([
        shardId,
        shardId,
      ]);
    }
    await map.stop();
  });

  it("is not waited for longer than a call may take", async () => {
    const { map, clock } = mapOf(() => new Promise(() => undefined));
    const started = map.start(false).catch((error: Error) => error.message);
    await clock.advance(8_000);
    expect(await started).toBe("the stream's shape did not come within 8000 ms");
  });

  it("stays as it was while a stream that is being made anew lists nothing", async () => {
    const told = mutable(SHAPE);
    const { map, clock } = mapOf(told.load);
    await map.start(false);
    told.shape = { ...SHAPE, shards: [], aggregationOff: "AUTO" };
    const looked = map.refreshed();
    await clock.advance(1_000);
    expect((await looked)?.aggregationOff).toBeUndefined();
    expect(map.sorted).toHaveLength(4);
    await map.stop();
  });

  it("says nothing of a look at the stream that the end of the relay comes before", async () => {
    const { map } = mapOf(async () => SHAPE);
    await map.start(false);
    const looked = map.refreshed();
    await map.stop();
    expect(await looked).toBeUndefined();
  });

  it("tells of a look that fails, and serves on", async () => {
    let isAway = false;
    const { map, clock, failures } = mapOf(async () => {
      if (isAway) throw new Error("away");
      return SHAPE;
    });
    await map.start(false);
    isAway = true;
    const looked = map.refreshed();
    await clock.advance(1_000);
    expect(await looked).toBeUndefined();
    expect(failures).toEqual(["away"]);
    expect(map.shardFor(0n)?.shardId).toBe("shard-0");
    await map.stop();
  });

  it("takes no batch before it is there: its sender keeps it", async () => {
    const { map, clock } = mapOf(async () => SHAPE);
    const options = { aggregateBytesMax: 51_100, aggregateCountMax: 10_000, aggregateAgeMs: 200 };
    const aggregator = new Aggregator({ shardMap: map, clock }, options, () => {
      throw new Error("nothing can be put");
    });
    expect(await aggregator.add(batchOf("d1", 1, 3)).outcome).toBe("unavailable");
  });
});
