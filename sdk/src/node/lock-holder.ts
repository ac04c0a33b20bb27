import { fstatSync, readFileSync, readlinkSync, statfsSync, statSync } from "node:fs";
import { hostname } from "node:os";

/**
 * Whether who has a lock lives. `unknown`: it is of another container, or of another machine that shares the directory, whose
 * processes cannot be seen from here; or this system does not tell when a process began.
 */
export type Life = "alive" | "gone" | "unknown";

/**
 * Kinds of file systems that only one running system writes to at a time, as statfs(2) numbers them: what was there before a
 * boot is gone. ext, xfs, btrfs, f2fs, tmpfs, overlay, ubifs, jffs2, zfs, vfat, exfat.
 */
const LOCAL_TYPES = [
  0xef53, 0x58465342, 0x9123683e, 0xf2f52010, 0x01021994, 0x794c7630, 0x24051905, 0x72b6, 0x2fc12fc1, 0x4d44,
  0x2011bab0,
];

/**
 * Names this instance beyond doubt. Ids of processes are reused, so the process's start, the machine's boot and the name space
 * that the id belongs to stand beside it; a thread may end without its process, so does the descriptor that it holds open.
 * @param file descriptor of the lock, open as long as its holder lives.
 */
export function describeSelf(file: number, nonce: string): string {
  return [process.pid, startOf(process.pid), bootOf(), pidSpace(), file, nonce].join(" ");
}

/** Whether the process, or the thread of it, lives that wrote `holder` into the lock at `path`. */
export function lifeOf(holder: string, path: string): Life {
  const [pidText = "", start, boot, space, file] = holder.split(" ");
  const pid = Number(pidText);
  // An unreadable or half-written lock belongs to nobody that can be asked.
  if (!Number.isSafeInteger(pid) || pid <= 0) return "gone";
  if (boot !== bootOf()) return isLocal(path) ? "gone" : "unknown";
  if (space !== pidSpace()) return "unknown";
  try {
    process.kill(pid, 0);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ESRCH") return "gone";
  }
  if (isDead(pid)) return "gone";
  if (pid === process.pid) return start === startOf(pid) && isOpen(Number(file), path) ? "alive" : "gone";
  if (startOf(pid) === "-") return "unknown";
  return startOf(pid) === start ? "alive" : "gone";
}

/** Whether this process has the file at `path` open as `file`: what a thread has open is closed when it ends. */
function isOpen(file: number, path: string): boolean {
  try {
    const [open, named] = [fstatSync(file), statSync(path)];
    return open.ino === named.ino && open.dev === named.dev;
  } catch {
    return false;
  }
}

function isLocal(path: string): boolean {
  try {
    return LOCAL_TYPES.includes(statfsSync(path).type);
  } catch {
    return false;
  }
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

/** This run of the machine; where it is not told, the machine. */
function bootOf(): string {
  return readOrEmpty("/proc/sys/kernel/random/boot_id").trim() || hostname() || "-";
}

/** The name space that ids of processes belong to; a container has its own. */
function pidSpace(): string {
  try {
    return readlinkSync("/proc/self/ns/pid");
  } catch {
    return "-";
  }
}

/** A file's text; nothing when it cannot be read. */
export function readOrEmpty(path: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return "";
  }
}
