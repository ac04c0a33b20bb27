import { FileLog } from "@tonearm/sdk/file-log";
import { chosenSeed, tally } from "@tonearm/sdk/testing";
import { expect, it } from "vitest";
import { callsOf, FAILURES, faultAfter, recoverFailing } from "./call-faults.ts";
import { longWorkloads, statesOf, workloads } from "./enumerate.ts";

const SEED = chosenSeed();
const CHOSEN = [
  "mae",
  "aaamakaKaoaax",
  "maeamamaeakoamKaa",
  "aaapaoamkpaaxaa",
  "aaaxaahaakaKaoma",
  "aaaaaaaaKoaaaaeam",
  "maKhmaKxmaepoaKa",
  // Found by the soak.
  "aaaaaKaaeahkaa",
];
/** Chosen by hand, and by any other seed. */
const WORKLOADS = SEED === 1 ? CHOSEN : [...longWorkloads(CHOSEN.length, 14, `faults ${SEED}`)];
/** Neighbours among the states differ by a byte: one of so many stands for them. */
const ONE_OF = 15;

it("a log keeps what it promised whichever of its calls fails, once, for a while or from then on", {
  timeout: 600_000,
}, async () => {
  let cases = 0;
  for (const workload of WORKLOADS) {
    const calls = await callsOf(FileLog, workload);
    for (let from = 1; from <= calls; from++) {
      for (const through of [from, from + 5, Number.POSITIVE_INFINITY]) {
        for (const failure of FAILURES) {
          cases++;
          const what = await faultAfter(FileLog, workload, { from, through, failure });
          expect([workload, failure, from, through, what]).toEqual([
            workload,
            failure,
            from,
            through,
            undefined,
          ]);
        }
      }
    }
    tally(calls * 3 * FAILURES.length);
  }
  // Workloads that are drawn make fewer calls.
  expect(cases).toBeGreaterThan(SEED === 1 ? 9_000 : 1_000);
});

it("a log recovers whichever call of a recovery fails, or is the last of its process", {
  timeout: 600_000,
}, async () => {
  let cases = 0;
  let met = 0;
  for (const workload of workloads(2)) {
    const { distinct } = await statesOf(FileLog, workload, workload.length - 1);
    for (const { image, owed } of distinct) {
      if (met++ % ONE_OF !== (SEED - 1) % ONE_OF) continue;
      const recovered = await recoverFailing(FileLog, image(), owed);
      cases += recovered.cases;
      expect([workload, recovered.fault]).toEqual([workload, undefined]);
      tally(recovered.cases);
    }
  }
  expect(cases).toBeGreaterThan(100_000);
});
