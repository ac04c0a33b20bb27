import { describe, expect, it } from "vitest";
import { shardKeyOf } from "./put/put-entry.ts";
import { deaggregate } from "./read/deaggregate.ts";
import type { Refusal } from "./refusal.ts";
import { batchOf } from "./testing/batches.ts";
import { accepted, put, scriptedPipeline, unreachable } from "./testing/pipelines.ts";

/** Settles a promise that may be refused, so that a test can look at either. */
const outcome = (promise: Promise<unknown>) =>
  promise.then(
    (value) => value as object,
    (error: Refusal) => ({ code: error.code, retryAfterMs: error.retryAfterMs }),
  );

describe("acknowledging", () => {
  it("waits until Kinesis has accepted every record of the batch", async () => {
    const { pipeline, kinesis, clock } = await scriptedPipeline();
    let answered = false;
    let release: (() => void) | undefined;
    kinesis.answer = (entries) =>
      new Promise((resolve) => {
        release = () => resolve(accepted(entries));
      });
    const accept = pipeline.accept(batchOf("d1", 1, 5)).then((body) => {
      answered = true;
      return body;
    });
    await clock.advance(5_000);
    expect([answered, kinesis.calls.length]).toEqual([false, 1]);
    release!();
    expect(await accept).toMatchObject({ acked_through: 5, durable: "stream" });
    expect(pipeline.book).toMatchObject({ received: 5, delivered: 5, inFlight: 0, imbalance: 0 });
  });

  it("sends only the records that failed again, and acknowledges when they have arrived", async () => {
    const { pipeline, kinesis, clock } = await scriptedPipeline();
    let failures = 3;
    kinesis.answer = (entries) => ({
      kind: "answered",
      results: entries.map((entry) =>
        entry.shardId === "shard-1" && failures-- > 0
          ? { ok: false, code: "ProvisionedThroughputExceededException" }
          : put(entry),
      ),
    });
    const bodies = Promise.all(
      ["a", "b", "c", "d", "e", "f"].map((device) => pipeline.accept(batchOf(device, 1, 3))),
    );
    await clock.advance(10_000);
    expect((await bodies).every(({ durable }) => durable === "stream")).toBe(true);
    const shards = kinesis.calls.map((entries) => entries.map(shardKeyOf).toSorted());
    expect(shards).toEqual([["shard-0", "shard-1"], ["shard-1"], ["shard-1"], ["shard-1"]]);
    expect(pipeline.meter).toMatchObject({ retries: 3, failedCalls: 0 });
    expect(pipeline.breaker.kind).toBe("closed");
  });

  it("recognises a batch that comes again: acknowledged, counted, not written", async () => {
    const { pipeline, kinesis, clock } = await scriptedPipeline();
    const first = pipeline.accept(batchOf("d1", 1, 5));
    await clock.advance(1_000);
    await first;
    expect(await pipeline.accept(batchOf("d1", 1, 5))).toMatchObject({ acked_through: 5 });
    const longer = pipeline.accept(batchOf("d1", 3, 6));
    await clock.advance(1_000);
    expect(await longer).toMatchObject({ acked_through: 8 });
    expect(kinesis.calls.flat().reduce((sum, { userRecords }) => sum + userRecords, 0)).toBe(8);
    expect(pipeline.book).toMatchObject({ received: 16, delivered: 8, duplicates: 8, imbalance: 0 });
  });

  it("lets a batch that comes again while its first copy is under way wait for it", async () => {
    const { pipeline, kinesis, clock } = await scriptedPipeline();
    const both = Promise.all([pipeline.accept(batchOf("d1", 1, 5)), pipeline.accept(batchOf("d1", 1, 5))]);
    await clock.advance(1_000);
    await both;
    expect(kinesis.calls.flat().reduce((sum, { userRecords }) => sum + userRecords, 0)).toBe(5);
    expect(pipeline.book).toMatchObject({ received: 10, delivered: 5, duplicates: 5 });
  });

  it("never takes an earlier stretch for known that it has not seen itself", async () => {
    const { pipeline, kinesis, clock } = await scriptedPipeline();
    const later = pipeline.accept(batchOf("d1", 100, 5));
    await clock.advance(1_000);
    await later;
    const earlier = pipeline.accept(batchOf("d1", 1, 5));
    await clock.advance(1_000);
    await earlier;
    expect(kinesis.calls.flat()).toHaveLength(2);
    expect(pipeline.book.duplicates).toBe(0);
  });
});

