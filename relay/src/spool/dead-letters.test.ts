import { NORMAL } from "@tonearm/sdk/file-log";
import { MemoryDisk } from "@tonearm/sdk/testing";
import { describe, expect, it } from "vitest";
import type { PutEntry } from "../put/put-entry.ts";
import type { PutAnswer } from "../put/putter.ts";
import { batchOf, linesOf } from "../testing/batches.ts";
import { accepted, unreachable } from "../testing/pipelines.ts";
import { fileLog, linesIn, spooling } from "../testing/spools.ts";
import { type DeadLetter, readDeadLetters } from "./dead-letters.ts";
import { encodeSpooledBatch } from "./spooled-batch.ts";

/** Kinesis takes no call in which one of these stands. */
const refusing =
  (...poison: string[]) =>
  (entries: readonly PutEntry[]): PutAnswer =>
    entries.some(({ data }) => poison.some((bytes) => Buffer.from(data).includes(bytes)))
      ? { kind: "refused", error: Object.assign(new Error(), { name: "ValidationException" }) }
      : accepted(entries);

async function lettersOn(disk: MemoryDisk): Promise<DeadLetter[]> {
  const letters: DeadLetter[] = [];
  for await (const letter of readDeadLetters(disk)) if (typeof letter !== "string") letters.push(letter);
  return letters;
}

/** A spool with batches of some devices in it, Kinesis still away. */
async function spooled(devices: number, count = 5) {
  const parts = await spooling(new MemoryDisk());
  parts.kinesis.answer = unreachable;
  const accepts = Array.from({ length: devices }, (_, i) =>
    parts.pipeline.accept(batchOf(`d${i}`, 1, count)),
  );
  await parts.clock.advance(5_000);
  await Promise.all(accepts);
  parts.kinesis.calls.length = 0;
  return parts;
}

describe("a spooled event that Kinesis refuses for ever", () => {
  it("goes to the dead letters alone, with the reason, and holds up nothing", async () => {
    const { pipeline, kinesis, clock, letters } = await spooled(10);
    const taken: (readonly PutEntry[])[] = [];
    const answer = refusing('"d3","epoch":"epoch-1","seq":4,');
    kinesis.answer = (entries) => {
      const result = answer(entries);
      if (result.kind === "answered") taken.push(kinesis.calls.at(-1)!);
      return result;
    };
    await clock.advance(60_000);
    const lines = linesIn(taken);
    const expected = Array.from({ length: 10 }, (_, i) => linesOf(batchOf(`d${i}`, 1, 5))).flat();
    const poison = linesOf(batchOf("d3", 4, 1))[0]!;
    expect(lines.toSorted()).toEqual(expected.filter((line) => line !== poison).toSorted());
    const [letter, ...others] = await lettersOn(letters);
    expect(others).toEqual([]);
    expect(letter).toMatchObject({ reason: "ValidationException", batch: { device: "d3", firstSeq: 4 } });
    expect(linesOf(letter!.batch!)).toEqual([poison]);
    expect(pipeline.book).toMatchObject({ received: 50, delivered: 49, deadLetters: 1, spooled: 0 });
    expect([pipeline.book.imbalance, pipeline.spooled.batches, pipeline.breaker.kind]).toEqual([
      0,
      0,
      "closed",
    ]);
  });

  it("is put aside also when nothing else is there that Kinesis could be seen to take", async () => {
    const { pipeline, kinesis, clock, letters } = await spooled(1, 1);
    kinesis.shape = { ...kinesis.shape };
    kinesis.answer = refusing('"d0"');
    await clock.advance(120_000);
    expect(await lettersOn(letters)).toHaveLength(1);
    const next = pipeline.accept(batchOf("d9", 1, 3));
    await clock.advance(2_000);
    expect(await next).toMatchObject({ durable: "stream" });
  });

  it("waits in the spool as long as it cannot be put aside durably", async () => {
    const { pipeline, kinesis, clock, letters } = await spooled(1, 1);
    letters.fail({ operation: "create", code: "EIO", times: 1_000 });
    kinesis.answer = refusing('"d0"');
    await clock.advance(120_000);
    expect(pipeline.book).toMatchObject({ spooled: 1, deadLetters: 0, imbalance: 0 });
    letters.clearFaults();
    await clock.advance(120_000);
    expect(pipeline.book).toMatchObject({ spooled: 0, deadLetters: 1, imbalance: 0 });
  });

  it("is what a record that has become too large in the meantime is", async () => {
    const { pipeline, kinesis, clock, letters } = await spooled(3, 2);
    kinesis.shape = { ...kinesis.shape, recordBytesMax: 90 };
    pipeline.shardMap.surprise();
    await clock.advance(2_000);
    kinesis.answer = accepted;
    await clock.advance(60_000);
    expect((await lettersOn(letters)).map(({ reason }) => reason)).toEqual(Array(6).fill("batch_too_large"));
    expect(pipeline.book).toMatchObject({ deadLetters: 6, delivered: 0, imbalance: 0 });
  });
});

describe("what an earlier process left", () => {
  it("that is no batch goes to the dead letters, and what follows arrives", async () => {
    const disk = new MemoryDisk();
    const log = fileLog(disk)();
    await log.open("relay", "e".repeat(16));
    const entries = [Buffer.from("no batch at all"), encodeSpooledBatch(batchOf("d1", 1, 3))];
    await log.append(entries.map((bytes, i) => ({ seq: i + 1, priority: NORMAL, bytes })));
    const { pipeline, kinesis, clock, letters } = await spooling(disk.powerCut());
    await clock.advance(10_000);
    expect(linesIn(kinesis.calls)).toEqual(linesOf(batchOf("d1", 1, 3)));
    const [letter] = await lettersOn(letters);
    expect(letter).toMatchObject({ reason: "undecodable", batch: undefined });
    expect(Buffer.from(letter!.bytes).toString()).toBe("no batch at all");
    expect(pipeline.book).toMatchObject({ inherited: 3, imbalance: 0 });
    expect(pipeline.deadLetters.batches).toBe(1);
  });

  it("is counted with its dead letters, which take of the spool's space", async () => {
    const first = await spooled(1, 1);
    first.kinesis.answer = refusing('"d0"');
    await first.clock.advance(120_000);
    const { bytes } = first.pipeline.deadLetters;
    const after = await spooling(new MemoryDisk(), {}, 2, bytes + 300, first.letters.powerCut());
    expect(after.pipeline.deadLetters).toEqual({ batches: 1, bytes });
    after.kinesis.answer = unreachable;
    const refused = after.pipeline.accept(batchOf("d1", 1, 5)).catch(({ message }: Error) => message);
    await after.clock.advance(5_000);
    expect(await refused).toContain("the spool is full");
  });
});
