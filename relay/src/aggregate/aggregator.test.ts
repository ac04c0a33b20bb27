import { ManualClock } from "@tonearm/sdk/testing";
import { describe, expect, it } from "vitest";
import type { PutEntry } from "../put/put-entry.ts";
import type { Refusal } from "../refusal.ts";
import { batchOf } from "../testing/batches.ts";
import { evenShards } from "../testing/pipelines.ts";
import { Aggregator } from "./aggregator.ts";
import { ShardMap, type StreamShape } from "./shard-map.ts";

const OPTIONS = { aggregateBytesMax: 51_100, aggregateCountMax: 10_000, aggregateAgeMs: 200 };

async function aggregatorOn(shape: Partial<StreamShape>) {
  const clock = new ManualClock();
  const load = async () => ({
    shards: evenShards(1),
    aggregationOff: undefined,
    isAuto: false,
    recordBytesMax: 1_048_576,
    ...shape,
  });
  const pace = { refreshIntervalMs: 60_000, refreshPauseMs: 1_000, putTimeoutMs: 8_000, openMsMax: 30_000 };
  const shardMap = new ShardMap(load, clock, pace, {
    reached: () => undefined,
    aggregationOff: () => undefined,
    failed: () => {
      throw new Error("the map cannot fail here");
    },
  });
  await shardMap.start(false);
  const entries: PutEntry[] = [];
  return {
    clock,
    aggregator: new Aggregator({ shardMap, clock }, OPTIONS, (entry) => entries.push(entry)),
    entries,
  };
}

/** What an outcome is by now. */
const now = (outcome: Promise<string>) =>
  Promise.race([outcome, new Promise((resolve) => setImmediate(() => resolve("pending")))]);

const codeOf = (run: () => unknown): string | undefined => {
  try {
    run();
  } catch (error) {
    return (error as Refusal).code;
  }
  return undefined;
};

describe("without aggregation", () => {
  const off = { aggregationOff: "AUTO" };

  it("a batch is delivered when the last of its records is, and not before", async () => {
    const { aggregator, entries } = await aggregatorOn(off);
    const { outcome } = aggregator.add(batchOf("d1", 1, 3));
    expect(entries).toHaveLength(3);
    for (const entry of entries) {
      expect(await now(outcome)).toBe("pending");
      for (const delivery of entry.deliveries) delivery.entryDelivered();
    }
    expect(await now(outcome)).toBe("stream");
  });

  it("a batch is not delivered when one of its records is given up", async () => {
    const { aggregator, entries } = await aggregatorOn(off);
    const { outcome } = aggregator.add(batchOf("d1", 1, 3));
    entries[0]!.deliveries[0]!.entryDelivered();
    entries[1]!.deliveries[0]!.entryFailed();
    entries[2]!.deliveries[0]!.entryDelivered();
    expect(await now(outcome)).toBe("unavailable");
  });

  it("only a single event can be too large", async () => {
    const { aggregator } = await aggregatorOn({ ...off, recordBytesMax: 2_000 });
    expect(codeOf(() => aggregator.add(batchOf("d1", 1, 10, 1_900)))).toBeUndefined();
    expect(codeOf(() => aggregator.add(batchOf("d1", 11, 1, 2_000)))).toBe("batch_too_large");
  });
});

describe("with aggregation", () => {
  it("a batch goes up to the largest record that the stream takes, whatever that is", async () => {
    const large = batchOf("d1", 1, 10, 200_000);
    const standard = await aggregatorOn({});
    expect(codeOf(() => standard.aggregator.add(large))).toBe("batch_too_large");
    const wide = await aggregatorOn({ recordBytesMax: 10_485_760 });
    wide.aggregator.add(large);
    expect(wide.entries).toHaveLength(1);
    const narrow = await aggregatorOn({ recordBytesMax: 10_000 });
    expect(codeOf(() => narrow.aggregator.add(batchOf("d1", 1, 10, 1_000)))).toBe("batch_too_large");
    expect(narrow.entries).toHaveLength(0);
  });
});

it("closes an aggregate when it is as old as it may get, and none that is younger", async () => {
  const { aggregator, entries, clock } = await aggregatorOn({ shards: evenShards(64) });
  aggregator.add(batchOf("d1", 1, 1));
  await clock.advance(120);
  aggregator.add(batchOf("d2", 1, 1));
  await clock.advance(100);
  expect(entries).toHaveLength(1);
  await clock.advance(120);
  expect(entries).toHaveLength(2);
});
