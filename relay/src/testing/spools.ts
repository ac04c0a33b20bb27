import { type Disk, FileLog } from "@tonearm/sdk/file-log";
import { ManualClock, MemoryDisk } from "@tonearm/sdk/testing";
import type { LoadShape } from "../aggregate/shard-map.ts";
import type { Config } from "../config/schema.ts";
import type { PutEntry } from "../put/put-entry.ts";
import { deaggregate } from "../read/deaggregate.ts";
import { DeadLetters } from "../spool/dead-letters.ts";
import { Spool } from "../spool/spool.ts";
import { scriptedPipeline } from "./pipelines.ts";

/** What the spool leaves of the disk to others. */
const FREE_BYTES = 100_000;
const SMALL = { openMs: 1_000, openMsMax: 1_000, failuresToOpen: 2 };

/** Makes the log of a spool on `disk`. */
export const fileLog =
  (disk: Disk, clock = new ManualClock(), segmentBytes = 65_536) =>
  (): FileLog =>
    new FileLog({
      disk,
      clock,
      spelling: 2,
      segmentBytes,
      storeBytesMax: 2 ** 30,
      storeEventsMax: 2 ** 30,
      freeBytesMin: 0,
      onDamage: () => undefined,
      onQuarantine: () => undefined,
    });

/** A pipeline with a spool on `disk`, its dead letters on another, on a scripted Kinesis and a manual clock. */
export async function spooling(
  disk: MemoryDisk,
  options: Partial<Config> = {},
  seed = 1,
  spoolBytesMax = 2 ** 30,
  letters = new MemoryDisk(),
  loadShape?: LoadShape,
  clock = new ManualClock(seed),
) {
  const parts = {
    log: fileLog(disk, clock)(),
    clock,
    deadLetters: new DeadLetters(letters, clock, fileLog(letters, clock)),
    isShort: async () => (await disk.freeBytes()) < FREE_BYTES,
  };
  const spool = new Spool(parts, { spoolCommitMs: 10, spoolBytesMax, bytesInFlightMax: 2 ** 26 });
  return { ...(await scriptedPipeline({ ...SMALL, ...options }, spool, clock, loadShape)), spool, letters };
}

/** The lines that Kinesis has taken, in order. */
export const linesIn = (calls: readonly (readonly PutEntry[])[]): string[] =>
  calls
    .flat()
    .flatMap(({ partitionKey, data }) =>
      deaggregate({ partitionKey, data }).userRecords.map((record) => Buffer.from(record.data).toString()),
    );