describe("packing", () => {
  it("closes an aggregate by size and never splits a batch over two records", async () => {
    const { pipeline, kinesis, clock } = await scriptedPipeline({ aggregateBytesMax: 5_000 });
    const sizes = [10, 20, 60, 5, 5, 30];
    const all = Promise.all(sizes.map((count, i) => pipeline.accept(batchOf(`d${i}`, 1, count))));
    await clock.advance(1_000);
    await all;
    const records = kinesis.calls
      .flat()
      .map(({ partitionKey, data }) => deaggregate({ partitionKey, data }).userRecords);
    for (const [i, count] of sizes.entries()) {
      const holders = records.filter((users) => users.some(({ partitionKey }) => partitionKey === `d${i}`));
      expect(holders).toHaveLength(1);
      expect(holders[0]!.filter(({ partitionKey }) => partitionKey === `d${i}`)).toHaveLength(count);
    }
    // The batch of 60 is larger than an aggregate should be: it goes alone.
    expect(records.find((users) => users.length === 60)).toBeDefined();
    expect(kinesis.calls.flat().filter(({ data }) => data.length > 5_000)).toHaveLength(1);
  });

  it("closes an aggregate by age", async () => {
    const { pipeline, kinesis, clock } = await scriptedPipeline({ aggregateAgeMs: 200, collectMs: 0 });
    const accept = pipeline.accept(batchOf("d1", 1, 2));
    await clock.advance(190);
    expect(kinesis.calls).toHaveLength(0);
    await clock.advance(20);
    expect(kinesis.calls).toHaveLength(1);
    await accept;
  });

  it("closes an aggregate by count", async () => {
    const { pipeline, kinesis, clock } = await scriptedPipeline({
      aggregateCountMax: 10,
      aggregateAgeMs: 60_000,
    });
    const accept = pipeline.accept(batchOf("d1", 1, 10));
    await clock.advance(50);
    expect(kinesis.calls.flat()).toHaveLength(1);
    await accept;
  });

  it("refuses a batch that no record of the stream can hold", async () => {
    const { pipeline } = await scriptedPipeline();
    expect(await outcome(pipeline.accept(batchOf("d1", 1, 20, 60_000)))).toMatchObject({
      code: "batch_too_large",
    });
    expect(pipeline.book).toMatchObject({
      received: 20,
      rejected: { batch_too_large: 20 },
      inFlight: 0,
      imbalance: 0,
    });
  });

  it("does not aggregate where Kinesis distributes records by itself", async () => {
    const { pipeline, kinesis, clock } = await scriptedPipeline();
    kinesis.shape = { ...kinesis.shape, aggregationOff: "AUTO" };
    pipeline.shardMap.surprise();
    await clock.advance(2_000);
    const accept = pipeline.accept(batchOf("d1", 1, 7));
    await clock.advance(1_000);
    expect(await accept).toMatchObject({ acked_through: 7 });
    const entries = kinesis.calls.flat();
    expect(entries).toHaveLength(7);
    expect(
      entries.every(
        ({ partitionKey, explicitHashKey }) => partitionKey === "d1" && explicitHashKey === undefined,
      ),
    ).toBe(true);
    expect(entries.every(({ partitionKey, data }) => !deaggregate({ partitionKey, data }).aggregated)).toBe(
      true,
    );
  });
});

describe("the shard map", () => {
  it("is refreshed when a record goes where it was not expected, and serves meanwhile", async () => {
    const { pipeline, kinesis, clock } = await scriptedPipeline();
    kinesis.answer = (entries) => ({
      kind: "answered",
      results: entries.map(() => ({ ok: true, shardId: "shard-9" })),
    });
    await clock.advance(5_000);
    expect(kinesis.shapeLoads).toBe(1);
    for (let i = 0; i < 20; i++) {
      const accept = pipeline.accept(batchOf("d1", 1 + i, 1));
      await clock.advance(300);
      await accept;
    }
    // Six seconds of surprises without news: a refresh after one second, after two more, after four.
    expect(kinesis.shapeLoads).toBeGreaterThanOrEqual(3);
    expect(kinesis.shapeLoads).toBeLessThanOrEqual(4);
  });

  it("is refreshed on a timer", async () => {
    const { kinesis, clock } = await scriptedPipeline({ refreshIntervalMs: 10_000 });
    await clock.advance(35_000);
    expect(kinesis.shapeLoads).toBe(4);
  });
});

