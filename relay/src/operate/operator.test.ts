import { describe, expect, it } from "vitest";
import { batchOf } from "../testing/batches.ts";
import { scriptedPipeline, unreachable } from "../testing/pipelines.ts";
import { SAMPLE_INTERVAL_MS } from "./history.ts";

type Scripted = Awaited<ReturnType<typeof scriptedPipeline>>;

async function accept({ pipeline, clock }: Scripted, device: string, count: number, firstSeq = 1) {
  const accepted = pipeline.accept(batchOf(device, firstSeq, count)).catch((error: Error) => error);
  await clock.advance(20_000);
  return accepted;
}

const metricsOf = async ({ operator }: Scripted): Promise<string> => (await operator.page("/metrics"))!.body;

const statusOf = async ({ operator }: Scripted) => JSON.parse((await operator.page("/status.json"))!.body);

describe("the page for Prometheus", () => {
  it("shows every column of the book", async () => {
    const relay = await scriptedPipeline();
    await accept(relay, "d1", 5);
    await accept(relay, "d1", 5);
    relay.kinesis.answer = unreachable;
    await accept(relay, "d2", 3);
    const page = await metricsOf(relay);
    for (const line of [
      "tonearm_events_received_total 13",
      "tonearm_events_delivered_total 5",
      "tonearm_events_duplicates_total 5",
      'tonearm_events_rejected_total{code="stream_unavailable"} 3',
      "tonearm_events_spooled 0",
      "tonearm_events_in_flight 0",
      "tonearm_book_imbalance_events 0",
      "tonearm_book_mismatches_total 0",
    ]) {
      expect(page).toContain(`\n${line}\n`);
    }
  });

  it("shows what each shard took, and the aggregation ratio", async () => {
    const relay = await scriptedPipeline();
    await accept(relay, "d1", 40);
    const page = await metricsOf(relay);
    expect(page).toMatch(/^tonearm_shard_records_total\{shard="shard-[01]"\} 1$/m);
    expect(page).toMatch(/^tonearm_shard_bytes_total\{shard="shard-[01]"\} \d{4}$/m);
    expect(page).toContain("\ntonearm_aggregation_ratio 40\n");
    expect(page).toContain('\ntonearm_circuit_state{state="closed"} 1\n');
  });

  it("shows records that a shard had no room for, by the code of Kinesis", async () => {
    const relay = await scriptedPipeline();
    relay.kinesis.answer = (entries) => ({
      kind: "answered",
      results: entries.map(() => ({ ok: false, code: "ProvisionedThroughputExceededException" })),
    });
    await accept(relay, "d1", 1);
    const page = await metricsOf(relay);
    const code = "ProvisionedThroughputExceededException";
    expect(page).toMatch(new RegExp(`^tonearm_put_records_refused_total\\{code="${code}"\\} [1-9]`, "m"));
    expect(page).toMatch(/^tonearm_shard_throttled_total\{shard="shard-[01]"\} [1-9]/m);
  });

  it("never shows a byte that a sender chose", async () => {
    const relay = await scriptedPipeline();
    await accept(relay, "canary-device", 5);
    expect((await metricsOf(relay)) + JSON.stringify(await statusOf(relay))).not.toContain("canary");
  });
});

describe("the status", () => {
  it("has ten minutes of rates and no more", async () => {
    const relay = await scriptedPipeline();
    relay.operator.start();
    await accept(relay, "d1", 50);
    await relay.clock.advance(SAMPLE_INTERVAL_MS);
    const { history } = await statusOf(relay);
    const delivered = history.samples.reduce(
      (sum: number, sample: { delivered: number }) => sum + sample.delivered * (SAMPLE_INTERVAL_MS / 1_000),
      0,
    );
    expect(delivered).toBeCloseTo(50);
    await relay.clock.advance(3_600_000);
    expect((await statusOf(relay)).history.samples).toHaveLength(120);
    relay.operator.stop(0);
  });

  it("lists the open shards in the order of their keys", async () => {
    const relay = await scriptedPipeline();
    const { shard_loads } = await statusOf(relay);
    expect(shard_loads).toMatchObject([{ id: "shard-0" }, { id: "shard-1" }]);
  });
});
