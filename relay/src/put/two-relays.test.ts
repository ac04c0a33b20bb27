import { sleep } from "@tonearm/sdk/ports";
import { ManualClock } from "@tonearm/sdk/testing";
import { describe, expect, it } from "vitest";
import { checkConfig } from "../config/check.ts";
import { Pipeline } from "../pipeline.ts";
import { Refusal } from "../refusal.ts";
import { batchOf } from "../testing/batches.ts";
import { ModelStream } from "../testing/model-stream.ts";
import { SILENT } from "../testing/pipelines.ts";

const MIB = 1_048_576;

/** A relay on a stream, and devices that send it one batch after another, as fast as it takes them or with pauses. */
async function loadedRelay(stream: ModelStream, clock: ManualClock, devices: readonly string[], pauseMs = 0) {
  const { counts, put } = stream.producer();
  const pipeline = new Pipeline(checkConfig({ insecure: true, aggregateAgeMs: 20 }), {
    clock,
    log: SILENT,
    put,
    loadShape: async () => stream.shape,
    spool: undefined,
  });
  await pipeline.start();
  for (const device of devices) {
    void (async () => {
      for (let seq = 1; ; ) {
        try {
          await pipeline.accept(batchOf(device, seq, 25, 1_000));
          seq += 25;
          await sleep(clock, pauseMs);
        } catch (error) {
          await sleep(clock, error instanceof Refusal ? (error.retryAfterMs ?? 1_000) : 1_000);
        }
      }
    })();
  }
  const reset = () => Object.assign(counts, { records: 0, bytes: 0, throttled: 0, calls: 0 });
  return { pipeline, counts, reset };
}

const names = (prefix: string, count: number) => Array.from({ length: count }, (_, i) => `${prefix}${i}`);

describe("two relays on one stream", () => {
  it.each([0, 20_000])(
    "come to equal shares of what a shard takes, the second begun %i ms later, and starve neither each other nor the shard",
    async (laterMs) => {
      const clock = new ManualClock();
      const stream = new ModelStream(clock, 1);
      const one = await loadedRelay(stream, clock, names("a", 60));
      await clock.advance(laterMs);
      const other = await loadedRelay(stream, clock, names("b", 60));
      await clock.advance(20_000);
      one.reset();
      other.reset();
      await clock.advance(40_000);
      const rates = [one, other].map(({ counts }) => counts.bytes / 40 / MIB);
      const total = rates[0]! + rates[1]!;
      expect(total).toBeGreaterThan(0.8);
      for (const rate of rates) expect(rate / total).toBeGreaterThan(0.4);
      const throttled = one.counts.throttled + other.counts.throttled;
      expect(throttled / (one.counts.records + other.counts.records + throttled)).toBeLessThan(0.1);
      for (const { pipeline } of [one, other]) expect(pipeline.breaker.kind).toBe("closed");
    },
    30_000,
  );

  it("leave what one does not use to the other", async () => {
    const clock = new ManualClock();
    const stream = new ModelStream(clock, 1);
    const one = await loadedRelay(stream, clock, names("a", 60));
    await loadedRelay(stream, clock, names("b", 2), 1_000);
    await clock.advance(20_000);
    one.reset();
    await clock.advance(20_000);
    expect(one.counts.bytes / 20 / MIB).toBeGreaterThan(0.6);
  }, 30_000);
});

describe("one relay on a stream with a hot shard", () => {
  it("fills the hot shard, and delays nobody on the others", async () => {
    const clock = new ManualClock();
    const stream = new ModelStream(clock, 4);
    const { pipeline } = await loadedRelay(stream, clock, []);
    const hot = names("h", 2_000)
      .filter((device) => pipeline.shardOf(device) === "shard-0")
      .slice(0, 150);
    const cool = names("c", 200)
      .filter((device) => pipeline.shardOf(device) !== "shard-0")
      .slice(0, 20);
    const waits: number[] = [];
    let isOver = false;
    for (const device of hot) {
      void (async () => {
        for (let seq = 1; !isOver; seq += 25) {
          await pipeline
            .accept(batchOf(device, seq, 25, 1_000))
            .catch((error: Refusal) => sleep(clock, error.retryAfterMs ?? 1_000));
        }
      })();
    }
    for (const device of cool) {
      void (async () => {
        for (let seq = 1; !isOver; seq += 5) {
          const fromMs = clock.now;
          await pipeline.accept(batchOf(device, seq, 5, 1_000)).catch(() => undefined);
          waits.push(clock.now - fromMs);
          await sleep(clock, 500);
        }
      })();
    }
    await clock.advance(20_000);
    isOver = true;
    const sorted = waits.toSorted((a, b) => a - b);
    expect(sorted.length).toBeGreaterThan(500);
    expect(sorted.at(-1)).toBeLessThan(200);
    const taken = pipeline.meter.shards.get("shard-0")!.bytes / 20 / MIB;
    expect(taken).toBeGreaterThan(0.7);
    expect(pipeline.book.imbalance).toBe(0);
  }, 30_000);
});
