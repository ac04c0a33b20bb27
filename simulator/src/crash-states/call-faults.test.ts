import { FileLog } from "@tonearm/sdk/file-log";
import { expect, it } from "vitest";
import { callsOf, FAILURES, faultAfter, recoverFailing } from "./call-faults.ts";
import { statesOf, workloads } from "./enumerate.ts";

const WORKLOADS = [
  "mae",
  "aaamakaKaoaax",
  "maeamamaeakoamKaa",
  "aaapaoamkpaaxaa",
  "aaaxaahaakaKaoma",
  "aaaaaaaaKoaaaaeam",
  "maKhmaKxmaepoaKa",
];

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
  }
  expect(cases).toBeGreaterThan(9_000);
});

it("a log recovers whichever call of a recovery fails, or is the last of its process", {
  timeout: 600_000,
}, async () => {
  let cases = 0;
  let met = 0;
  for (const workload of workloads(2)) {
    const { distinct } = await statesOf(FileLog, workload, workload.length - 1);
    for (const { image, owed } of distinct) {
      // Neighbours among the states differ by a byte: one of fifteen stands for them.
      if (met++ % 15 > 0) continue;
      const tally = await recoverFailing(FileLog, image(), owed);
      cases += tally.cases;
      expect([workload, tally.fault]).toEqual([workload, undefined]);
    }
  }
  expect(cases).toBeGreaterThan(100_000);
});
