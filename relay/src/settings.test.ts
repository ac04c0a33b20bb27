import { expect, it } from "vitest";
import type { Config } from "./config/schema.ts";
import { batchOf } from "./testing/batches.ts";
import { scriptedPipeline } from "./testing/pipelines.ts";

it("tells devices how long to wait between batches when it is configured to, and else says nothing of it", async () => {
  const answerOf = async (options: Partial<Config>) => {
    const { pipeline, clock } = await scriptedPipeline(options);
    const accept = pipeline.accept(batchOf("d1", 1, 5));
    await clock.advance(5_000);
    return accept;
  };
  expect(await answerOf({})).not.toHaveProperty("settings");
  expect(await answerOf({ deviceFlushIntervalMs: 30_000 })).toMatchObject({
    acked_through: 5,
    settings: { flush_interval_ms: 30_000 },
  });
});
