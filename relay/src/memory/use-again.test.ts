import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { Batch } from "../batch.ts";
import { type PutEntry, shardKeyOf } from "../put/put-entry.ts";
import type { PutResult } from "../put/putter.ts";
import { linesOf } from "../testing/batches.ts";
import { accepted, scriptedPipeline } from "../testing/pipelines.ts";
import { asMsgpack, EVENT } from "../testing/spellings.ts";
import { linesIn } from "../testing/spools.ts";

const batchFrom = (device: number, firstSeq: number, events: number, pad: number): Batch => {
  const event = [...EVENT.slice(0, 4), JSON.stringify({ device_of: device, pad: "x".repeat(pad) })];
  return asMsgpack(
    { v: 1, device: `d${device}`, epoch: "e1", first_seq: firstSeq },
    Array(events).fill(event),
  );
};

/** What becomes of a record: taken, throttled, or put elsewhere than was expected. */
const FATES = ["taken", "taken", "throttled", "failed", "strayed"] as const;

function resultOf(entry: PutEntry, fate: (typeof FATES)[number]): PutResult {
  if (fate === "throttled") return { ok: false, code: "ProvisionedThroughputExceededException" };
  if (fate === "failed") return { ok: false, code: "InternalFailure" };
  return { ok: true, shardId: fate === "strayed" ? "shard-9" : shardKeyOf(entry) };
}

const rounds = fc.array(
  fc.record({
    batches: fc.array(fc.tuple(fc.nat(5), fc.integer({ min: 1, max: 12 }), fc.nat(3_000)), { maxLength: 8 }),
    fates: fc.array(fc.constantFrom(...FATES), { minLength: 1 }),
    call: fc.constantFrom("answered", "answered", "answered", "failed", "refused"),
  }),
  { minLength: 1, maxLength: 12 },
);

describe("memory that is used again", () => {
  it.each([undefined, "scripted"])(
    "never changes what is on its way, whatever becomes of calls and records (aggregation off: %s)",
    async (aggregationOff) => {
      await fc.assert(
        fc.asyncProperty(rounds, async (given) => {
          const { pipeline, kinesis, clock } = await scriptedPipeline({ aggregateBytesMax: 2_048 });
          kinesis.shape = { ...kinesis.shape, aggregationOff };
          pipeline.shardMap.surprise();
          await clock.advance(5_000);
          const taken: (readonly PutEntry[])[] = [];
          const sent = new Set<string>();
          const safe: string[] = [];
          const waiting: Promise<unknown>[] = [];
          const nextSeq = new Map<number, number>();
          for (const { batches, fates, call } of given) {
            let turn = 0;
            kinesis.answer = (entries) => {
              if (call !== "answered") return { kind: call, error: new RangeError("scripted") };
              const results = entries.map((entry) => resultOf(entry, fates[turn++ % fates.length]!));
              taken.push(kinesis.calls.at(-1)!.filter((_, i) => results[i]!.ok));
              return { kind: "answered", results };
            };
            for (const [device, events, pad] of batches) {
              const firstSeq = nextSeq.get(device) ?? 1;
              nextSeq.set(device, firstSeq + events);
              const batch = batchFrom(device, firstSeq, events, pad);
              const lines = linesOf(batch);
              for (const line of lines) sent.add(line);
              const settled = pipeline.accept(batch).then(
                () => safe.push(...lines),
                () => undefined,
              );
              waiting.push(settled);
            }
            await clock.advance(700);
          }
          kinesis.answer = (entries) => {
            taken.push(kinesis.calls.at(-1)!);
            return accepted(entries);
          };
          await clock.advance(60_000);
          await Promise.all(waiting);
          const arrived = new Set(linesIn(taken));
          expect([...arrived].filter((line) => !sent.has(line))).toEqual([]);
          expect(safe.filter((line) => !arrived.has(line))).toEqual([]);
        }),
        { numRuns: 60 },
      );
    },
    60_000,
  );

  it("would change it if a batch gave its memory back too early: the control that must fail", async () => {
    const { pipeline, kinesis, clock } = await scriptedPipeline();
    kinesis.shape = { ...kinesis.shape, aggregationOff: "scripted" };
    pipeline.shardMap.surprise();
    await clock.advance(5_000);
    const batches = Array.from({ length: 40 }, (_, i) => {
      const batch = batchFrom(i, 1, 10, 500);
      const lines = linesOf(batch);
      void pipeline.accept(batch);
      return { batch, lines };
    });
    for (const { batch } of batches) batch.records.room!.free();
    for (let i = 0; i < 40; i++) batchFrom(100 + i, 1, 10, 500);
    await clock.advance(1_000);
    const arrived = new Set(linesIn(kinesis.calls));
    expect(batches.flatMap(({ lines }) => lines).every((line) => arrived.has(line))).toBe(false);
  });
});
