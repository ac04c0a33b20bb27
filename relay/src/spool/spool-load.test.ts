import { sleep } from "@tonearm/sdk/ports";
import { ManualClock, MemoryDisk } from "@tonearm/sdk/testing";
import { describe, expect, it } from "vitest";
import { batchOf } from "../testing/batches.ts";
import { ModelStream } from "../testing/model-stream.ts";
import { unreachable } from "../testing/pipelines.ts";
import { spooling } from "../testing/spools.ts";

const DEVICES = 20;
const BATCH_EVENTS = 25;

/**
 * Devices that send one batch after another as fast as they are answered, more than a shard takes, through an outage and beyond
 * it, until all of them go past the spool again, or until much has gone into the stream.
 */
async function outageUnderLoad(meddle: (spool: { mayFollow(): Promise<boolean> }) => void = () => undefined) {
  const clock = new ManualClock();
  const stream = new ModelStream(clock, 1);
  const { put, counts } = stream.producer();
  const parts = await spooling(new MemoryDisk(), {}, 1, 2 ** 30, undefined, async () => stream.shape, clock);
  const { pipeline, kinesis, spool } = parts;
  meddle(spool as unknown as Parameters<typeof meddle>[0]);
  const last = new Map<string, string>();
  let isOver = false;
  const live = async (device: string) => {
    for (let seq = 1; !isOver; ) {
      try {
        last.set(device, (await pipeline.accept(batchOf(device, seq, BATCH_EVENTS, 1_000))).durable);
        seq += BATCH_EVENTS;
      } catch (error) {
        await sleep(clock, (error as { retryAfterMs?: number }).retryAfterMs ?? 1_000);
      }
      // A device never has its next batch ready at the same moment.
      await sleep(clock, 100);
    }
  };
  kinesis.answer = unreachable;
  for (let i = 0; i < DEVICES; i++) void live(`d${i}`);
  await clock.advance(2_500);
  const inSpool = spool.bytes;
  kinesis.answer = put;
  counts.bytes = 0;
  const areBack = () => [...last.values()].every((durable) => durable === "stream");
  while (!areBack() && counts.bytes < inSpool * 6) await clock.advance(100);
  isOver = true;
  return { inSpool, gone: counts.bytes, areBack: areBack(), book: pipeline.book };
}

describe("devices whose batches are in the spool, under more load than the stream takes", () => {
  it("are all past it again before four times as much has gone into the stream as was in it", async () => {
    const { inSpool, gone, areBack, book } = await outageUnderLoad();
    expect(inSpool).toBeGreaterThan(8_000_000);
    expect([areBack, book.imbalance]).toEqual([true, 0]);
    expect(gone / inSpool).toBeLessThan(4);
  });

  it("would stay behind it for as long as the load lasts if they filled it as fast as it empties: the control", async () => {
    const { areBack } = await outageUnderLoad((spool) => {
      spool.mayFollow = async () => true;
    });
    expect(areBack).toBe(false);
  });
});
