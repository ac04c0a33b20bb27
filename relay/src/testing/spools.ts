import { FileLog } from "@tonearm/sdk/file-log";
import { ManualClock, type MemoryDisk } from "@tonearm/sdk/testing";
import type { Config } from "../config/schema.ts";
import type { PutEntry } from "../put/put-entry.ts";
import { deaggregate } from "../read/deaggregate.ts";
import { Spool } from "../spool/spool.ts";
import { scriptedPipeline } from "./pipelines.ts";

const SMALL = { openMs: 1_000, openMsMax: 1_000, failuresToOpen: 2 };

/** A pipeline with a spool on `disk`, on a scripted Kinesis and a manual clock. */
export async function spooling(
  disk: MemoryDisk,
  options: Partial<Config> = {},
  seed = 1,
  spoolBytesMax = 2 ** 30,
) {
  const clock = new ManualClock(seed);
  const log = new FileLog({
    disk,
    clock,
    spelling: 2,
    segmentBytes: 65_536,
    storeBytesMax: 2 ** 30,
    storeEventsMax: 2 ** 30,
    freeBytesMin: 0,
    onDamage: () => undefined,
    onQuarantine: () => undefined,
  });
  const spool = new Spool(log, clock, { spoolCommitMs: 10, spoolBytesMax });
  return { ...(await scriptedPipeline({ ...SMALL, ...options }, spool, clock)), spool };
}

/** The lines that Kinesis has taken, in order. */
export const linesIn = (calls: readonly (readonly PutEntry[])[]): string[] =>
  calls
    .flat()
    .flatMap(({ partitionKey, data }) =>
      deaggregate({ partitionKey, data }).userRecords.map((record) => Buffer.from(record.data).toString()),
    );
