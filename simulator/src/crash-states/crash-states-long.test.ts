import { FileLog } from "@tonearm/sdk/file-log";
import { expect, it } from "vitest";
import { enumerate, longWorkloads } from "./enumerate.ts";

it("a log comes back from every crash in workloads of 40 operations", { timeout: 600_000 }, async () => {
  const { states, distinct, fault } = await enumerate(FileLog, longWorkloads(20, 40, "long"), 0);
  expect(fault).toBeUndefined();
  expect(states).toBeGreaterThan(200_000);
  expect(distinct).toBeGreaterThan(150_000);
});
