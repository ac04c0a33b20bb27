import { check } from "./check.ts";
import { type Image, type JournalDisk, systemError } from "./journal-disk.ts";
import type { Owed } from "./promises.ts";
import { type LogClass, Workload } from "./workload.ts";

/** How a call fails: with the system's error, or, for a write, by taking only a few bytes. */
export const FAILURES = ["EIO", "ENOSPC", "EROFS", "EMFILE", "short"] as const;
type Failure = (typeof FAILURES)[number];

const SHORT_BYTES = 7;

/** Which calls fail, counted from 1, and how. */
export interface CallFault {
  readonly from: number;
  readonly through: number;
  readonly failure: Failure;
}

/** Lets the calls of `disk` fail from now on, as the fault says; `onFailure` is told of each that does. */
function failing(
  disk: JournalDisk,
  { from, through, failure }: CallFault,
  onFailure: (operation: string) => void = () => undefined,
): void {
  const before = disk.calls;
  disk.onCall = (operation) => {
    const call = disk.calls - before;
    if (call < from || call > through) return undefined;
    if (failure === "short") return operation === "write" ? SHORT_BYTES : undefined;
    onFailure(operation);
    throw systemError(failure);
  };
}

/** How many calls a workload makes of its disk when all of them succeed. */
export async function callsOf(Log: LogClass, workload: string): Promise<number> {
  const run = new Workload(Log);
  await run.run(workload);
  return run.disk.calls;
}

/**
 * A workload on a disk some of whose calls fail, and then a power cut, or the end of the process: what was said to be durable
 * is there. A file that the disk does not give back may be set aside for good, though: then nobody may say where its
 * epoch ended. @returns what was not kept; undefined when everything was.
 */
export async function faultAfter(
  Log: LogClass,
  workload: string,
  fault: CallFault,
): Promise<string | undefined> {
  const run = new Workload(Log);
  let isUnread = false;
  failing(run.disk, fault, (operation) => {
    // A file that could not be read for want of a handle waits for the next start, or goes in a purge, unread.
    const isGone = fault.failure !== "EMFILE" || workload.includes("p");
    isUnread ||= isGone && ["list", "size", "read"].includes(operation);
  });
  await run.run(workload);
  if (run.falseClaim !== undefined) return run.falseClaim;
  run.disk.onCall = () => undefined;
  const snapshot = run.promises.snapshot();
  const owed = isUnread ? { ...snapshot, owed: new Set<string>() } : snapshot;
  // What a failing call left unsaid may be known no more: where an epoch ends, above all.
  const asBefore = { meddle: () => undefined };
  return (
    (await check(Log, run.disk.cut(), owed, asBefore)) ??
    (await check(Log, run.disk.killed(), owed, asBefore))
  );
}

/** What came of a recovery whose calls failed, one after another. */
export interface RecoveryTally {
  cases: number;
  fault: string | undefined;
}

/** Recovers from `image` again and again, each time with another call failing, or the last one of the process. */
export async function recoverFailing(Log: LogClass, image: Image, owed: Owed): Promise<RecoveryTally> {
  const tally: RecoveryTally = { cases: 0, fault: undefined };
  let whole: JournalDisk | undefined;
  const remember = (disk: JournalDisk) => {
    whole = disk;
  };
  tally.fault = await check(Log, image, owed, { meddle: remember });
  for (let from = 1; from <= whole!.calls; from++) {
    for (const { failure, through, leave } of RECOVERY_FAULTS) {
      let isUnread = false;
      let isUnlisted = false;
      const meddle = (disk: JournalDisk) => {
        failing(disk, { from, through: from + through, failure }, (operation) => {
          isUnlisted ||= operation === "list";
          isUnread ||= through === 0 && failure === "EIO" && ["size", "read"].includes(operation);
        });
      };
      tally.cases++;
      const what = await check(Log, image, owed, { meddle, leave, mayFail: () => isUnlisted });
      if (what === undefined || isUnread) continue;
      tally.fault = `${failure} at call ${from} of recovery: ${what}`;
      return tally;
    }
  }
  return tally;
}

/** One call fails; or all from it on do, which is how the end of a process looks to its disk. */
const RECOVERY_FAULTS = [
  { failure: "EIO", through: 0, leave: (disk: JournalDisk) => disk.cut() },
  { failure: "ENOSPC", through: 0, leave: (disk: JournalDisk) => disk.cut() },
  { failure: "EMFILE", through: 0, leave: (disk: JournalDisk) => disk.killed() },
  { failure: "EIO", through: Number.POSITIVE_INFINITY, leave: (disk: JournalDisk) => disk.cut() },
  { failure: "EIO", through: Number.POSITIVE_INFINITY, leave: (disk: JournalDisk) => disk.killed() },
] as const;
