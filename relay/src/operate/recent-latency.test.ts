import { Histogram } from "prom-client";
import { describe, expect, it } from "vitest";
import { RecentLatency } from "./recent-latency.ts";

function measured() {
  const histogram = new Histogram({
    name: "seconds",
    help: "Seconds.",
    labelNames: ["durable"],
    buckets: [0.1, 0.2, 1],
    registers: [],
  });
  return { histogram, latency: new RecentLatency(histogram) };
}

describe("the latency of late", () => {
  it("is unknown when nothing was answered", async () => {
    expect(await measured().latency.quantiles([0.5])).toBeUndefined();
  });

  it("lies within the bucket that holds the quantile, over all labels", async () => {
    const { histogram, latency } = measured();
    for (let i = 0; i < 50; i++) histogram.observe({ durable: "stream" }, 0.05);
    for (let i = 0; i < 50; i++) histogram.observe({ durable: "spool" }, 0.15);
    expect(await latency.quantiles([0.25, 0.75, 1])).toEqual([50, expect.closeTo(150), expect.closeTo(200)]);
  });

  it("forgets what was more than a minute ago", async () => {
    const { histogram, latency } = measured();
    for (let i = 0; i < 100; i++) histogram.observe({ durable: "stream" }, 0.9);
    await latency.sample();
    histogram.observe({ durable: "stream" }, 0.05);
    expect(await latency.quantiles([0.5])).toEqual([50]);
    for (let i = 0; i < 12; i++) await latency.sample();
    expect(await latency.quantiles([0.5])).toBeUndefined();
  });

  it("is the last bound for what took longer than any", async () => {
    const { histogram, latency } = measured();
    histogram.observe({ durable: "stream" }, 60);
    expect(await latency.quantiles([0.99])).toEqual([1_000]);
  });
});
