import { ManualClock, MemoryDisk } from "@tonearm/sdk/testing";
import { describe, expect, it } from "vitest";
import { LastingFailure } from "./aggregate/shard-map.ts";
import type { Refusal } from "./refusal.ts";
import { batchOf, linesOf } from "./testing/batches.ts";
import { accepted, evenShards, scriptedPipeline, unreachable } from "./testing/pipelines.ts";
import { linesIn, spooling } from "./testing/spools.ts";

describe("a circuit that opens", () => {
  it("has everybody who waits for a call answered at once, not when it closes", async () => {
    const { pipeline, kinesis, clock } = await scriptedPipeline({
      failuresToOpen: 1,
      openMs: 600_000,
      openMsMax: 600_000,
      deliveryDeadlineMs: 600_000,
      putsMax: 1,
      putRecordsMax: 1,
    });
    kinesis.answer = unreachable;
    const answers: string[] = [];
    // More devices than one call takes: shards share out what is put first.
    for (let i = 0; i < 12; i++) {
      void pipeline
        .accept(batchOf(`d${i}`, 1, 2))
        .catch(({ code, retryAfterMs = 0 }: Refusal) =>
          answers.push(`${code} ${retryAfterMs >= 300_000 ? "later" : "soon"}`),
        );
    }
    await clock.advance(1_000);
    expect(pipeline.breaker.kind).toBe("open");
    expect(kinesis.calls.map(({ length }) => length)).toEqual([1]);
    expect(answers).toEqual(Array(12).fill("stream_unavailable later"));
    expect(pipeline.book).toMatchObject({ received: 24, inFlight: 0, imbalance: 0 });
  });
});

describe("a spool that takes nothing", () => {
  it("leaves it to the next batch to find out whether Kinesis is back", async () => {
    const { pipeline, kinesis, clock } = await spooling(new MemoryDisk(), { failuresToOpen: 1 }, 1, 100);
    kinesis.answer = unreachable;
    const answers: string[] = [];
    const send = async (firstSeq: number) => {
      void pipeline.accept(batchOf("d", firstSeq, 1)).then(
        ({ durable }) => answers.push(durable),
        ({ code }: Refusal) => answers.push(code),
      );
      await clock.advance(2_000);
    };
    await send(1);
    kinesis.answer = accepted;
    await send(1);
    await send(2);
    expect(answers).toEqual(["stream_unavailable", "stream", "stream"]);
    expect(pipeline.breaker.kind).toBe("closed");
  });
});

describe("a relay that may not start, because its stream is not there", () => {
  it("leaves nothing in its spool, however often it is started", async () => {
    const disk = new MemoryDisk();
    const shape = () => Promise.reject(new LastingFailure(new Error("scripted")));
    await expect(spooling(disk, {}, 1, 2 ** 30, undefined, shape)).rejects.toThrow("scripted");
    expect(disk.calls).toEqual([]);
  });
});

describe("a relay that is started while Kinesis is away", () => {
  /** Its stream is of another kind than a relay would guess. */
  const AUTO = { shards: evenShards(1), aggregationOff: "AUTO", isAuto: true, recordBytesMax: 2_048 };

  async function startedAway(disk = new MemoryDisk(), seed = 1) {
    const looks: number[] = [];
    let isBack = false;
    const clock = new ManualClock(seed);
    const shape = async () => {
      looks.push(clock.now);
      if (!isBack) throw new Error("scripted");
      return AUTO;
    };
    const relay = await spooling(disk, { openMsMax: 30_000 }, seed, 2 ** 30, undefined, shape, clock);
    const comeBack = () => {
      isBack = true;
    };
    return { ...relay, looks, comeBack };
  }

  it("puts nothing as long as nobody knows how, and everything as the stream wants it once somebody does", async () => {
    const { pipeline, kinesis, clock, comeBack } = await startedAway();
    expect(pipeline.circuit).toBe("open");
    const accepts = [1, 6, 11].map((firstSeq) => pipeline.accept(batchOf("d", firstSeq, 5)));
    await clock.advance(60_000);
    expect((await Promise.all(accepts)).map(({ durable }) => durable)).toEqual(["spool", "spool", "spool"]);
    expect(kinesis.calls).toEqual([]);
    comeBack();
    await clock.advance(40_000);
    expect([pipeline.circuit, pipeline.spooled.batches, pipeline.book.imbalance]).toEqual(["closed", 0, 0]);
    expect(linesIn(kinesis.calls)).toEqual(linesOf(batchOf("d", 1, 15)));
    expect(kinesis.calls.flat().every(({ userRecords }) => userRecords === 1)).toBe(true);
    const later = pipeline.accept(batchOf("d", 16, 1));
    await clock.advance(1_000);
    expect((await later).durable).toBe("stream");
  });

  it("asks for the stream again, less and less often", async () => {
    const { clock, looks } = await startedAway();
    await clock.advance(600_000);
    const pauses = looks.slice(1).map((atMs, i) => atMs - looks[i]!);
    for (const [i, pauseMs] of pauses.entries()) {
      const most = Math.min(1_000 * 2 ** i, 30_000);
      expect(pauseMs).toBeGreaterThanOrEqual(most / 2);
      expect(pauseMs).toBeLessThanOrEqual(most + 1);
    }
    expect(looks.length).toBeGreaterThan(20);
  });

  it("leaves the next one what it took, which goes on where it ended", async () => {
    const disk = new MemoryDisk();
    const { pipeline, clock } = await startedAway(disk);
    const first = pipeline.accept(batchOf("d", 1, 5));
    await clock.advance(1_000);
    expect((await first).durable).toBe("spool");
    const next = await startedAway(disk, 2);
    const second = next.pipeline.accept(batchOf("d", 6, 5));
    await next.clock.advance(1_000);
    expect((await second).durable).toBe("spool");
    next.comeBack();
    await next.clock.advance(40_000);
    expect(linesIn(next.kinesis.calls)).toEqual(linesOf(batchOf("d", 1, 10)));
    expect(next.pipeline.book).toMatchObject({ inherited: 5, delivered: 5, spooled: 0, imbalance: 0 });
  });
});
