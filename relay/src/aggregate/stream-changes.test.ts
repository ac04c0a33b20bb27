import { MemoryDisk } from "@tonearm/sdk/testing";
import { describe, expect, it } from "vitest";
import type { PutEntry } from "../put/put-entry.ts";
import type { PutAnswer } from "../put/putter.ts";
import { batchOf, linesOf } from "../testing/batches.ts";
import { accepted, evenShards, scriptedPipeline } from "../testing/pipelines.ts";
import { linesIn, spooling } from "../testing/spools.ts";

/** Wherever a record should go, Kinesis says it went to some other shard. */
const elsewhere = (entries: readonly PutEntry[]): PutAnswer => ({
  kind: "answered",
  results: entries.map((_, i) => ({ ok: true, shardId: `other-${i}` })),
});

const aggregates = (entries: readonly PutEntry[]) => entries.filter((entry) => entry.explicitHashKey);

describe("a stream that begins to distribute records by itself", () => {
  it("gets nothing aggregated from the refresh on, not even what was an aggregate already", async () => {
    const { pipeline, kinesis, clock, spool } = await spooling(new MemoryDisk());
    const throttling = (entries: readonly PutEntry[]): PutAnswer => ({
      kind: "answered",
      results: entries.map(() => ({ ok: false, code: "ProvisionedThroughputExceededException" })),
    });
    kinesis.answer = throttling;
    const accepts = [pipeline.accept(batchOf("d1", 1, 5)), pipeline.accept(batchOf("d2", 1, 5))];
    await clock.advance(1_000);
    kinesis.shape = { ...kinesis.shape, isAuto: true, aggregationOff: "AUTO" };
    pipeline.shardMap.surprise();
    await clock.advance(1_000);
    kinesis.calls.length = 0;
    kinesis.answer = elsewhere;
    await clock.advance(10_000);
    expect((await Promise.all(accepts)).map(({ durable }) => durable)).toEqual(["spool", "spool"]);
    expect(aggregates(kinesis.calls.flat())).toEqual([]);
    expect(linesIn(kinesis.calls).toSorted()).toEqual(
      ["d1", "d2"].flatMap((device) => linesOf(batchOf(device, 1, 5))),
    );
    expect([spool.batches, pipeline.book.imbalance]).toEqual([0, 0]);
  });

  it("surprises nobody by where its records go", async () => {
    const { pipeline, kinesis, clock } = await scriptedPipeline({ refreshIntervalMs: 60_000 });
    kinesis.shape = { ...kinesis.shape, isAuto: true, aggregationOff: "AUTO" };
    pipeline.shardMap.surprise();
    await clock.advance(2_000);
    kinesis.answer = elsewhere;
    const { shapeLoads } = kinesis;
    for (let i = 0; i < 100; i++) {
      const accept = pipeline.accept(batchOf("d1", 1 + i * 5, 5));
      await clock.advance(200);
      expect(await accept).toMatchObject({ durable: "stream" });
    }
    expect(kinesis.shapeLoads).toBe(shapeLoads);
  });
});

describe("a server that says of every record that it went elsewhere", () => {
  it("has the map loaded less and less often, and soon again once there is news", async () => {
    const { pipeline, kinesis, clock } = await scriptedPipeline({ refreshIntervalMs: 60_000 });
    kinesis.answer = elsewhere;
    const flow = async (ms: number) => {
      const before = kinesis.shapeLoads;
      for (const end = clock.now + ms; clock.now < end; ) {
        // Aggregates would be looked after one by one: see pipeline-astray.test.ts.
        const accept = pipeline.accept(batchOf("d1", 1 + clock.now * 5, 1));
        await clock.advance(250);
        expect(await accept).toMatchObject({ durable: "stream" });
      }
      return kinesis.shapeLoads - before;
    };
    expect(await flow(60_000)).toBeLessThanOrEqual(7);
    expect(await flow(120_000)).toBeLessThanOrEqual(3);
    kinesis.shape = { ...kinesis.shape, shards: evenShards(4) };
    let waitedMs = 0;
    for (; pipeline.shardMap.shape?.shards.length !== 4; waitedMs += 1_000) await flow(1_000);
    expect(waitedMs).toBeLessThanOrEqual(60_000);
    expect(await flow(4_000)).toBeGreaterThanOrEqual(2);
  });
});

describe("a stream whose largest record changes", () => {
  it("takes what it takes from the next refresh on, more or less", async () => {
    const { pipeline, kinesis, clock } = await scriptedPipeline({ bytesInFlightMax: 2 ** 26 });
    const large = batchOf("d1", 1, 20, 100_000);
    await expect(pipeline.accept(large)).rejects.toMatchObject({ code: "batch_too_large" });
    kinesis.shape = { ...kinesis.shape, recordBytesMax: 10 * 1_048_576 };
    pipeline.shardMap.surprise();
    await clock.advance(2_000);
    const accept = pipeline.accept(large);
    await clock.advance(10_000);
    expect(await accept).toMatchObject({ durable: "stream" });
    kinesis.shape = { ...kinesis.shape, recordBytesMax: 1_048_576 };
    pipeline.shardMap.surprise();
    await clock.advance(4_000);
    await expect(pipeline.accept(batchOf("d1", 21, 20, 100_000))).rejects.toMatchObject({
      code: "batch_too_large",
    });
    kinesis.answer = accepted;
  });
});
