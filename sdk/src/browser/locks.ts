/** Gives a lock back. */
export type Release = () => void;

/** The Web Locks of this origin; undefined where there are none, such as on a page that is not served securely. */
export const webLocks = (): LockManager | undefined => (globalThis.navigator as Navigator | undefined)?.locks;

/**
 * Takes a lock, and keeps it until it is given back or `signal` aborts. A process that dies gives its locks back.
 * @param wait whether to wait for it when somebody has it.
 * @returns undefined when it cannot be had, or `signal` aborts before.
 */
export function takeLock(
  locks: LockManager,
  name: string,
  wait: boolean,
  signal?: AbortSignal,
): Promise<Release | undefined> {
  return new Promise((resolve) => {
    const held = (lock: Lock | null) => {
      if (!lock || signal?.aborted) return resolve(undefined);
      return new Promise<void>((release) => {
        signal?.addEventListener("abort", () => release());
        resolve(release);
      });
    };
    const options = wait && signal ? { signal } : { ifAvailable: !wait };
    locks.request(name, options, held).catch(() => resolve(undefined));
  });
}
