import type { Audit } from "@tonearm/relay/read";
import { costOf } from "./cost.ts";
import type { FleetCounts } from "./fleet-counts.ts";
import type { Verification } from "./verify.ts";

/** Everything that a finished run knows. */
export interface DemoResult {
  readonly seed: string;
  readonly counts: FleetCounts;
  readonly verification: Verification;
  readonly audit: Audit;
  /** Events that had not been acknowledged when the time was over. */
  readonly undelivered: number;
  readonly seconds: number;
}

/** The report as one object; names are those of the stream. */
export function reportJson({
  seed,
  counts,
  verification,
  audit,
  seconds,
}: DemoResult): Record<string, unknown> {
  const { totals } = audit;
  return {
    recorded: verification.recorded,
    durable: verification.durable,
    delivered: verification.delivered,
    dropped_declared: verification.droppedDeclared,
    duplicates: totals.duplicates,
    lost: verification.lost,
    lost_before_durable: verification.lostBeforeDurable,
    epochs_complete: totals.epochs.COMPLETE,
    epochs_incomplete: totals.epochs.INCOMPLETE,
    epochs_unproven: totals.epochs.UNPROVEN,
    user_records_per_kinesis_record: round(totals.userRecords / totals.kinesisRecords),
    wire_bytes_per_event: round(counts.bodyBytes / counts.accepted),
    stream_bytes_per_event: round(totals.kinesisBytes / totals.userRecords),
    usd_per_billion_events: costOf(totals).usdPerBillionEvents,
    seed,
    refused_at_record: counts.refused,
    crashes: counts.crashes,
    retries: counts.retries,
    seconds: round(seconds),
  };
}

/** The report for people. */
export function reportText(result: DemoResult): string {
  const { seed, counts, verification, audit, undelivered, seconds } = result;
  const { totals } = audit;
  const { arithmetic } = costOf(totals);
  const rows: [string, number, string][] = [
    ["recorded", verification.recorded, "events, each with (device, epoch, seq)"],
    ["durable", verification.durable, "of them reached the disk of their device"],
    ["delivered", verification.delivered, "are in the stream"],
    ["declared drops", verification.droppedDeclared, "were given up, and the stream says so"],
    ["duplicates removed", totals.duplicates, "records came again after a lost answer; the key removes them"],
    ["lost", verification.lost, "durable and missing"],
    ["taken by crashes", verification.lostBeforeDurable, "before they were durable: never promised"],
  ];
  const share = (verification.delivered / verification.recorded) * 100;
  return [
    "",
    ...rows.map(
      ([name, value, words]) => `  ${name.padEnd(20)}${value.toLocaleString("en").padStart(12)}  ${words}`,
    ),
    "",
    `  ${share.toFixed(3)} % of what was recorded is in the stream; ${counts.crashes} crashes, ${counts.retries} requests repeated, ${seconds.toFixed(1)} s`,
    `  epochs: ${totals.epochs.COMPLETE} complete, ${totals.epochs.INCOMPLETE} incomplete, ${totals.epochs.UNPROVEN} unproven (${totals.brokenOff} of these broke off in a crash, and all that was durable is there)`,
    `  aggregation: ${(totals.userRecords / totals.kinesisRecords).toFixed(1)} user records per Kinesis record (${totals.userRecords} in ${totals.kinesisRecords})`,
    "",
    "  bytes per event",
    `    ${bytes(counts.dataBytes / counts.recorded)} JSON as recorded`,
    `    ${bytes(counts.diskBytes / counts.recorded)} written to the device's disk, framing and acknowledgements included`,
    `    ${bytes(counts.bodyBytes / counts.accepted)} on the wire, compressed (${(counts.accepted / counts.acceptedBatches).toFixed(1)} events per batch)`,
    `    ${bytes(totals.kinesisBytes / totals.userRecords)} in the stream, aggregation included`,
    "",
    "  cost at list price, us-east-1, provisioned",
    ...arithmetic.map((line) => `    ${line}`),
    "",
    undelivered > 0 ? `  ${undelivered} events had not been acknowledged when the time was over` : "",
    verification.lost === 0 && undelivered === 0
      ? "  Nothing is lost: every durable event is in the stream or declared."
      : `  ${verification.lost} durable events are LOST.`,
    `  seed ${seed}`,
  ].join("\n");
}

const bytes = (value: number): string => `${value.toFixed(1).padStart(8)} B`;

const round = (value: number): number => (Number.isFinite(value) ? Math.round(value * 100) / 100 : 0);
