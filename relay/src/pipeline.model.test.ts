import { holds, QuickClock } from "@tonearm/sdk/testing";
import fc, { type Scheduler } from "fast-check";
import { describe, expect, it } from "vitest";
import type { Batch } from "./batch.ts";
import { checkConfig } from "./config/check.ts";
import type { Config } from "./config/schema.ts";
import { Pipeline } from "./pipeline.ts";
import type { PutEntry } from "./put/put-entry.ts";
import type { PutAnswer } from "./put/putter.ts";
import { batchOf, linesOf } from "./testing/batches.ts";
import { accepted, put as putOne, ScriptedKinesis, SILENT, unreachable } from "./testing/pipelines.ts";
import { linesIn } from "./testing/spools.ts";

const SCHEDULES = 500;
const FEW = { seed: 1, numRuns: 300 };
/** More attempts than any schedule leaves to a sender. */
const ATTEMPTS_MAX = 60;

/** What a call of Kinesis comes to: `half` takes every other record, `mute` takes all and its answer is lost. */
type Outcome = "taken" | "failed" | "half" | "mute";

interface Setting {
  readonly scheduler: Scheduler;
  /** Of the first calls; all others are taken. */
  readonly outcomes: readonly Outcome[];
}

/** Two devices send batches, each in two copies at once, until they are acknowledged. @throws Error with what was broken. */
async function runSchedule({ scheduler, outcomes }: Setting, options: Partial<Config> = {}): Promise<void> {
  const clock = new QuickClock();
  const kinesis = new ScriptedKinesis();
  const { put, loadShape } = kinesis;
  const config = checkConfig({ insecure: true, failuresToOpen: 50, resendEpochsMax: 100, ...options });
  const pipeline = new Pipeline(config, { clock, log: SILENT, put, loadShape, spool: undefined });
  await pipeline.start();
  const inStream: PutEntry[] = [];
  let calls = 0;
  kinesis.answer = async (entries) => {
    const outcome = outcomes[calls++] ?? "taken";
    await scheduler.schedule(Promise.resolve(), `a call is ${outcome}`);
    const answer = answerOf(outcome, entries);
    const isTaken = (i: number) =>
      outcome === "mute" || (answer.kind === "answered" && answer.results[i]!.ok);
    // What an answered record stood in is used again.
    const taken = entries.filter((_, i) => isTaken(i));
    inStream.push(...taken.map((entry) => ({ ...entry, data: Buffer.from(entry.data) })));
    return answer;
  };
  const batches = ["d1", "d2"].map((device) => [
    batchOf(device, 1, 3),
    batchOf(device, 4, 2),
    batchOf(device, 6, 4),
  ]);
  let isOver = false;
  const time = async () => {
    while (!isOver) {
      await scheduler.schedule(Promise.resolve(), "time passes");
      await clock.advance(150);
    }
  };
  const deliver = async (batch: Batch) => {
    for (let attempt = 0; attempt < ATTEMPTS_MAX; attempt++) {
      await scheduler.schedule(Promise.resolve(), `${batch.device}/${batch.firstSeq} is sent`);
      const answer = await pipeline.accept(batch).catch(() => undefined);
      if (answer) return;
    }
    throw new Error(`${batch.device}/${batch.firstSeq} is never acknowledged`);
  };
  const devices = batches.map(async (ofDevice) => {
    for (const batch of ofDevice) await Promise.all([deliver(batch), deliver(batch)]);
  });
  const all = Promise.all(devices).finally(() => {
    isOver = true;
  });
  await scheduler.waitFor(Promise.all([all, time()]));
  await clock.advance(1_000);
  check(linesIn([inStream]), batches);
  if (pipeline.book.imbalance !== 0) throw new Error(`the book is out by ${pipeline.book.imbalance}`);
}

/** Every line is in the stream, once, those of a device in their order. */
function check(lines: readonly string[], batches: readonly (readonly Batch[])[]): void {
  for (const ofDevice of batches) {
    const wanted = ofDevice.flatMap(linesOf);
    const got = lines.filter((line) => line.includes(`"device":"${ofDevice[0]!.device}"`));
    if (got.join("") !== wanted.join(""))
      throw new Error(
        `${got.length} lines for ${wanted.length}: ${got.map((line) => line.slice(0, 60)).join(" ")}`,
      );
  }
}

function answerOf(outcome: Outcome, entries: readonly PutEntry[]): PutAnswer {
  if (outcome === "taken") return accepted(entries);
  if (outcome !== "half") return unreachable();
  const throttled = { ok: false, code: "ProvisionedThroughputExceededException" } as const;
  return { kind: "answered", results: entries.map((entry, i) => (i % 2 === 0 ? putOne(entry) : throttled)) };
}

const settings = (outcomes: readonly Outcome[]) =>
  fc.record({
    scheduler: fc.scheduler(),
    outcomes: fc.array(fc.constantFrom(...outcomes), { maxLength: 6 }),
  });
const schedules = (outcomes: readonly Outcome[], options?: Partial<Config>) =>
  fc.asyncProperty(settings(outcomes), (setting) => runSchedule(setting, options));

describe("batches that are sent twice at once, through a relay whose calls end in any order", () => {
  it("come into the stream once, in their order", { timeout: 600_000 }, async () => {
    const real = schedules(["taken", "failed", "half"]);
    expect(await holds(real, SCHEDULES, "pipeline.model")).toBeGreaterThan(0);
  });

  it("come twice when a call takes effect and its answer is lost (control)", async () => {
    expect((await fc.check(schedules(["taken", "mute"]), FEW)).failed).toBe(true);
  });

  it("come twice when the relay has forgotten what it accepted (control)", async () => {
    expect((await fc.check(schedules(["taken"], { resendEpochsMax: 1 }), FEW)).failed).toBe(true);
  });
});
