import { ManualClock, MemoryDisk } from "@tonearm/sdk/testing";
import { describe, expect, it } from "vitest";
import type { Refusal } from "../refusal.ts";
import { batchOf, linesOf } from "../testing/batches.ts";
import { accepted, unreachable } from "../testing/pipelines.ts";
import { linesIn, spooling } from "../testing/spools.ts";
import { DrainRate } from "./drain-rate.ts";

type Parts = Awaited<ReturnType<typeof spooling>>;

/** Fills the spool from as many devices, each with one batch. */
async function fill({ pipeline, clock }: Parts, from: number, to: number, count = 5): Promise<void> {
  const accepts = [];
  for (let i = from; i < to; i++) {
    accepts.push(pipeline.accept(batchOf(`d${i}`, 1, count, 1_000)));
    await clock.advance(i === from ? 5_000 : 20);
  }
  await Promise.all(accepts);
}

const segments = async (disk: MemoryDisk) => (await disk.list()).filter((name) => name.endsWith(".log"));

describe("damage to a spool under a relay", () => {
  it("is declared in the book, and holds up neither what is left nor the devices that it met", async () => {
    const disk = new MemoryDisk();
    const parts = await spooling(disk, { openMs: 600_000, openMsMax: 600_000 });
    const { pipeline, kinesis, clock, spool } = parts;
    kinesis.answer = unreachable;
    await fill(parts, 0, 40, 25);
    // What was written first is in memory still; of what came last a part is damaged.
    const name = (await segments(disk)).at(-2)!;
    disk.setBytes(name, disk.bytesOf(name).slice().fill(0xff, 300));
    kinesis.calls.length = 0;
    kinesis.answer = accepted;
    await clock.advance(700_000);
    const { damaged } = pipeline.book;
    expect(damaged).toBeGreaterThan(0);
    expect(damaged).toBeLessThan(120);
    expect(new Set(linesIn(kinesis.calls)).size).toBe(1_000 - damaged);
    expect(pipeline.book).toMatchObject({
      received: 1_000,
      delivered: 1_000 - damaged,
      spooled: 0,
      imbalance: 0,
    });
    for (let i = 0; i < 40; i++) expect(spool.holds(`d${i}`)).toBe(false);
    const next = pipeline.accept(batchOf("d39", 26, 5));
    await clock.advance(2_000);
    expect(await next).toMatchObject({ durable: "stream" });
  });

  it("that takes everything is declared too, although nothing behind it tells of a hole", async () => {
    const disk = new MemoryDisk();
    const parts = await spooling(disk, { openMs: 600_000, openMsMax: 600_000 });
    parts.kinesis.answer = unreachable;
    await fill(parts, 0, 40, 25);
    for (const name of (await segments(disk)).slice(-4)) {
      disk.setBytes(name, disk.bytesOf(name).slice().fill(0xff, 300));
    }
    parts.kinesis.answer = accepted;
    await parts.clock.advance(700_000);
    const { book } = parts.pipeline;
    expect(book.damaged).toBeGreaterThan(100);
    expect(book).toMatchObject({ delivered: 1_000 - book.damaged, spooled: 0, imbalance: 0 });
    expect(parts.spool.holds("d39")).toBe(false);
  });

  it("found at a start costs the batches that it took, and the relay serves", async () => {
    const disk = new MemoryDisk();
    const before = await spooling(disk);
    before.kinesis.answer = unreachable;
    await fill(before, 0, 40);
    const left = disk.powerCut();
    const [first] = await segments(left);
    left.setBytes(first!, left.bytesOf(first!).slice().fill(0xff));
    const { pipeline, kinesis, clock } = await spooling(left, {}, 2);
    await clock.advance(20_000);
    const arrived = linesIn(kinesis.calls);
    expect(arrived.length).toBeGreaterThan(50);
    expect(arrived.length).toBeLessThan(200);
    expect(pipeline.book).toMatchObject({ inherited: arrived.length, imbalance: 0 });
    const next = pipeline.accept(batchOf("d1", 6, 1));
    await clock.advance(2_000);
    expect(await next).toMatchObject({ durable: "stream" });
  });
});

