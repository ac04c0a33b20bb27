import { describe, expect, it } from "vitest";
import type { Metric } from "./metric.ts";
import { makeRegistry } from "./registry.ts";

const common = { name: "tonearm_things_total", help: "Things.", type: "counter" } as const;

const pageOf = (metric: Metric): Promise<string> => makeRegistry([metric]).metrics();

describe("a metric", () => {
  it("is read when the page is asked for, every time", async () => {
    let things = 1;
    const registry = makeRegistry([{ ...common, read: () => things }]);
    expect(await registry.metrics()).toContain("tonearm_things_total 1\n");
    things = 41;
    expect(await registry.metrics()).toContain("tonearm_things_total 41\n");
  });

  it("has no line while it has no value", async () => {
    expect(await pageOf({ ...common, type: "gauge", read: () => undefined })).not.toMatch(/^tonearm/m);
  });

  it("has a series for each value of its label", async () => {
    const read = () => ({ stale: 2, fresh: 3 });
    const page = await pageOf({ ...common, label: "kind", read: () => Object.entries(read()) });
    expect(page).toContain('tonearm_things_total{kind="stale"} 2\n');
    expect(page).toContain('tonearm_things_total{kind="fresh"} 3\n');
  });

  it("has so many series and no more: the rest is one, and nothing is lost of the sum", async () => {
    const read = () => Array.from({ length: 5_000 }, (_, i) => [`shard-${i}`, 1] as const);
    const page = await pageOf({ ...common, label: "shard", read });
    const values = [...page.matchAll(/^tonearm_things_total\{.*\} (\d+)$/gm)].map(([, value]) =>
      Number(value),
    );
    expect(values).toHaveLength(1_001);
    expect(values.reduce((sum, value) => sum + value, 0)).toBe(5_000);
  });

  it.each(['"}\nup 1', "a\u2028b", "\u001b[31m", "x".repeat(1_000), ""])(
    "shows nothing of a label's value that is no name: %j",
    async (given) => {
      const page = await pageOf({ ...common, label: "shard", read: () => [[given, 7]] });
      expect(page.split("\n").slice(2)).toEqual(['tonearm_things_total{shard="other"} 7', ""]);
    },
  );

  it("cannot have the name of another", () => {
    const metric: Metric = { ...common, read: () => 1 };
    expect(() => makeRegistry([metric, metric])).toThrow("already been registered");
  });
});
