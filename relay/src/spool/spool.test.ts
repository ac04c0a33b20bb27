import { MemoryDisk } from "@tonearm/sdk/testing";
import { describe, expect, it } from "vitest";
import type { Refusal } from "../refusal.ts";
import { batchOf, linesOf } from "../testing/batches.ts";
import { accepted, unreachable } from "../testing/pipelines.ts";
import { linesIn, spooling } from "../testing/spools.ts";
import { decodeSpooledBatch, encodeSpooledBatch } from "./spooled-batch.ts";

const refusal = (promise: Promise<unknown>) => promise.catch((error: Refusal) => error.code);

describe("a spooled batch", () => {
  it("comes back as it went in", () => {
    const batch = batchOf("d1", 7, 3);
    const back = decodeSpooledBatch(encodeSpooledBatch(batch));
    expect({ ...back, records: linesOf(back!) }).toEqual({ ...batch, records: linesOf(batch) });
  });
});

describe("a relay with a spool", () => {
  it("accepts while Kinesis is away, durably, and delivers all of it in order afterwards", async () => {
    const disk = new MemoryDisk();
    const { pipeline, kinesis, clock } = await spooling(disk);
    kinesis.answer = unreachable;
    const first = pipeline.accept(batchOf("d1", 1, 5));
    await clock.advance(5_000);
    expect(await first).toMatchObject({ acked_through: 5, durable: "spool" });
    for (let i = 1; i < 20; i++) {
      const accept = pipeline.accept(batchOf("d1", 1 + i * 5, 5));
      await clock.advance(20);
      expect(await accept).toMatchObject({ durable: "spool" });
    }
    expect(pipeline.book).toMatchObject({ received: 100, spooled: 100, delivered: 0, imbalance: 0 });
    kinesis.calls.length = 0;
    kinesis.answer = accepted;
    await clock.advance(20_000);
    expect(linesIn(kinesis.calls)).toEqual(linesOf(batchOf("d1", 1, 100)));
    expect(pipeline.book).toMatchObject({ spooled: 0, delivered: 100, imbalance: 0 });
    expect(pipeline.spooled.batches).toBe(0);
  });

  it("lets a device with spooled batches queue behind them, and nobody else", async () => {
    const { pipeline, kinesis, clock, spool } = await spooling(new MemoryDisk());
    kinesis.answer = unreachable;
    const first = pipeline.accept(batchOf("d1", 1, 5));
    await clock.advance(5_000);
    await first;
    expect([spool.holds("d1"), spool.holds("d2")]).toEqual([true, false]);
  });

  it("delivers after a restart what the process before it had accepted", async () => {
    const disk = new MemoryDisk();
    const before = await spooling(disk);
    before.kinesis.answer = unreachable;
    const accepts = [0, 1, 2].map((i) => before.pipeline.accept(batchOf(`d${i}`, 1, 5)));
    await before.clock.advance(5_000);
    await Promise.all(accepts);
    const after = await spooling(disk.powerCut(), {}, 2);
    await after.clock.advance(20_000);
    expect(linesIn(after.kinesis.calls).toSorted()).toEqual(
      [0, 1, 2].flatMap((i) => linesOf(batchOf(`d${i}`, 1, 5))),
    );
    expect(after.pipeline.book).toMatchObject({ received: 0, delivered: 0, inherited: 15, imbalance: 0 });
    expect(after.spool.holds("d1")).toBe(false);
  });

  it("refuses when it is full: what was accepted stays, what comes is kept by its sender", async () => {
    const { pipeline, kinesis, clock } = await spooling(new MemoryDisk(), {}, 1, 200_000);
    kinesis.answer = unreachable;
    let refused = 0;
    for (let i = 0; i < 40; i++) {
      const accept = refusal(pipeline.accept(batchOf(`d${i}`, 1, 100)));
      await clock.advance(3_000);
      if ((await accept) === "stream_unavailable") refused++;
    }
    expect(refused).toBeGreaterThan(10);
    kinesis.calls.length = 0;
    kinesis.answer = accepted;
    await clock.advance(60_000);
    expect(linesIn(kinesis.calls)).toHaveLength((40 - refused) * 100);
    expect(pipeline.book).toMatchObject({ delivered: (40 - refused) * 100, imbalance: 0 });
  });

  it("refuses when its disk fails, and accepts again when the disk is back", async () => {
    const disk = new MemoryDisk();
    const { pipeline, kinesis, clock } = await spooling(disk);
    kinesis.answer = unreachable;
    disk.fail({ operation: "write", code: "EIO", times: 1_000 });
    const first = refusal(pipeline.accept(batchOf("d1", 1, 5)));
    await clock.advance(5_000);
    expect(await first).toBe("stream_unavailable");
    disk.clearFaults();
    const second = pipeline.accept(batchOf("d1", 1, 5));
    await clock.advance(5_000);
    expect(await second).toMatchObject({ durable: "spool" });
  });

  it("recognises a resend of what it has spooled", async () => {
    const { pipeline, kinesis, clock } = await spooling(new MemoryDisk());
    kinesis.answer = unreachable;
    const first = pipeline.accept(batchOf("d1", 1, 5));
    await clock.advance(5_000);
    await first;
    expect(await pipeline.accept(batchOf("d1", 1, 5))).toMatchObject({ acked_through: 5, durable: "spool" });
    expect(pipeline.book).toMatchObject({ spooled: 5, duplicates: 5, imbalance: 0 });
  });
});
