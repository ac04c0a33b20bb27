import { FileLog } from "@tonearm/sdk/file-log";
import { expect, it } from "vitest";
import { enumerate, workloads } from "./enumerate.ts";

const LENGTH = 3;

it(`a log comes back from every crash in every workload of up to ${LENGTH} operations`, {
  timeout: 600_000,
}, async () => {
  const { states, distinct, fault } = await enumerate(FileLog, workloads(LENGTH), LENGTH);
  expect(fault).toBeUndefined();
  expect(states).toBeGreaterThan(800_000);
  expect(distinct).toBeGreaterThan(150_000);
});
