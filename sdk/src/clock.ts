/**
 * The port through which time and chance enter. Nothing else in the SDK or the relay may ask the machine for
 * either, so that a simulation can own both: same seed, same run.
 */

/** Ends a pending callback; calling it again, or after the callback ran, does nothing. */
export type Cancel = () => void;

/** Time and chance, as one small port. */
export interface Clock {
  /**
   * Wall clock in milliseconds since the Unix epoch. It may be wrong and may jump: it travels with events as
   * data and decides nothing.
   */
  wallMs(): number;
  /** Milliseconds since an arbitrary origin; never goes backwards. Decides every interval. */
  monotonicMs(): number;
  /**
   * Calls `callback` once, not before `delayMs` have passed.
   * @param hold whether the process must stay alive for it. Commits to disk hold; network retries do not,
   *   because what they would send is already on disk.
   */
  after(delayMs: number, callback: () => void, hold?: boolean): Cancel;
  /** A number in [0, 1), for jitter. */
  fraction(): number;
  /** `count` unpredictable bytes, for ids. */
  randomBytes(count: number): Uint8Array;
}

/**
 * Waits `delayMs`, or until `signal` aborts; either way it resolves, so that a shutdown is never held up. The process
 * stays alive meanwhile: somebody is waiting.
 */
export function sleep(clock: Clock, delayMs: number, signal?: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal?.aborted) return resolve();
    const finish = () => {
      signal?.removeEventListener("abort", finish);
      cancel();
      resolve();
    };
    const cancel = clock.after(delayMs, finish, true);
    signal?.addEventListener("abort", finish);
  });
}

/** What `work` comes to; rejects with `late` when that takes longer than `limitMs`. The process stays alive meanwhile. */
export function within<T>(clock: Clock, limitMs: number, work: Promise<T>, late: string): Promise<T> {
  return new Promise((resolve, reject) => {
    const giveUp = () => reject(new Error(`${late} within ${limitMs} ms`));
    const cancel = clock.after(limitMs, giveUp, true);
    work.then(resolve, reject).finally(cancel);
  });
}

/** What `work` resolves to; undefined when that takes longer than `delayMs`. The process stays alive meanwhile. */
export async function inTime<T>(clock: Clock, work: Promise<T>, delayMs: number): Promise<T | undefined> {
  const over = new AbortController();
  const late = sleep(clock, delayMs, over.signal).then(() => undefined);
  try {
    return await Promise.race([work, late]);
  } finally {
    over.abort();
  }
}
