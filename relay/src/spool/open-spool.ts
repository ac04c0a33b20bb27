import { join } from "node:path";
import { FileLog, NodeDisk } from "@tonearm/sdk/file-log";
import { type Clock, type DirectoryLock, lockDirectory, makeDirectory } from "@tonearm/sdk/ports";
import type { Log } from "../log.ts";
import { DeadLetters } from "./dead-letters.ts";
import { Spool, type SpoolOptions } from "./spool.ts";

/** Where the dead letters are, inside the spool's directory. */
export const DEAD_LETTERS = "dead-letters";
const SEGMENT_BYTES = 8 * 1_048_576;
/** A spool may fill the medium up to its cap; this much is left to others. */
const FREE_BYTES = 64 * 1_048_576;
/** Asking the system how much is free costs as much as a small write, so it is asked once in a while. */
const ASK_EVERY_MS = 250;

/** Whose dead letters they are to be, for `relay dead-letter`. */
export const deadLetterDisk = (directory: string, guard?: () => Promise<void>): NodeDisk =>
  new NodeDisk(join(directory, DEAD_LETTERS), guard);

/**
 * The spool in a directory, which is made when missing and belongs to this process until the lock is released.
 * @throws what keeps the directory from being used, such as another relay.
 */
export function makeSpool(
  directory: string,
  options: SpoolOptions,
  clock: Clock,
  log: Log,
): { readonly spool: Spool; readonly lock: DirectoryLock } {
  makeDirectory(join(directory, DEAD_LETTERS), 0o700);
  const lock = lockDirectory(directory, clock);
  const guard = () => lock.check();
  const disk = new NodeDisk(directory, guard);
  const damage = { batches: 0, files: 0 };
  const logOn = (on: NodeDisk) => () =>
    new FileLog({
      disk: on,
      clock,
      spelling: 2,
      segmentBytes: SEGMENT_BYTES,
      storeBytesMax: options.spoolBytesMax,
      storeEventsMax: Number.POSITIVE_INFINITY,
      freeBytesMin: FREE_BYTES,
      onDamage: ({ fromSeq, toSeq }) => {
        const batches = toSeq - fromSeq + 1;
        damage.batches += batches;
        log.error("damage in the spool", { batches });
      },
      onQuarantine: (name, reason) => {
        damage.files++;
        log.error("a spool file cannot be used", { name, reason });
      },
    });
  const letters = deadLetterDisk(directory, guard);
  const parts = {
    log: logOn(disk)(),
    clock,
    deadLetters: new DeadLetters(letters, clock, logOn(letters)),
    isShort: shortage(disk, clock),
    damage,
  };
  return { spool: new Spool(parts, options), lock };
}

/**
 * Whether so many bytes more would take of what is to be left to others. Between two looks at the medium, what is written here
 * is reckoned off; a medium that does not say how much is free is taken to have enough.
 */
function shortage(disk: NodeDisk, clock: Clock): (bytes: number) => Promise<boolean> {
  let askedMs = Number.NEGATIVE_INFINITY;
  let room = 0;
  return async (bytes) => {
    room -= bytes;
    const now = clock.monotonicMs();
    if (room < 0 || now - askedMs >= ASK_EVERY_MS) {
      askedMs = now;
      const free = await disk.freeBytes().catch(() => Number.POSITIVE_INFINITY);
      room = free - FREE_BYTES - bytes;
    }
    return room < 0;
  };
}
