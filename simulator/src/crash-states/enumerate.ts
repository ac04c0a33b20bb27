import { Random } from "../listening/random.ts";
import { check } from "./check.ts";
import { type CrashState, crashStates } from "./crash-images.ts";
import type { Image } from "./journal-disk.ts";
import type { Owed } from "./promises.ts";
import { type LogClass, OPERATIONS, Workload } from "./workload.ts";

/** A state that a log did not come back from as it had promised. */
interface CrashFault {
  readonly workload: string;
  /** Which of the workload's states, from 0. */
  readonly state: number;
  readonly what: string;
}

/** Every workload of up to `length` operations. */
export function* workloads(length: number): Generator<string> {
  let last = [""];
  for (let of = 1; of <= length; of++) {
    last = last.flatMap((before) => OPERATIONS.map((operation) => before + operation));
    yield* last;
  }
}

/**
 * The distinct states that crashes during a workload may leave, with what is owed then, and how many there were in all.
 * @param known what so many first operations lead to is counted, and left out: a shorter workload has shown it.
 */
export async function statesOf(
  Log: LogClass,
  workload: string,
  known: number,
): Promise<{ readonly states: number; readonly distinct: readonly { image(): Image; owed: Owed }[] }> {
  let states = 0;
  const distinct = new Map<string, { readonly state: CrashState; readonly owed: Owed }>();
  let snapshot: Owed | undefined;
  let version = -1;
  const run = new Workload(Log, (disk) => {
    const { promises } = run;
    if (promises.version !== version) snapshot = undefined;
    version = promises.version;
    snapshot ??= promises.snapshot();
    for (const state of crashStates(disk)) {
      states++;
      if (run.begun <= known) continue;
      const key = `${version} ${state.key}`;
      if (!distinct.has(key)) distinct.set(key, { state, owed: snapshot });
    }
  });
  await run.run(workload);
  const found = Array.from(distinct.values(), ({ state, owed }) => ({ image: () => state.image(), owed }));
  return { states, distinct: found };
}

/** Long workloads, drawn from a seed. */
export function* longWorkloads(count: number, length: number, seed: string): Generator<string> {
  const random = new Random(seed);
  // Mostly commits: they are what there is to lose.
  const draw = () => (random.chance(0.5) ? "a" : random.pick(OPERATIONS));
  for (let left = count; left > 0; left--) yield Array.from({ length }, draw).join("");
}

/** What came of many crashes. */
export interface Tally {
  states: number;
  /** States that differ: only these are recovered from. */
  distinct: number;
  fault: CrashFault | undefined;
}

/**
 * Crashes at every step of every workload; ends at the first fault.
 * @param shown every workload of up to so many operations is among those given, or was tried before.
 */
export async function enumerate(Log: LogClass, given: Iterable<string>, shown: number): Promise<Tally> {
  const tally: Tally = { states: 0, distinct: 0, fault: undefined };
  for (const workload of given) {
    // The first workload of one operation shows the beginning, too.
    const known = workload === OPERATIONS[0] ? -1 : Math.min(shown, workload.length - 1);
    const { states, distinct } = await statesOf(Log, workload, known);
    tally.states += states;
    for (const [state, { image, owed }] of distinct.entries()) {
      tally.distinct++;
      const what = await check(Log, image(), owed);
      if (what === undefined) continue;
      tally.fault = { workload, state, what };
      return tally;
    }
  }
  return tally;
}
