import { describe, expect, it } from "vitest";
import type { Refusal } from "./refusal.ts";
import { batchOf } from "./testing/batches.ts";
import { scriptedPipeline, unreachable } from "./testing/pipelines.ts";

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
