import { describe, expect, it } from "vitest";
import type { Refusal } from "../refusal.ts";
import { batchOf } from "../testing/batches.ts";
import { accepted, scriptedPipeline, unreachable } from "../testing/pipelines.ts";
import { linesIn } from "../testing/spools.ts";
import type { PutEntry } from "./put-entry.ts";
import type { PutAnswer } from "./putter.ts";

const refused = { kind: "refused", error: new RangeError("scripted") } as const;

/** Kinesis takes no call in which the bytes of `poison` stand. */
const refusing =
  (poison: string) =>
  (entries: readonly PutEntry[]): PutAnswer =>
    entries.some(({ data }) => Buffer.from(data).includes(poison)) ? refused : accepted(entries);

/** Batches from as many devices, each with its outcome. */
function acceptAll(pipeline: Awaited<ReturnType<typeof scriptedPipeline>>["pipeline"], count: number) {
  return Promise.all(
    Array.from({ length: count }, (_, i) =>
      pipeline.accept(batchOf(`d${i}`, 1, 2)).then(
        ({ durable }) => durable,
        ({ code }: Refusal) => code,
      ),
    ),
  );
}

describe("a batch that Kinesis refuses for ever", () => {
  it.each([{}, { aggregateBytesMax: 1_024 }])("is refused alone: all others arrive (%o)", async (options) => {
    const { pipeline, kinesis, clock } = await scriptedPipeline(options);
    kinesis.answer = refusing('"device":"d13"');
    const outcomes = acceptAll(pipeline, 40);
    await clock.advance(5_000);
    const expected = Array<string>(40).fill("stream");
    expected[13] = "batch_too_large";
    expect(await outcomes).toEqual(expected);
    kinesis.answer = accepted;
    expect(pipeline.breaker.kind).toBe("closed");
    expect(pipeline.book).toMatchObject({ delivered: 78, rejected: { batch_too_large: 2 }, imbalance: 0 });
  });

  it("does not make the others be written twice", async () => {
    const { pipeline, kinesis, clock } = await scriptedPipeline({ aggregateBytesMax: 1_024 });
    const answer = refusing('"device":"d5"');
    const taken: (readonly PutEntry[])[] = [];
    kinesis.answer = (entries) => {
      const result = answer(entries);
      if (result.kind === "answered") taken.push(kinesis.calls.at(-1)!);
      return result;
    };
    const outcomes = acceptAll(pipeline, 20);
    await clock.advance(5_000);
    await outcomes;
    const lines = linesIn(taken);
    expect([lines.length, new Set(lines).size]).toEqual([38, 38]);
  });

  it("is kept as long as Kinesis refuses everything: then the fault may be in every call", async () => {
    const { pipeline, kinesis, clock } = await scriptedPipeline();
    kinesis.answer = () => refused;
    const outcomes = acceptAll(pipeline, 10);
    await clock.advance(20_000);
    expect(await outcomes).toEqual(Array(10).fill("stream_unavailable"));
    // And it does not storm: in twenty seconds, a few calls for each shard.
    expect(kinesis.calls.length).toBeLessThan(200);
  });
});

describe("a shard that is hot", () => {
  it("has what would wait for too long refused at once, with that wait, and costs the others nothing", async () => {
    const { pipeline, kinesis, clock } = await scriptedPipeline({ shardRecordsPerSecond: 1, collectMs: 0 });
    kinesis.answer = (entries) => ({
      kind: "answered",
      results: entries.map(({ shardId }) =>
        shardId === "shard-1"
          ? { ok: false, code: "ProvisionedThroughputExceededException" }
          : { ok: true, shardId: "shard-0" },
      ),
    });
    const answers = new Map<string, string>();
    let waitMs = 0;
    for (let i = 0; i < 400; i++) {
      const shard = pipeline.shardOf(`d${i}`);
      void pipeline.accept(batchOf(`d${i}`, 1, 300)).then(
        ({ durable }) => answers.set(`${shard} ${i}`, durable),
        (error: Refusal) => {
          waitMs = Math.max(waitMs, error.retryAfterMs ?? 0);
          answers.set(`${shard} ${i}`, error.code);
        },
      );
      if (i % 10 === 0) await clock.advance(2_000);
    }
    await clock.advance(30_000);
    const of = (shard: string) => [...answers].filter(([key]) => key.startsWith(shard));
    expect(of("shard-1").every(([, answer]) => answer === "stream_unavailable")).toBe(true);
    expect(waitMs).toBeGreaterThan(2_000);
    expect(of("shard-0").filter(([, answer]) => answer !== "stream").length).toBeLessThan(
      of("shard-0").length / 10,
    );
    expect(pipeline.breaker.kind).toBe("closed");
    expect(pipeline.book.imbalance).toBe(0);
  });
});

describe("a stream that is not there", () => {
  it("has the map looked at again as soon as it is back", async () => {
    const { pipeline, kinesis, clock } = await scriptedPipeline({ failuresToOpen: 1, openMs: 1_000 });
    kinesis.answer = unreachable;
    void pipeline.accept(batchOf("d1", 1, 1)).catch(() => undefined);
    await clock.advance(2_000);
    kinesis.answer = accepted;
    const { shapeLoads } = kinesis;
    void pipeline.accept(batchOf("d1", 1, 1));
    await clock.advance(2_000);
    expect([pipeline.breaker.kind, kinesis.shapeLoads - shapeLoads]).toEqual(["closed", 1]);
  });
});
