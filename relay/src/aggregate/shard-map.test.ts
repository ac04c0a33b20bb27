import { ManualClock } from "@tonearm/sdk/testing";
import { describe, expect, it } from "vitest";
import { batchOf } from "../testing/batches.ts";
import { evenShards } from "../testing/pipelines.ts";
import { Aggregator } from "./aggregator.ts";
import { LastingFailure, type LoadShape, ShardMap, type StreamShape } from "./shard-map.ts";

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
  const told: string[] = [];
  /** When the stream was looked at. */
  const looksMs: number[] = [];
  const look: LoadShape = () => {
    looksMs.push(clock.now);
    return load();
  };
  const map = new ShardMap(look, clock, PACE, {
    reached: () => told.push("reached"),
    aggregationOff: (reason) => told.push(reason),
    failed: (error) => failures.push((error as Error).message),
  });
  return { map, clock, failures, told, looksMs };
}

/** How long lay between each and the next. */
const pauses = (instantsMs: readonly number[]) => instantsMs.slice(1).map((ms, i) => ms - instantsMs[i]!);

const away = async (): Promise<never> => {
  throw new Error("away");
};

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
    expect(aggregator.shardKeyFor("d1")).toBe("");
  });
});

describe("a stream that cannot be reached", () => {
  it("ends a start that may not wait for it", async () => {
    const { map, failures } = mapOf(away);
    await expect(map.start(false)).rejects.toThrow("away");
    expect(failures).toEqual([]);
  });

  it("ends one that may wait, too, when waiting will not help", async () => {
    const cause = Object.assign(new Error("no such stream"), { name: "ResourceNotFoundException" });
    const { map, failures } = mapOf(() => Promise.reject(new LastingFailure(cause)));
    const error = await map.start(true).catch((failure: unknown) => failure);
    expect(error).toMatchObject({ name: "ResourceNotFoundException", message: "no such stream", cause });
    expect(failures).toEqual([]);
  });

  it("is asked for less and less often, not all relays at once, and found when it is there", async () => {
    let load: LoadShape = away;
    const { map, clock, failures, told, looksMs } = mapOf(() => load());
    await map.start(true);
    expect([map.shape, map.sorted, map.shardFor(0n)]).toEqual([undefined, [], undefined]);
    await clock.advance(300_000);
    expect(failures).toEqual(looksMs.map(() => "away"));
    const waits = pauses(looksMs);
    for (const [i, waitMs] of waits.entries()) {
      const mostMs = Math.min(1_000 * 2 ** i, 30_000);
      expect([waitMs >= mostMs / 2, waitMs <= mostMs]).toEqual([true, true]);
    }
    expect(new Set(waits.slice(6)).size).toBeGreaterThan(1);
    load = async () => SHAPE;
    await clock.advance(30_000);
    expect([map.sorted.length, told]).toEqual([4, ["reached"]]);
    await map.stop();
  });
});

describe("the map is looked at again", () => {
  it("as often as it was asked for, and never once the relay has ended", async () => {
    const { map, clock, told, looksMs } = mapOf(async () => SHAPE);
    await map.start(false);
    await clock.advance(180_000);
    expect(looksMs).toEqual([0, 60_000, 120_000, 180_000]);
    expect(told).toEqual(["reached"]);
    await clock.advance(500);
    await map.stop();
    await clock.advance(180_000);
    expect(looksMs).toHaveLength(4);
  });

  it("all the same after a look that failed", async () => {
    let load: LoadShape = async () => SHAPE;
    const { map, clock, failures, looksMs } = mapOf(() => load());
    await map.start(false);
    load = away;
    await clock.advance(120_000);
    expect([looksMs, failures]).toEqual([
      [0, 60_000, 120_000],
      ["away", "away"],
    ]);
    await map.stop();
  });

  it("at once on a surprise, less and less often when surprises bring no news, and soon again after other shards", async () => {
    const told = mutable(SHAPE);
    const { map, clock, looksMs } = mapOf(told.load);
    await map.start(false);
    const surprised = async (ms: number) => {
      for (let i = 0; i < ms; i += 500) {
        map.surprise();
        await clock.advance(500);
      }
    };
    await clock.advance(2_000);
    await surprised(63_000);
    expect(pauses(looksMs)).toEqual([2_000, 2_000, 4_000, 8_000, 16_000, 32_000]);
    // As many shards as before, but one of them is another.
    const [, ...others] = evenShards(4);
    told.shape = { ...SHAPE, shards: [{ ...evenShards(4)[0]!, shardId: "shard-new" }, ...others] };
    await surprised(70_000);
    expect(pauses(looksMs).slice(6)).toEqual([60_000, 1_000, 2_000, 4_000]);
    await map.stop();
  });
});

it("that aggregates may not go any more is told once, when it becomes so", async () => {
  const state = mutable(SHAPE);
  const { map, clock, told } = mapOf(state.load);
  await map.start(false);
  await clock.advance(60_000);
  expect(told).toEqual(["reached"]);
  state.shape = { ...SHAPE, aggregationOff: "AUTO" };
  await clock.advance(120_000);
  expect(told).toEqual(["reached", "AUTO"]);
  state.shape = SHAPE;
  await clock.advance(60_000);
  expect(told).toEqual(["reached", "AUTO"]);
  await map.stop();
});
