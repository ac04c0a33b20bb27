import {
  closeSync,
  linkSync,
  openSync,
  readFileSync,
  renameSync,
  rmSync,
  unlinkSync,
  writeSync,
} from "node:fs";
import { join } from "node:path";
import { messageOf, TonearmError } from "../errors.ts";
import { isFull } from "../file-log/disk.ts";
import { BALLAST_NAME } from "../file-log/segment-writer.ts";

/** A directory that is this instance's until released. */
export interface DirectoryLock {
  release(): void;
}

const ATTEMPTS = 5;

/**
 * Takes a directory for one instance. The lock of a process that is gone, killed or powered off, is taken over. Should
 * two starters ever both win, nothing breaks: segments are created exclusively and epochs are their own; the events of
 * earlier runs would be sent twice. So a medium that has no room for a lock even without the log's ballast, which is freed
 * for it, is used without one: what it keeps can be sent all the same.
 * @throws TonearmError `directory_locked` naming the process that has it; `directory_unusable` when a lock cannot be made.
 */
export function lockDirectory(directory: string): DirectoryLock {
  const path = join(directory, "lock");
  const mine = describeSelf();
  for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
    try {
      if (createExclusively(path, mine)) return { release: () => releaseIfMine(path, mine) };
    } catch (error) {
      if (isFull(error)) {
        if (remove(join(directory, BALLAST_NAME))) continue;
        return { release: () => undefined };
      }
      const message = `directory ${directory} cannot be locked (${messageOf(error)}); expected one that this process can write`;
      throw new TonearmError("directory_unusable", message, error);
    }
    const holder = readOrEmpty(path);
    if (isAlive(holder)) {
      const pid = holder.split(" ")[0];
      throw new TonearmError(
        "directory_locked",
        `directory ${directory} is in use by process ${pid}; every instance needs a directory of its own`,
      );
    }
    removeStale(path, holder);
  }
  throw new TonearmError("directory_locked", `directory ${directory} is being taken by other processes`);
}

/** False when there is one. When it cannot be written whole, nothing of it stays. */
function createExclusively(path: string, content: string): boolean {
  let file: number;
  try {
    file = openSync(path, "wx", 0o600);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "EEXIST") return false;
    throw error;
  }
  let isWritten = false;
  try {
    isWritten = writeSync(file, content) === content.length;
  } finally {
    closeSync(file);
    if (!isWritten) remove(path);
  }
  if (!isWritten) throw Object.assign(new Error("a part of the lock was written"), { code: "ENOSPC" });
  return true;
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

/** Moves the lock aside before removing it, so that a lock taken a moment ago by someone else is put back. */
function removeStale(path: string, stale: string): void {
  const aside = `${path}.${process.pid}`;
  try {
    renameSync(path, aside);
    if (readOrEmpty(aside) !== stale) linkSync(aside, path);
    rmSync(aside, { force: true });
  } catch {
    // Somebody else was quicker; the next attempt sees what they made of it.
  }
}

function releaseIfMine(path: string, mine: string): void {
  // One that cannot be removed is stale the moment this process ends.
  if (readOrEmpty(path) === mine) remove(path);
}

let instances = 0;

/** Names this process beyond doubt: ids are reused, so its start time and the machine's boot stand beside it. */
function describeSelf(): string {
  return `${process.pid} ${startOf(process.pid)} ${bootId()} ${instances++}`;
}

function isAlive(holder: string): boolean {
  const [pidText = "", start, boot] = holder.split(" ");
  const pid = Number(pidText);
  // An unreadable or half-written lock belongs to nobody that can be asked.
  if (!Number.isSafeInteger(pid) || pid <= 0) return false;
  if (boot !== bootId()) return false;
  try {
    process.kill(pid, 0);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ESRCH") return false;
  }
  return startOf(pid) === start && !isDead(pid);
}

/** The process's start in clock ticks since boot, where the system tells it; `-` elsewhere. */
function startOf(pid: number): string {
  return statOf(pid)[19] ?? "-";
}

/** Whether only its entry in the table of processes is left, because nobody has asked how it ended. */
function isDead(pid: number): boolean {
  return ["Z", "X"].includes(statOf(pid)[0]!);
}

function statOf(pid: number): string[] {
  const stat = readOrEmpty(`/proc/${pid}/stat`);
  // The command's name may hold spaces; everything behind its closing bracket does not.
  return stat.slice(stat.lastIndexOf(")") + 2).split(" ");
}

function bootId(): string {
  return readOrEmpty("/proc/sys/kernel/random/boot_id").trim() || "-";
}

function readOrEmpty(path: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return "";
  }
}
