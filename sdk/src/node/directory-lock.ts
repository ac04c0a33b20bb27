/**
 * The lock of a directory is a file that names its holder. Whether that lives can mostly be told at once. Where it cannot, it is
 * asked: whoever wants the directory makes the file `lock.ask`, which a holder that lives removes within a second. A question that
 * nobody has answered for five seconds is put to a holder that is gone, or stands still; its lock is taken. Should it go on later, it
 * finds that out before it calls anything durable, because it looks after every sync whether the lock is still its own: what was
 * synced before the lock was taken, the new holder has found. See `docs/decisions/0024-directory-lock.md`.
 */

import {
  closeSync,
  existsSync,
  linkSync,
  openSync,
  renameSync,
  rmSync,
  unlinkSync,
  writeSync,
} from "node:fs";
import { readFile, unlink } from "node:fs/promises";
import { join } from "node:path";
import { type Cancel, type Clock, sleep } from "../clock.ts";
import { messageOf, TonearmError } from "../errors.ts";
import { isFull } from "../file-log/disk.ts";
import { BALLAST_NAME } from "../file-log/segment-writer.ts";
import { systemClock } from "../system-clock.ts";
import { describeSelf, lifeOf, readOrEmpty } from "./lock-holder.ts";

/** A directory that is this instance's until released, or until others take it because this process stands still. */
export interface DirectoryLock {
  /**
   * Resolves when the directory is this instance's, which may take some seconds after a container was killed.
   * @throws TonearmError `directory_locked` when it is somebody else's, or has become so. Nothing in it may be touched then, and
   *   nothing written since the last call may be called durable.
   */
  check(): Promise<void>;
  release(): void;
}

const ATTEMPTS = 5;
/** How often a holder looks for a question. */
const ANSWER_EVERY_MS = 1_000;
/** A holder that has not answered for so long is gone, or stands still. */
const SILENCE_MS = 5_000;
const LOOK_EVERY_MS = 250;

/**
 * Takes a directory for one instance. The lock of a process or a thread that is gone, killed or powered off, is taken over. A medium
 * that has no room for a lock even without the log's ballast, which is freed for it, is used without one: what it keeps can be
 * sent all the same.
 * @throws TonearmError `directory_locked` naming the process that has it; `directory_unusable` when a lock cannot be made. A
 *   holder that has to be asked is told of by `check` only.
 */
export function lockDirectory(directory: string, clock: Clock = systemClock): DirectoryLock {
  return new Lock(directory, clock);
}

class Lock implements DirectoryLock {
  readonly #directory: string;
  readonly #path: string;
  readonly #clock: Clock;
  readonly #nonce: string;
  readonly #over = new AbortController();
  readonly #taken: Promise<void>;
  /** What stands in the lock while it is ours; undefined as long as it is not, or where there is no room for it. */
  #held: { readonly text: string; readonly file: number } | undefined;
  #stopAnswering: Cancel = () => undefined;

  constructor(directory: string, clock: Clock) {
    this.#directory = directory;
    this.#path = join(directory, "lock");
    this.#clock = clock;
    this.#nonce = Buffer.from(clock.randomBytes(8)).toString("hex");
    this.#taken = this.#take() ? Promise.resolve() : this.#ask();
    this.#taken.catch(() => undefined);
  }

