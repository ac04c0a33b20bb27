import { describe, expect, it } from "vitest";
import { type Batch, countOf, halves, lastSeqOf, withoutFirst } from "./batch.ts";
import { deaggregate } from "./read/deaggregate.ts";
import { decodeSpooledBatch, encodeSpooledBatch } from "./spool/spooled-batch.ts";
import { batchOf, linesOf } from "./testing/batches.ts";
import { scriptedPipeline } from "./testing/pipelines.ts";

/** Events 1, 2, 5 and 9; the numbers between were given up. */
function scattered(): Batch {
  const { records, ...header } = batchOf("d1", 1, 4);
  const [a, b, c, d] = records.ends as [number, number, number, number];
  return { ...header, records: { ...records, ends: [a, b, b, b, c, c, c, c, d] } };
}

describe("a batch in which numbers were given up", () => {
  it("is one Kinesis record with its events only, acknowledged through its last number", async () => {
    const { pipeline, kinesis, clock } = await scriptedPipeline();
    const accept = pipeline.accept(scattered());
    await clock.advance(1_000);
    expect(await accept).toMatchObject({ acked_through: 9, durable: "stream" });
    const entry = kinesis.calls[0]![0]!;
    const { userRecords } = deaggregate({ ...entry, data: Buffer.from(entry.data) });
    expect(userRecords.map(({ data }) => Buffer.from(data).toString())).toEqual(
      linesOf(scattered()).filter((line) => line !== ""),
    );
    expect(pipeline.book).toMatchObject({ received: 4, delivered: 4, inFlight: 0, imbalance: 0 });
  });

  it("is one record for each event where nothing is aggregated", async () => {
    const { pipeline, kinesis, clock } = await scriptedPipeline();
    kinesis.shape = { ...kinesis.shape, aggregationOff: "scripted" };
    await pipeline.shardMap.start(false);
    const accept = pipeline.accept(scattered());
    await clock.advance(1_000);
    expect(await accept).toMatchObject({ acked_through: 9 });
    expect(kinesis.calls.flat()).toHaveLength(4);
    expect(pipeline.book).toMatchObject({ received: 4, delivered: 4, imbalance: 0 });
  });

  it("is recognised when it comes again, whole or in part, and counted by its events", async () => {
    const { pipeline, kinesis, clock } = await scriptedPipeline();
    const send = async (batch: Batch) => {
      const accept = pipeline.accept(batch);
      await clock.advance(1_000);
      return accept;
    };
    const [first] = halves(scattered());
    await send(first);
    expect(pipeline.book).toMatchObject({ received: 2, delivered: 2 });
    expect(await send(scattered())).toMatchObject({ acked_through: 9 });
    expect(pipeline.book).toMatchObject({ received: 6, delivered: 4, duplicates: 2, imbalance: 0 });
    expect(await send(scattered())).toMatchObject({ acked_through: 9 });
    expect(pipeline.book).toMatchObject({ received: 10, delivered: 4, duplicates: 6, imbalance: 0 });
    expect(kinesis.calls.flat()).toHaveLength(2);
  });

  it("keeps its events through cutting and through the spool", () => {
    expect([countOf(scattered()), lastSeqOf(scattered())]).toEqual([4, 9]);
    const rest = withoutFirst(scattered(), 3);
    expect([rest.firstSeq, countOf(rest), lastSeqOf(rest)]).toEqual([4, 2, 9]);
    const [first, second] = halves(scattered());
    expect([countOf(first), second.firstSeq, countOf(second)]).toEqual([2, 5, 2]);
    const spooled = decodeSpooledBatch(encodeSpooledBatch(scattered()))!;
    expect(linesOf(spooled)).toEqual(linesOf(scattered()).filter((line) => line !== ""));
    expect([spooled.firstSeq, countOf(spooled)]).toEqual([1, 4]);
  });
});
