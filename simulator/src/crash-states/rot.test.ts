import { FileLog } from "@tonearm/sdk/file-log";
import { expect, it } from "vitest";
import { checkRotten } from "./check.ts";
import { statesOf } from "./enumerate.ts";

it("what is declared damaged after a crash had not been acknowledged and removed before it", {
  timeout: 120_000,
}, async () => {
  let states = 0;
  for (const workload of ["aaaaaakkkkkkkkaakkkkk", "maeamamaeakoamKaa"]) {
    for (const { image, owed } of (await statesOf(FileLog, workload, 0)).distinct) {
      states++;
      expect(await checkRotten(FileLog, image(), owed), workload).toBeUndefined();
    }
  }
  expect(states).toBeGreaterThan(7_000);
});
