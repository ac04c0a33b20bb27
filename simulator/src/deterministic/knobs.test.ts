import { createHash } from "node:crypto";
import { expect, it } from "vitest";
import { Random } from "../listening/random.ts";
import { drawKnobs, KNOBS_VERSION, type Knobs } from "./knobs.ts";

/** Of the knobs that a hundred seeds draw. */
const HASH_BY_VERSION: Readonly<Record<number, string>> = {
  1: "ee46bb762aed79522439c1af67b7fe28c0eab0d927f05a200213001516cc8b09",
  2: "ebfafd1c8058f9912af27145c75cf9e6df8e67d292533ba82e0a4ee787aac9b3",
};

const drawn = (seed: number): Knobs => drawKnobs(new Random(String(seed)).fork("knobs"));

/** Every fault that a run may be free of. */
const FAULTS: readonly ((knobs: Knobs) => boolean)[] = [
  ({ burstsPerHour, badEventShare }) => burstsPerHour > 0 && badEventShare > 0,
  ({ crashesPerHour, powerCutShare }) => crashesPerHour > 0 && powerCutShare > 0,
  ({ closesPerHour }) => closesPerHour > 0,
  ({ consentChangesPerHour }) => consentChangesPerHour > 0,
  ({ clockJumpsPerHour }) => clockJumpsPerHour > 0,
  ({ diskFull, diskFailing, fileShortage }) =>
    [diskFull, diskFailing, fileShortage].every(({ perHour }) => perHour > 0),
  ({ bitFlipsPerHour }) => bitFlipsPerHour > 0,
  ({ lostRequestShare, lostAnswerShare, duplicateShare }) =>
    lostRequestShare > 0 && lostAnswerShare > 0 && duplicateShare > 0,
  ({ partition, proxy }) => partition.perHour > 0 && proxy.perHour > 0,
  ({ relays, hasSpool }) => relays === 2 && hasSpool,
  ({ relayCrashesPerHour, relayRestartsPerHour }) => relayCrashesPerHour > 0 && relayRestartsPerHour > 0,
  ({ refusedEventShare, relayCutOff }) => refusedEventShare > 0 && relayCutOff.perHour > 0,
  ({ auto, reshardsPerHour }) => auto === "later" && reshardsPerHour > 0,
  ({ failedCallShare, failedRecordShare }) => failedCallShare > 0 && failedRecordShare > 0,
  ({ lostPutAnswerShare, latePutShare }) => lostPutAnswerShare > 0 && latePutShare > 0,
  ({ throttling, outage }) => throttling.perHour > 0 && outage.perHour > 0,
];

it("some of the 200 seeds have every fault at once, and every fault is absent from some", () => {
  const all = Array.from({ length: 200 }, (_, i) => drawn(i + 1));
  expect(all.filter((knobs) => FAULTS.every((has) => has(knobs))).length).toBeGreaterThanOrEqual(10);
  for (const has of FAULTS) expect(all.filter((knobs) => !has(knobs)).length).toBeGreaterThan(10);
});

it("a version of the knobs is what its seeds draw: whoever changes that raises KNOBS_VERSION", () => {
  const hash = createHash("sha256");
  for (let seed = 1; seed <= 100; seed++) hash.update(JSON.stringify(drawn(seed)));
  expect(hash.digest("hex")).toBe(HASH_BY_VERSION[KNOBS_VERSION]);
});
