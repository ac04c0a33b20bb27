import { afterAll, describe, expect, it } from "vitest";
import { startCountingKinesis } from "../support/counting-kinesis.ts";
import { cleanUp } from "../support/devices.ts";
import { runOutage } from "../support/outage-run.ts";

const MIB = 1_048_576;

afterAll(cleanUp);

describe("an outage of Kinesis under load", () => {
  it("costs no event, no refusal, no process and no memory that grows", async () => {
    const load = { server: "kinesalite", devices: 40, batchEvents: 25, pauseMs: 500 } as const;
    const report = await runOutage({ ...load, outageMs: 8_000, faultMs: 2_000, drainMsMax: 60_000 });
    console.log(JSON.stringify(report));
    const { lost, imbalance, exitCode, answers, rssFirst, rssLast, spooledBytesMax } = report;
    expect({ lost, imbalance, exitCode }).toEqual({ lost: 0, imbalance: 0, exitCode: 0 });
    expect(Object.keys(answers).toSorted()).toEqual(["spool", "stream"]);
    expect(spooledBytesMax).toBeGreaterThan(2 * MIB);
    // `pnpm soak:outage` holds memory to ten percent; in so short a time the heap is still finding its size.
    expect(rssLast - rssFirst).toBeLessThan(64 * MIB);
  });

  it("is counted as exactly by a Kinesis that keeps nothing, for loads that no server could keep", async () => {
    const load = { server: "counting", devices: 40, batchEvents: 50, pauseMs: 200 } as const;
    const report = await runOutage({ ...load, outageMs: 4_000, faultMs: 1_000, drainMsMax: 60_000 });
    const { lost, spoilt, imbalance, exitCode, answers, acknowledged } = report;
    expect({ lost, spoilt, imbalance, exitCode }).toEqual({ lost: 0, spoilt: 0, imbalance: 0, exitCode: 0 });
    expect(Object.keys(answers).toSorted()).toEqual(["spool", "stream"]);
    expect(acknowledged).toBeGreaterThan(10_000);
  });

  it("would be found out if it cost something", async () => {
    const counting = await startCountingKinesis();
    const claimed = new Map([["d0", 7]]);
    expect(await counting.count(claimed)).toEqual({ events: 0, duplicates: 0, lost: 7, spoilt: 0 });
    counting.stop();
  });
});
