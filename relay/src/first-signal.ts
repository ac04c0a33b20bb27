import { systemClock } from "@tonearm/sdk/ports";

/** Set for a process that has no reason to outlive the one that started it. */
export const ENDS_WITH_PARENT = "TONEARM_ENDS_WITH_PARENT";
const PARENT_POLL_MS = 500;

/** Resolves at the first request to end, with its name; a second signal then ends the process at once. */
export function firstSignal(): Promise<string> {
  return new Promise((resolve) => {
    for (const signal of ["SIGTERM", "SIGINT"] as const) process.once(signal, () => resolve(signal));
    // A package manager that is told to end kills its shell and leaves us behind: the request was meant for us.
    const { npm_lifecycle_event: script, [ENDS_WITH_PARENT]: endsWithParent } = process.env;
    if ((script ?? endsWithParent) !== undefined) whenOrphaned(process.ppid, () => resolve("parent ended"));
  });
}

function whenOrphaned(parent: number, callback: () => void): void {
  systemClock.after(PARENT_POLL_MS, () =>
    process.ppid === parent ? whenOrphaned(parent, callback) : callback(),
  );
}
