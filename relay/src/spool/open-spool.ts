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
export const deadLetterDisk = (directory: string): NodeDisk => new NodeDisk(join(directory, DEAD_LETTERS));

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
  const lock = lockDirectory(directory);
  const disk = new NodeDisk(directory);
  const logOn = (on: NodeDisk) => () =>
    new FileLog({
      disk: on,
      clock,
      spelling: 2,
      segmentBytes: SEGMENT_BYTES,
      storeBytesMax: options.spoolBytesMax,
      storeEventsMax: Number.POSITIVE_INFINITY,
      freeBytesMin: FREE_BYTES,
      onDamage: ({ fromSeq, toSeq }) => log.error("damage in the spool", { batches: toSeq - fromSeq + 1 }),
      onQuarantine: (name, reason) => log.error("a spool file cannot be used", { name, reason }),
    });
  const letters = deadLetterDisk(directory);
  const parts = {
    log: logOn(disk)(),
    clock,
    deadLetters: new DeadLetters(letters, clock, logOn(letters)),
    isShort: shortage(disk, clock),
  };
  return { spool: new Spool(parts, options), lock };
}

/** Whether the medium has less left than is to be left to others; a medium that does not say is taken to have enough. */
function shortage(disk: NodeDisk, clock: Clock): () => Promise<boolean> {
  let askedMs = Number.NEGATIVE_INFINITY;
  let isShort = false;
  return async () => {
    const now = clock.monotonicMs();
    if (now - askedMs < ASK_EVERY_MS) return isShort;
    askedMs = now;
    isShort = (await disk.freeBytes().catch(() => FREE_BYTES)) < FREE_BYTES;
    return isShort;
  };
}
