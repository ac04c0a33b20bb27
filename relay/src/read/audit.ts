import type { KinesisClient } from "@aws-sdk/client-kinesis";
import type { Clock } from "@tonearm/sdk/ports";
import type { UserRecord } from "./deaggregate.ts";
import { type EpochReport, Ledger, type StreamRecord, type Verdict } from "./ledger.ts";
import { StreamReader } from "./stream-reader.ts";

/** Sums over everything that was read. */
export interface AuditTotals {
  readonly epochs: Record<Verdict, number>;
  /** Of those UNPROVEN, the ones that broke off and of which all that was durable is there. */
  brokenOff: number;
  kinesisRecords: number;
  /** Data and partition keys, in bytes. */
  kinesisBytes: number;
  /** PUT payload units: each begun 25 KB of a record's data. */
  putUnits: number;
  userRecords: number;
  /** Application events, each counted once. */
  events: number;
  controlRecords: number;
  duplicates: number;
  /** Declared dropped and not received. */
  dropped: number;
  missing: number;
  /** Records that are not ours. */
  foreign: number;
  /** User records that a consumer built on the Kinesis Client Library would not get. */
  withheld: number;
}

/** What the stream proves. */
export interface Audit {
  readonly totals: AuditTotals;
  readonly ledger: Ledger;
}

export interface AuditOptions {
  /** Called for every record of ours that is the first with its key, with its line as it stands in the stream. */
  readonly onRecord?: (record: StreamRecord, line: Uint8Array) => void;
  /** Called now and then with the number of user records read so far. */
  readonly onProgress?: (userRecords: number) => void;
}

/** Kinesis bills records in units of 25 KB of payload. */
export const PUT_UNIT_BYTES = 25_600;
const PROGRESS_EVERY = 10_000;

/** Reads a whole stream and says what it proves. */
export async function audit(
  client: KinesisClient,
  streamName: string,
  clock: Clock,
  options: AuditOptions = {},
): Promise<Audit> {
  const ledger = new Ledger();
  const totals = emptyTotals();
  const reader = new StreamReader(client, streamName, clock, { follow: false, fromLatest: false });
  await reader.read(({ userRecords, withheld, bytes }) => {
    totals.kinesisRecords++;
    totals.kinesisBytes += bytes;
    totals.putUnits += Math.ceil(bytes / PUT_UNIT_BYTES);
    totals.withheld += withheld?.count ?? 0;
    for (const userRecord of userRecords) {
      if (++totals.userRecords % PROGRESS_EVERY === 0) options.onProgress?.(totals.userRecords);
      const record = ours(userRecord);
      if (!record) totals.foreign++;
      else if (ledger.add(record)) options.onRecord?.(record, userRecord.data);
    }
  });
  for (const report of ledger.reports()) addUp(totals, report);
  return { totals, ledger };
}

/** A user record as one of ours; undefined when it is something else. */
function ours({ data }: UserRecord): StreamRecord | undefined {
  try {
    const record = JSON.parse(
      Buffer.from(data.buffer, data.byteOffset, data.length).toString("utf8"),
    ) as StreamRecord;
    const isOurs =
      typeof record.device === "string" &&
      typeof record.epoch === "string" &&
      Number.isSafeInteger(record.seq) &&
      record.seq >= 1 &&
      typeof record.type === "string";
    return isOurs ? record : undefined;
  } catch {
    return undefined;
  }
}

function addUp(totals: AuditTotals, report: EpochReport): void {
  totals.epochs[report.verdict]++;
  if (report.verdict === "UNPROVEN" && report.end === "named") totals.brokenOff++;
  totals.events += report.events;
  totals.controlRecords += report.controlRecords;
  totals.duplicates += report.duplicates;
  totals.dropped += report.dropped;
  totals.missing += report.missing.reduce((sum, [from, to]) => sum + to - from + 1, 0);
}

function emptyTotals(): AuditTotals {
  return {
    epochs: { COMPLETE: 0, INCOMPLETE: 0, UNPROVEN: 0 },
    brokenOff: 0,
    kinesisRecords: 0,
    kinesisBytes: 0,
    putUnits: 0,
    userRecords: 0,
    events: 0,
    controlRecords: 0,
    duplicates: 0,
    dropped: 0,
    missing: 0,
    foreign: 0,
    withheld: 0,
  };
}
