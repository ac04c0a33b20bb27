import { expect, it } from "vitest";
import { StoredTimes } from "./stored-times.ts";

it("knows to a second when a batch was stored", () => {
  const times = new StoredTimes();
  for (let i = 0; i < 1_000; i++) times.stored(1 + i, i * 10);
  expect(times.storedMs(1)).toBe(0);
  expect(times.storedMs(500)).toBe(4_000);
  expect(times.storedMs(1_000)).toBe(9_000);
});

it("keeps so many marks and no more, however long an outage lasts, and is then less exact", () => {
  const times = new StoredTimes();
  const hour = 3_600_000;
  for (let i = 0; i < 48 * 60 * 60; i++) times.stored(1 + i, i * 1_000);
  const storedMs = times.storedMs(1 + 24 * 60 * 60)!;
  expect(storedMs).toBeLessThanOrEqual(24 * hour);
  expect(storedMs).toBeGreaterThan(24 * hour - 120_000);
});
