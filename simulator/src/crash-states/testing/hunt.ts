import { callsOf, faultAfter, recoverFailing } from "../call-faults.ts";
import { checkRotten } from "../check.ts";
import { enumerate, longWorkloads, statesOf, workloads } from "../enumerate.ts";
import type { LogClass } from "../workload.ts";

const SHOWN = 1;
/** A few operations that show what one does not. */
const FEW = ["ok", "oK", "pk", "kx", "ek", "hK", "oka"];
/** Long enough for several segments, with everything that can happen to them. */
const FAILING = ["mae", "maeamamaeakoamKaa", "aaaxaahaakaKaoma"];
/** Acknowledges one after another, and leaves a file of which nothing is. */
const TRIMMING = "aaaaaakkkkkkkkaakkkkk";

/**
 * Everything there is against a log, the quickest first; returns the promise that it broke, or undefined.
 * @throws whatever the log throws where none of its promises is looked at: a bug that stumbles over itself shows nothing of them.
 */
export async function hunt(Log: LogClass): Promise<string | undefined> {
  const short = await enumerate(Log, [...workloads(SHOWN), ...FEW], SHOWN);
  if (short.fault) return JSON.stringify(short.fault);
  for (const workload of FAILING) {
    const calls = await callsOf(Log, workload);
    for (let from = 1; from <= calls; from++) {
      for (const failure of ["EIO", "short"] as const) {
        const what = await faultAfter(Log, workload, { from, through: from, failure });
        if (what !== undefined) return `${workload}, ${failure} at call ${from}: ${what}`;
      }
    }
  }
  const { distinct } = await statesOf(Log, "mxaok", 0);
  for (const { image, owed } of distinct.slice(0, 50)) {
    const { fault } = await recoverFailing(Log, image(), owed);
    if (fault !== undefined) return fault;
  }
  for (const { image, owed } of (await statesOf(Log, TRIMMING, 0)).distinct) {
    const what = await checkRotten(Log, image(), owed);
    if (what !== undefined) return what;
  }
  const long = await enumerate(Log, longWorkloads(1, 40, "hunt"), SHOWN);
  return long.fault && JSON.stringify(long.fault);
}
