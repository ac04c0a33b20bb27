import { MemoryDisk } from "@tonearm/sdk/testing";
import { describe, expect, it } from "vitest";
import type { PutEntry } from "../put/put-entry.ts";
import type { PutAnswer } from "../put/putter.ts";
import { batchOf, linesOf } from "../testing/batches.ts";
import { accepted, unreachable } from "../testing/pipelines.ts";
import { linesIn, spooling } from "../testing/spools.ts";

/** No outage: the circuit stays closed, and records are tried again. */
const throttled = (entries: readonly PutEntry[]): PutAnswer => ({
  kind: "answered",
  results: entries.map(() => ({ ok: false, code: "ProvisionedThroughputExceededException" })),
});

describe("what an earlier process left in the spool", () => {
  it("goes before what its devices send now, although nobody knows yet whose it is", async () => {
    const disk = new MemoryDisk();
    const before = await spooling(disk);
    before.kinesis.answer = unreachable;
    const held = before.pipeline.accept(batchOf("d1", 1, 5));
    await before.clock.advance(5_000);
    await held;

    const { pipeline, kinesis, clock, spool } = await spooling(disk.powerCut(), {}, 2);
    kinesis.answer = throttled;
    expect(spool.holds("d1")).toBe(true);
    const next = pipeline.accept(batchOf("d1", 6, 5));
    await clock.advance(1_000);
    // The circuit is closed, and the batch waits all the same.
    expect([pipeline.breaker.kind, (await next).durable]).toEqual(["closed", "spool"]);
    kinesis.calls.length = 0;
    kinesis.answer = accepted;
    await clock.advance(20_000);
    expect(linesIn(kinesis.calls)).toEqual(linesOf(batchOf("d1", 1, 10)));
    expect(pipeline.book).toMatchObject({ received: 5, delivered: 5, inherited: 5, imbalance: 0 });
    expect(spool.holds("d1")).toBe(false);
  });
});

describe("a spooled batch that has become too large for the stream", () => {
  it.each([2, 20, 21])("arrives in parts, all %i events in order, each once", async (count) => {
    const { pipeline, kinesis, clock, spool } = await spooling(new MemoryDisk());
    const batch = batchOf("d1", 1, count, 1_000);
    kinesis.answer = unreachable;
    const accept = pipeline.accept(batch);
    await clock.advance(5_000);
    expect((await accept).durable).toBe("spool");
    kinesis.shape = { ...kinesis.shape, recordBytesMax: 1_500 };
    pipeline.shardMap.surprise();
    await clock.advance(2_000);
    kinesis.calls.length = 0;
    kinesis.answer = accepted;
    await clock.advance(60_000);
    expect(linesIn(kinesis.calls)).toEqual(linesOf(batch));
    expect(spool.batches).toBe(0);
    expect(pipeline.book).toMatchObject({ spooled: 0, delivered: count, imbalance: 0 });
  });
});
