import { afterAll, describe, expect, it } from "vitest";
import { cleanUp } from "../support/devices.ts";
import { runOutage } from "../support/outage-run.ts";

const MIB = 1_048_576;

afterAll(cleanUp);

describe("an outage of Kinesis under load", () => {
  it("costs no event, no refusal, no process and no memory that grows", async () => {
    const load = { devices: 40, batchEvents: 25, pauseMs: 500 };
    const report = await runOutage({ ...load, outageMs: 8_000, faultMs: 2_000, drainMsMax: 60_000 });
    console.log(JSON.stringify(report));
    const { lost, imbalance, exitCode, answers, rssFirst, rssLast, spooledBytesMax } = report;
    expect({ lost, imbalance, exitCode }).toEqual({ lost: 0, imbalance: 0, exitCode: 0 });
    expect(Object.keys(answers).toSorted()).toEqual(["spool", "stream"]);
    expect(spooledBytesMax).toBeGreaterThan(2 * MIB);
    // `pnpm soak:outage` holds memory to ten percent; in so short a time the heap is still finding its size.
    expect(rssLast - rssFirst).toBeLessThan(64 * MIB);
  });
});
