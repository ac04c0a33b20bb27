import { expect, it } from "vitest";
import { timeQualityOf } from "./time-quality.ts";

it.each([
  [null, "unsynced"],
  [0, "synced"],
  [1_000, "synced"],
  [-1_000, "synced"],
  [1_001, "corrected"],
  [-1_001, "corrected"],
  [315_360_000_000, "corrected"],
])("an offset of %j ms is the quality %s", (offsetMs, quality) => {
  expect(timeQualityOf(offsetMs)).toBe(quality);
});