describe("when Kinesis is away", () => {
  it("opens the circuit after a few failed calls, and refuses with a wait instead of holding on", async () => {
    const { pipeline, kinesis, clock } = await scriptedPipeline({ openMs: 10_000, openMsMax: 10_000 });
    kinesis.answer = unreachable;
    const first = outcome(pipeline.accept(batchOf("d1", 1, 5)));
    await clock.advance(3_000);
    expect(await first).toMatchObject({ code: "stream_unavailable" });
    expect(pipeline.breaker.kind).toBe("open");
    const { length } = kinesis.calls;
    const second = (await outcome(pipeline.accept(batchOf("d2", 1, 5)))) as {
      code: string;
      retryAfterMs: number;
    };
    expect(second.code).toBe("stream_unavailable");
    expect(second.retryAfterMs).toBeGreaterThan(1_000);
    expect(kinesis.calls).toHaveLength(length);
    expect(pipeline.book).toMatchObject({
      received: 10,
      rejected: { stream_unavailable: 10 },
      inFlight: 0,
      imbalance: 0,
    });
  });

  it("probes with one record at a time, and closes when the probe gets through", async () => {
    const { pipeline, kinesis, clock } = await scriptedPipeline({ openMs: 1_000 });
    kinesis.answer = unreachable;
    void outcome(pipeline.accept(batchOf("d1", 1, 5)));
    await clock.advance(2_500);
    expect(pipeline.breaker.kind).toBe("half-open");
    kinesis.calls.length = 0;
    kinesis.answer = accepted;
    const all = Promise.all(Array.from({ length: 30 }, (_, i) => pipeline.accept(batchOf(`d${i}`, 1, 5))));
    await clock.advance(1_000);
    expect((await all).every(({ durable }) => durable === "stream")).toBe(true);
    expect(kinesis.calls[0]).toHaveLength(1);
    expect(pipeline.breaker.kind).toBe("closed");
  });

  it("does not take one throttled shard for an outage", async () => {
    const { pipeline, kinesis, clock } = await scriptedPipeline();
    kinesis.answer = (entries) => ({
      kind: "answered",
      results: entries.map(() => ({ ok: false, code: "ProvisionedThroughputExceededException" })),
    });
    const refused = outcome(pipeline.accept(batchOf("d1", 1, 5)));
    await clock.advance(30_000);
    expect(await refused).toMatchObject({ code: "stream_unavailable" });
    expect(pipeline.breaker.kind).toBe("closed");
    expect(kinesis.calls.length).toBeGreaterThan(5);
    expect(kinesis.calls.length).toBeLessThan(60);
  });
});

describe("bounds", () => {
  it("refuses with 503 when it holds as many bytes as it may, and takes more when they have left", async () => {
    const { pipeline, clock } = await scriptedPipeline({ bytesInFlightMax: 1_048_576 });
    const held = pipeline.accept(batchOf("d1", 1, 10, 100_000));
    expect(await outcome(pipeline.accept(batchOf("d2", 1, 10, 100_000)))).toMatchObject({
      code: "overloaded",
    });
    await clock.advance(1_000);
    await held;
    const next = pipeline.accept(batchOf("d2", 1, 10, 100_000));
    await clock.advance(1_000);
    expect(await next).toMatchObject({ acked_through: 10 });
  });

  it("refuses with 429 when one epoch has too many requests under way", async () => {
    const { pipeline, clock } = await scriptedPipeline({ requestsPerEpochMax: 2 });
    const held = [1, 6].map((firstSeq) => pipeline.accept(batchOf("d1", firstSeq, 5)));
    expect(await outcome(pipeline.accept(batchOf("d1", 11, 5)))).toMatchObject({ code: "too_many_requests" });
    await clock.advance(1_000);
    await Promise.all(held);
  });
});

describe("stopping", () => {
  it("accepts nothing more and lets what is under way arrive", async () => {
    const { pipeline, clock } = await scriptedPipeline({ aggregateAgeMs: 60_000 });
    const held = pipeline.accept(batchOf("d1", 1, 5));
    const stopped = pipeline.stop(10_000);
    expect(await outcome(pipeline.accept(batchOf("d2", 1, 5)))).toMatchObject({ code: "shutting_down" });
    await clock.advance(2_000);
    expect(await held).toMatchObject({ durable: "stream" });
    expect(await stopped).toBe(0);
  });

  it("ends at its deadline and says how many events did not arrive", async () => {
    const { pipeline, kinesis, clock } = await scriptedPipeline();
    kinesis.answer = () => new Promise(() => undefined);
    void outcome(pipeline.accept(batchOf("d1", 1, 5)));
    const stopped = pipeline.stop(3_000);
    await clock.advance(4_000);
    expect(await stopped).toBe(5);
  });
});
