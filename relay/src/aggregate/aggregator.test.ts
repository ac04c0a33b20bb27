import { ManualClock } from "@tonearm/sdk/testing";
import { describe, expect, it, vi } from "vitest";
import type { Batch } from "../batch.ts";
import { Delivery } from "../put/delivery.ts";
import type { PutEntry } from "../put/put-entry.ts";
import type { Refusal } from "../refusal.ts";
import { batchOf } from "../testing/batches.ts";
import { evenShards } from "../testing/pipelines.ts";
import { Aggregator, type AggregatorOptions } from "./aggregator.ts";
import { Container } from "./container.ts";
import { ShardMap, type StreamShape } from "./shard-map.ts";

const OPTIONS = { aggregateBytesMax: 51_100, aggregateCountMax: 10_000, aggregateAgeMs: 200 };

async function aggregatorOn(
  shape: Partial<StreamShape>,
  options: Partial<AggregatorOptions> = {},
  clock = new ManualClock(),
) {
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
    aggregator: new Aggregator({ shardMap, clock }, { ...OPTIONS, ...options }, (entry) =>
      entries.push(entry),
    ),
    entries,
  };
}

/** How large the record of these batches is. */
function sizeOf(...batches: readonly Batch[]): number {
  const container = new Container("shard-0", "live", 0, 1_000);
  let size = 0;
  for (const batch of batches) {
    size = container.sizeWith(batch);
    container.add(new Delivery(batch));
  }
  return size;
}

/** The batch with so many numbers behind it that were given up. */
function withGivenUp(batch: Batch, count: number): Batch {
  const { bytes, ends } = batch.records;
  return { ...batch, records: { bytes, ends: [...ends, ...Array<number>(count).fill(ends.at(-1)!)] } };
}