describe("a spool without room", () => {
  const retryAfter = (accept: Promise<unknown>) =>
    accept.then(
      () => 0,
      (error: Refusal) => error.retryAfterMs!,
    );

  it("on a medium that is nearly full refuses and leaves the rest of it alone", async () => {
    const disk = new MemoryDisk();
    const { pipeline, kinesis, clock } = await spooling(disk);
    kinesis.answer = unreachable;
    disk.capacity = 300_000;
    const accepts = Array.from({ length: 20 }, async (_, i) => {
      await new Promise((resolve) => clock.after(i * 1_000, () => resolve(undefined)));
      return pipeline.accept(batchOf(`d${i}`, 1, 10, 1_000)).then(
        ({ durable }) => durable,
        ({ code }: Refusal) => code,
      );
    });
    await clock.advance(60_000);
    const outcomes = await Promise.all(accepts);
    const stored = outcomes.filter((outcome) => outcome === "spool").length;
    expect(stored).toBeGreaterThan(2);
    expect(outcomes.filter((outcome) => outcome === "stream_unavailable")).toHaveLength(20 - stored);
    expect(await disk.freeBytes()).toBeGreaterThan(80_000);
    disk.capacity = Number.POSITIVE_INFINITY;
    kinesis.calls.length = 0;
    kinesis.answer = accepted;
    await clock.advance(60_000);
    expect(linesIn(kinesis.calls)).toHaveLength(stored * 10);
  });

  it("tells each sender when there will be room for it, by how fast it has emptied before", async () => {
    const parts = await spooling(new MemoryDisk(), { openMs: 600_000, openMsMax: 600_000 }, 1, 400_000);
    const { pipeline, kinesis, clock } = parts;
    kinesis.answer = unreachable;
    await fill(parts, 0, 20);
    kinesis.answer = accepted;
    await clock.advance(700_000);
    expect(pipeline.spooled.batches).toBe(0);
    const rate = pipeline.drainBytesPerSecond!;
    expect(rate).toBeGreaterThan(10_000);
    kinesis.answer = unreachable;
    const waits: Promise<number>[] = [];
    for (let i = 0; i < 200; i++) {
      waits.push(retryAfter(pipeline.accept(batchOf(`e${i}`, 1, 5, 1_000))));
      await clock.advance(i === 0 ? 5_000 : 20);
    }
    const told = (await Promise.all(waits)).filter((ms) => ms > 0);
    const open = pipeline.breaker.waitMs;
    expect(told.length).toBeGreaterThan(50);
    // Kinesis is away for that long at least, and nobody is told to come at the same moment as all others.
    expect(told.every((ms) => ms >= Math.min(open, 300_000))).toBe(true);
    expect(new Set(told).size).toBe(told.length);
  });

  it("sends away one after another, no sender for longer than five minutes", () => {
    const clock = new ManualClock();
    const rate = new DrainRate(clock);
    expect(rate.waitMs(1_000, 0)).toBeUndefined();
    clock.now = 1_000;
    rate.drained(100_000, 0);
    expect(rate.bytesPerSecond).toBe(100_000);
    expect([rate.waitMs(50_000, 0), rate.waitMs(50_000, 0), rate.waitMs(10_000, 2_000)]).toEqual([
      500, 1_000, 2_100,
    ]);
    clock.now += 2_100;
    expect(rate.waitMs(10_000, 0)).toBe(100);
    expect(rate.waitMs(2 ** 40, 0)).toBe(300_000);
  });
});

describe("commits that overtake each other", () => {
  it("lose nothing: one that waits for the disk to say how much is free comes later, whole", async () => {
    const disk = new MemoryDisk();
    const parts = await spooling(disk, { openMs: 600_000, openMsMax: 600_000 });
    const { pipeline, kinesis, clock } = parts;
    kinesis.answer = unreachable;
    await fill(parts, 0, 1);
    let asked = 0;
    disk.freeBytes = () =>
      new Promise((resolve) => clock.after(asked++ % 2 === 0 ? 200 : 0, () => resolve(2 ** 30)));
    const accepts = [];
    for (let i = 1; i < 20; i++) {
      accepts.push(pipeline.accept(batchOf(`d${i}`, 1, 5)));
      await clock.advance(30);
    }
    await clock.advance(1_000);
    for (const accept of accepts) expect(await accept).toMatchObject({ durable: "spool" });
    kinesis.calls.length = 0;
    kinesis.answer = accepted;
    await clock.advance(700_000);
    expect(linesIn(kinesis.calls)).toHaveLength(100);
    expect(pipeline.book).toMatchObject({ delivered: 100, damaged: 0, spooled: 0, imbalance: 0 });
  });
});

describe("a device whose batch is in the spool", () => {
  it("goes straight into the stream again once that has left, although its next comes on its heels", async () => {
    const { pipeline, kinesis, clock } = await spooling(new MemoryDisk());
    kinesis.answer = unreachable;
    const first = pipeline.accept(batchOf("d1", 1, 3));
    await clock.advance(5_000);
    await first;
    kinesis.answer = accepted;
    const durables: string[] = [];
    void (async () => {
      for (let seq = 4; ; seq += 3) durables.push((await pipeline.accept(batchOf("d1", seq, 3))).durable);
    })();
    await clock.advance(10_000);
    const back = durables.indexOf("stream");
    expect(back).toBeGreaterThan(0);
    expect(new Set(durables.slice(back))).toEqual(new Set(["stream"]));
    expect(linesIn(kinesis.calls.slice(-10)).length).toBeGreaterThan(20);
    expect(pipeline.book.imbalance).toBe(0);
  });

  it("keeps its order through a drain in which records fail", async () => {
    const parts = await spooling(new MemoryDisk(), { aggregateBytesMax: 2_000 });
    const { pipeline, kinesis, clock } = parts;
    kinesis.answer = unreachable;
    const first = pipeline.accept(batchOf("d1", 1, 3, 500));
    await clock.advance(5_000);
    await first;
    for (let i = 1; i < 20; i++) {
      const accept = pipeline.accept(batchOf("d1", 1 + i * 3, 3, 500));
      await clock.advance(20);
      await accept;
    }
    kinesis.calls.length = 0;
    let call = 0;
    const taken: string[] = [];
    kinesis.answer = (entries) => {
      const result = accepted(entries);
      if (result.kind !== "answered") return result;
      const results = result.results.map((each) =>
        call++ % 3 === 0 ? ({ ok: false, code: "InternalFailure" } as const) : each,
      );
      for (const [i, entry] of entries.entries()) if (results[i]!.ok) taken.push(...linesIn([[entry]]));
      return { kind: "answered", results };
    };
    await clock.advance(120_000);
    expect(taken).toEqual(linesOf(batchOf("d1", 1, 60, 500)));
  });
});