  async check(): Promise<void> {
    await this.#taken;
    if (!this.#held || (await this.#isOwn(this.#held.text))) return;
    const why = "it was taken while this process did not answer, or the lock was removed";
    throw locked(`directory ${this.#directory} is not this instance's any more: ${why}`);
  }

  release(): void {
    this.#over.abort();
    this.#stopAnswering();
    if (!this.#held) return;
    const { text, file } = this.#held;
    this.#held = undefined;
    closeSync(file);
    // One that cannot be removed is stale by now.
    if (readOrEmpty(this.#path) === text) remove(this.#path);
  }

  /** False when it cannot be told whether its holder lives. */
  #take(): boolean {
    for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
      try {
        this.#held = createExclusively(this.#path, this.#nonce);
      } catch (error) {
        if (isFull(error)) {
          if (remove(join(this.#directory, BALLAST_NAME))) continue;
          return true;
        }
        const message = `directory ${this.#directory} cannot be locked (${messageOf(error)}); expected one that this process can write`;
        throw new TonearmError("directory_unusable", message, error);
      }
      if (this.#held) {
        this.#answer();
        return true;
      }
      const holder = readOrEmpty(this.#path);
      const life = lifeOf(holder, this.#path);
      if (life === "alive") throw this.#inUse(holder);
      if (life === "unknown") return false;
      this.#removeStale(holder);
    }
    throw locked(`directory ${this.#directory} is being taken by other processes`);
  }

  /** Asks the holder, whoever that is meanwhile, until the directory is ours. */
  async #ask(): Promise<void> {
    for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
      const holder = readOrEmpty(this.#path);
      if (await this.#isSilent(holder)) this.#removeStale(holder);
      if (this.#over.signal.aborted) break;
      if (this.#take()) return;
    }
    throw locked(`directory ${this.#directory} is being taken by other processes`);
  }

  /**
   * Whether `holder` has not answered for as long as it takes to be sure; false when the lock is another's meanwhile, or nobody's.
   * @throws TonearmError `directory_locked` when it has.
   */
  async #isSilent(holder: string): Promise<boolean> {
    const { signal } = this.#over;
    const endMs = this.#clock.monotonicMs() + SILENCE_MS;
    // Somebody else's question is answered as well.
    closeSync(openSync(this.#askPath, "a", 0o600));
    while (!signal.aborted) {
      await sleep(this.#clock, LOOK_EVERY_MS, signal);
      // In this order: who takes a lock removes the question afterwards.
      const isAnswered = !existsSync(this.#askPath);
      if (readOrEmpty(this.#path) !== holder) return false;
      if (isAnswered) throw this.#inUse(holder, " of another container or machine");
      if (this.#clock.monotonicMs() >= endMs) return true;
    }
    return false;
  }

  /** Answers whoever asks, for as long as the lock is ours. */
  #answer(): void {
    const look = async () => {
      if (!this.#held || !(await this.#isOwn(this.#held.text).catch(() => true))) return;
      await unlink(this.#askPath).catch(() => undefined);
      if (this.#held) this.#stopAnswering = this.#clock.after(ANSWER_EVERY_MS, () => void look());
    };
    remove(this.#askPath);
    this.#stopAnswering = this.#clock.after(ANSWER_EVERY_MS, () => void look());
  }

  async #isOwn(text: string): Promise<boolean> {
    try {
      return (await readFile(this.#path, "utf8")) === text;
    } catch (error) {
      // It may be there and not be readable now: that is no answer.
      if ((error as NodeJS.ErrnoException).code === "ENOENT") return false;
      throw error;
    }
  }

  /** Moves the lock aside before removing it, so that a lock taken a moment ago by someone else is put back. */
  #removeStale(stale: string): void {
    const aside = `${this.#path}.${this.#nonce}`;
    try {
      renameSync(this.#path, aside);
      if (readOrEmpty(aside) !== stale) linkSync(aside, this.#path);
    } catch {
      // Somebody else was quicker; the next attempt sees what they made of it.
    }
    rmSync(aside, { force: true });
  }

  get #askPath(): string {
    return `${this.#path}.ask`;
  }

  #inUse(holder: string, where = ""): TonearmError {
    const what = `is in use by process ${holder.split(" ")[0]}${where}`;
    return locked(`directory ${this.#directory} ${what}; every instance needs a directory of its own`);
  }
}

const locked = (message: string) => new TonearmError("directory_locked", message);

/** Undefined when there is one. When it cannot be written whole, nothing of it stays. */
function createExclusively(path: string, nonce: string) {
  let file: number;
  try {
    file = openSync(path, "wx", 0o600);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "EEXIST") return undefined;
    throw error;
  }
  const text = describeSelf(file, nonce);
  let isWritten = false;
  try {
    isWritten = writeSync(file, text) === text.length;
  } finally {
    if (!isWritten) {
      closeSync(file);
      remove(path);
    }
  }
  if (!isWritten) throw Object.assign(new Error("a part of the lock was written"), { code: "ENOSPC" });
  return { text, file };
}

/** Whether there was such a file, and it is gone. */
function remove(path: string): boolean {
  try {
    unlinkSync(path);
    return true;
  } catch {
    return false;
  }
}