/** From which batches each record is. */
const firstSeqsOf = (entries: readonly PutEntry[]) =>
  entries.map(({ deliveries }) => deliveries.map(({ batch }) => batch.firstSeq));

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

  it("an event may be as large as the stream takes with its key, among smaller ones and not a byte more", async () => {
    const mixed = (bytes: number): Batch => {
      const [small, large] = [batchOf("d1", 1, 1, 100), batchOf("d1", 2, 1, bytes)].map((one) => one.records);
      const ends = [small!.bytes.length, small!.bytes.length + large!.bytes.length];
      return {
        ...batchOf("d1", 1, 2),
        records: { bytes: Buffer.concat([small!.bytes, large!.bytes]), ends },
      };
    };
    const { aggregator, entries } = await aggregatorOn({ ...off, recordBytesMax: 2_002 });
    aggregator.add(mixed(2_000));
    expect(entries.map(({ data }) => data.length)).toEqual([100, 2_000]);
    expect(codeOf(() => aggregator.add(mixed(2_001)))).toBe("batch_too_large");
    expect(entries).toHaveLength(2);
  });

  it("a number that was given up is no record", async () => {
    const { aggregator, entries } = await aggregatorOn(off);
    const { outcome } = aggregator.add(withGivenUp(batchOf("d1", 1, 2), 3));
    expect(entries).toHaveLength(2);
    for (const { deliveries } of entries) deliveries[0]!.entryDelivered();
    expect(await now(outcome)).toBe("stream");
  });

  it("a record is said to go to its device's shard, but to none where Kinesis distributes", async () => {
    const shards = evenShards(2);
    for (const [isAuto, shardId] of [
      [false, "shard-1"],
      [true, undefined],
    ] as const) {
      const { aggregator, entries } = await aggregatorOn({ ...off, isAuto, shards });
      aggregator.add(batchOf("d1", 1, 1));
      expect(entries[0]!.shardId).toBe(shardId);
      expect(aggregator.shardKeyFor("d1")).toBe(shardId ?? "");
    }
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

  it("a batch may be exactly as large as the stream's largest record, and not a byte more", async () => {
    const batch = batchOf("d1", 1, 10, 6_000);
    const size = sizeOf(batch);
    const { aggregator, entries } = await aggregatorOn({ recordBytesMax: size });
    aggregator.add(batch);
    expect(firstSeqsOf(entries)).toEqual([[1]]);
    const narrow = await aggregatorOn({ recordBytesMax: size - 1 });
    expect(codeOf(() => narrow.aggregator.add(batch))).toBe("batch_too_large");
  });

  it("batches stand in one record until it has its size, and in the next when it would be larger", async () => {
    const [first, second] = [batchOf("d1", 1, 5), batchOf("d2", 11, 5)];
    const size = sizeOf(first, second);
    const exact = await aggregatorOn({}, { aggregateBytesMax: size });
    exact.aggregator.add(first);
    expect(exact.entries).toHaveLength(0);
    exact.aggregator.add(second);
    expect(firstSeqsOf(exact.entries)).toEqual([[1, 11]]);
    const smaller = await aggregatorOn({}, { aggregateBytesMax: size - 1 });
    smaller.aggregator.add(first);
    smaller.aggregator.add(second);
    expect(firstSeqsOf(smaller.entries)).toEqual([[1]]);
    smaller.aggregator.flush("live");
    expect(firstSeqsOf(smaller.entries)).toEqual([[1], [11]]);
  });

  it("a record goes when it holds as many events as it may, those that were given up not counted", async () => {
    const { aggregator, entries } = await aggregatorOn({}, { aggregateCountMax: 6 });
    aggregator.add(withGivenUp(batchOf("d1", 1, 3), 5));
    aggregator.add(batchOf("d2", 11, 2));
    expect(entries).toHaveLength(0);
    aggregator.add(batchOf("d3", 21, 1));
    expect(entries.map(({ userRecords }) => userRecords)).toEqual([6]);
  });

  it("a batch that is to go alone shares no record, and what was open goes before it", async () => {
    const { aggregator, entries } = await aggregatorOn({});
    aggregator.add(batchOf("d1", 1, 3));
    aggregator.add(batchOf("d1", 11, 3), { alone: true });
    aggregator.add(batchOf("d1", 21, 3));
    aggregator.flush("live");
    expect(firstSeqsOf(entries)).toEqual([[1], [11], [21]]);
  });

  it("batches of different shards, and those that come from the spool, share no record", async () => {
    const { aggregator, entries } = await aggregatorOn({ shards: evenShards(2) });
    expect([aggregator.shardKeyFor("d1"), aggregator.shardKeyFor("d6")]).toEqual(["shard-1", "shard-0"]);
    aggregator.add(batchOf("d1", 1, 3));
    aggregator.add(batchOf("d6", 11, 3));
    aggregator.add(batchOf("d1", 21, 3), { lane: "spooled" });
    aggregator.add(batchOf("d1", 31, 3));
    aggregator.flush("spooled");
    expect(firstSeqsOf(entries)).toEqual([[21]]);
    aggregator.flush("live");
    expect(entries.slice(1).map(({ shardId }) => shardId)).toEqual(["shard-1", "shard-0"]);
    expect(firstSeqsOf(entries)).toEqual([[21], [1, 31], [11]]);
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

it("has one timer for all that is open, which keeps the process alive, and none when nothing is", async () => {
  const { aggregator, entries, clock } = await aggregatorOn({ shards: evenShards(64) });
  const { timers } = clock;
  const after = vi.spyOn(clock, "after");
  for (let i = 0; i < 20; i++) aggregator.add(batchOf(`d${i}`, 1, 2));
  expect(clock.timers).toBe(timers + 1);
  expect(after.mock.calls).toEqual([[200, expect.any(Function), true]]);
  await clock.advance(200);
  expect(entries.flatMap(({ deliveries }) => deliveries)).toHaveLength(20);
  expect(clock.timers).toBe(timers);
});

it("closes an aggregate although its timer fires a millisecond early", async () => {
  class EarlyClock extends ManualClock {
    override after(delayMs: number, callback: () => void) {
      return super.after(delayMs - 1, callback);
    }
  }
  const { aggregator, entries, clock } = await aggregatorOn({}, {}, new EarlyClock());
  aggregator.add(batchOf("d1", 1, 2));
  await clock.advance(199);
  expect(entries).toHaveLength(1);
});
