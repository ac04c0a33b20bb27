import { describe, expect, it } from "vitest";
import type { LoadShape, StreamShape } from "./aggregate/shard-map.ts";
import type { Refusal } from "./refusal.ts";
import { batchOf } from "./testing/batches.ts";
import { evenShards, scriptedPipeline } from "./testing/pipelines.ts";

const BEFORE: StreamShape = {
  shards: evenShards(2),
  isAuto: false,
  aggregationOff: undefined,
  recordBytesMax: 1_048_576,
};

/** What becomes of a batch whose aggregate turns up in a shard where nobody expected it, when the stream is this by then. */
async function astray(loadLater: LoadShape) {
  let loads = 0;
  const load = async () => (loads++ === 0 ? BEFORE : loadLater());
  const { pipeline, kinesis, clock } = await scriptedPipeline({}, undefined, undefined, load);
  const elsewhere = (shardId: string | undefined) => ({ ok: true, shardId: `not ${shardId}` }) as const;
  kinesis.answer = (entries) => ({
    kind: "answered",
    results: entries.map(({ shardId }) => elsewhere(shardId)),
  });
  const answers: string[] = [];
  const send = async (forMs: number) => {
    void pipeline.accept(batchOf("d", 1, 2)).then(
      ({ durable }) => answers.push(durable),
      ({ code }: Refusal) => answers.push(code),
    );
    await clock.advance(forMs);
  };
  await send(500);
  const early = answers.length;
  await clock.advance(5_000);
  await send(1_000);
  return { early, answers, calls: kinesis.calls.map((call) => call.map(({ userRecords }) => userRecords)) };
}

describe("an aggregate in a shard that was not expected", () => {
  it("counts when the stream has been resharded: it is where its key belongs", async () => {
    const { early, answers, calls } = await astray(async () => ({ ...BEFORE, shards: evenShards(4) }));
    expect(early).toBe(0);
    // The second time the batch is known.
    expect(answers).toEqual(["stream", "stream"]);
    expect(calls).toEqual([[2]]);
  });

  it("does not count when Kinesis has begun to distribute records: consumers drop it, so it goes again, unaggregated", async () => {
    const { early, answers, calls } = await astray(async () => ({
      ...BEFORE,
      isAuto: true,
      aggregationOff: "AUTO",
    }));
    expect(early).toBe(0);
    expect(answers).toEqual(["stream_unavailable", "stream"]);
    expect(calls).toEqual([[2], [1, 1]]);
  });

  it("does not count as long as nobody knows which it is", async () => {
    const { answers } = await astray(() => Promise.reject(new Error("scripted")));
    expect(answers[0]).toBe("stream_unavailable");
  });
});
