import { systemClock } from "@tonearm/sdk/ports";
import { z } from "zod";
import { helpFor } from "../config/flags.ts";
import { FILE_FLAG, loadOptions } from "../config/load.ts";
import { targetShape } from "../config/schema.ts";
import { someText } from "../config/values.ts";
import { openTarget } from "../kinesis/target.ts";
import { type Audit, type AuditTotals, audit } from "./audit.ts";
import type { EpochReport } from "./ledger.ts";

const shape = {
  ...targetShape,
  device: someText.optional().describe("list this device's epochs only; totals are of the whole stream"),
  json: z.boolean().default(false).describe("one JSON object on standard output"),
};

export const AUDIT_HELP = `tonearm-relay audit [options]

Reads a whole stream and says of every epoch of every device whether all of it is there: COMPLETE, INCOMPLETE with the
missing numbers, or UNPROVEN when it has not ended in order: it goes on, never came back, or broke off, and then a later
epoch says how much of it was durable ("end": "named"). Ends with 1 if anything is missing, or would be
withheld from consumers that are built on the Kinesis Client Library.

${helpFor({ ...FILE_FLAG, ...shape })}`;

const CLIENT = { requestTimeoutMs: 60_000, connectionsMax: 16 };
/** Epochs that are not complete are listed up to this many; --json lists all. */
const LISTED_MAX = 50;

export async function auditCommand(args: readonly string[], cli: string): Promise<void> {
  const options = loadOptions(args, shape);
  const target = await openTarget(options, cli, CLIENT);
  try {
    const showsProgress = !options.json && process.stderr.isTTY;
    const done = await audit(target.client, options.stream, systemClock, {
      onProgress: (count) => showsProgress && process.stderr.write(`\r${count} user records read`),
    });
    if (showsProgress) process.stderr.write("\r\x1b[K");
    const reports = [...done.ledger.reports()].filter(
      ({ device }) => !options.device || device === options.device,
    );
    if (options.json) console.log(JSON.stringify(toJson(options.stream, done.totals, reports)));
    else console.log(inWords(options.stream, done, reports));
    if (done.totals.missing > 0 || done.totals.withheld > 0) process.exitCode = 1;
  } finally {
    await target.close();
  }
}

function toJson(stream: string, totals: AuditTotals, reports: readonly EpochReport[]): object {
  return {
    stream,
    totals: {
      epochs_complete: totals.epochs.COMPLETE,
      epochs_incomplete: totals.epochs.INCOMPLETE,
      epochs_unproven: totals.epochs.UNPROVEN,
      epochs_broken_off: totals.brokenOff,
      events: totals.events,
      control_records: totals.controlRecords,
      duplicates: totals.duplicates,
      dropped_declared: totals.dropped,
      missing: totals.missing,
      foreign: totals.foreign,
      withheld: totals.withheld,
      user_records: totals.userRecords,
      kinesis_records: totals.kinesisRecords,
      kinesis_bytes: totals.kinesisBytes,
      put_units: totals.putUnits,
    },
    epochs: reports.map(({ lastSeq, controlRecords, ...report }) => ({
      ...report,
      last_seq: lastSeq,
      control_records: controlRecords,
    })),
  };
}

function inWords(stream: string, { totals }: Audit, reports: readonly EpochReport[]): string {
  const open = reports.filter(({ verdict }) => verdict !== "COMPLETE");
  const lines = open.slice(0, LISTED_MAX).map(({ device, epoch, verdict, end, missing, lastSeq }) => {
    const ranges = missing.map(([from, to]) => (from === to ? from : `${from}-${to}`)).join(", ");
    const whole =
      end === "named" ? `broke off behind ${lastSeq}, the last that was durable` : `${lastSeq} so far`;
    return `${verdict.padEnd(10)} ${device} ${epoch} ${ranges ? `missing ${ranges} of ${lastSeq}` : whole}`;
  });
  if (open.length > LISTED_MAX) lines.push(`… and ${open.length - LISTED_MAX} more; --json lists them all`);
  return [
    ...lines,
    `stream ${stream}: ${totals.epochs.COMPLETE} epochs complete, ${totals.epochs.INCOMPLETE} incomplete, ${totals.epochs.UNPROVEN} unproven (${totals.brokenOff} broke off, all that was durable is there)`,
    `${totals.events} events, ${totals.controlRecords} control records, ${totals.duplicates} duplicates, ${totals.dropped} declared dropped, ${totals.missing} missing`,
    `${totals.userRecords} user records in ${totals.kinesisRecords} Kinesis records, ${totals.foreign} not ours, ${totals.withheld} withheld from consumers`,
  ].join("\n");
}
