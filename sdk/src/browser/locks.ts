/** Gives a lock back. */
export type Release = () => void;

/** The Web Locks of this origin; undefined where there are none, such as on a page that is not served securely. */
export const webLocks = (): LockManager | undefined => (globalThis.navigator as Navigator | undefined)?.locks;

/**
 * Takes a lock for as long as wished. A process that dies gives its locks back.
 * @returns undefined when `ifAvailable` was asked for and somebody has it.
 */
export function takeLock(
  locks: LockManager,
  name: string,
  options: LockOptions = {},
): Promise<Release | undefined> {
  return new Promise((resolve, reject) => {
    const held = (lock: Lock | null) => {
      if (lock) return new Promise<void>((release) => resolve(release));
      resolve(undefined);
      return undefined;
    };
    locks.request(name, options, held).catch(reject);
  });
}
