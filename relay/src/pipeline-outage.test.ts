import { MemoryDisk } from "@tonearm/sdk/testing";
import { describe, expect, it } from "vitest";
import type { Refusal } from "./refusal.ts";
import { batchOf } from "./testing/batches.ts";
import { accepted, scriptedPipeline, unreachable } from "./testing/pipelines.ts";
import { spooling } from "./testing/spools.ts";

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

describe("a relay that may not start, because Kinesis is away", () => {
  it("leaves nothing in its spool, however often it is started", async () => {
    const disk = new MemoryDisk();
    const shape = () => Promise.reject(new Error("scripted"));
    await expect(spooling(disk, {}, 1, 2 ** 30, undefined, shape)).rejects.toThrow("scripted");
    expect(disk.calls).toEqual([]);
  });
});
