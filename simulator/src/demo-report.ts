import type { Audit } from "@tonearm/relay/read";
import { costOf } from "./cost.ts";
import { type FleetCounts, troubleLines } from "./fleet-counts.ts";
import { describeTally, type HistoryTally } from "./history/tally.ts";
import type { Verification } from "./verify.ts";

/** Everything that a finished run knows. */
export interface DemoResult {
  readonly seed: string;
  readonly counts: FleetCounts;
  readonly verification: Verification;
  readonly audit: Audit;
  /** Durable events that no relay had acknowledged when the time was over. */
  readonly unacknowledged: number;
  readonly seconds: number;
  /** Of a run that replayed a history. */
  readonly history?: HistoryTally;
}

/** The report as one object; names are those of the stream. */
export function reportJson({
  seed,
  counts,
  verification,
  audit,
  unacknowledged,
  seconds,
  history,
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
    wire_bytes_per_event: round(counts.bodyBytes / counts.acceptedEvents),
    stream_bytes_per_event: round(totals.kinesisBytes / totals.events),
    usd_per_billion_events: costOf(totals).usdPerBillionEvents,
    seed,
    epochs_broken_off: totals.brokenOff,
    unacknowledged,
    refused_at_record: counts.refused,
    crashes: counts.crashes,
    retries: counts.retries,
    seconds: round(seconds),
    ...(history && {
      history: {
        format: history.format,
        rows: history.rows,
        replayed: history.replayed,
        refused: history.refused,
        refused_by: history.refusedBy,
        beyond: history.beyond,
      },
    }),
  };
}

/** The report for people. */
export function reportText(result: DemoResult): string {
  const { seed, counts, verification, audit, seconds, history } = result;
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
  // Rounded down: 100 % is all of them.
  const share = Math.floor((verification.delivered / Math.max(1, verification.recorded)) * 100_000) / 1_000;
  const troubles = troubleLines(counts);
  return [
    "",
    ...(history ? [`  ${history.format} history, ${describeTally(history)}`, ""] : []),
    ...rows.map(
      ([name, value, words]) => `  ${name.padEnd(20)}${value.toLocaleString("en").padStart(12)}  ${words}`,
    ),
    "",
    `  ${share.toFixed(3)} % of what was recorded is in the stream; ${counts.crashes} crashes, ${counts.retries} requests repeated, ${seconds.toFixed(1)} s`,
    `  epochs: ${totals.epochs.COMPLETE} complete, ${totals.epochs.INCOMPLETE} incomplete, ${totals.epochs.UNPROVEN} unproven (${totals.brokenOff} of these broke off in a crash, and all that was durable is there)`,
    `  aggregation: ${round(totals.userRecords / totals.kinesisRecords)} user records per Kinesis record (${totals.userRecords} in ${totals.kinesisRecords})`,
    "",
    "  bytes per event; control records and duplicates are part of the bytes, and no events",
    `    ${bytes(counts.dataBytes / counts.recorded)} JSON as recorded`,
    `    ${bytes(counts.diskBytes / counts.recorded)} written to the device's disk, framing and acknowledgements included`,
    `    ${bytes(counts.bodyBytes / counts.acceptedEvents)} on the wire, compressed (${round(counts.acceptedEvents / counts.acceptedBatches)} events per batch)`,
    `    ${bytes(totals.kinesisBytes / totals.events)} in the stream, aggregation included`,
    "",
    "  cost at list price, us-east-1, provisioned",
    ...arithmetic.map((line) => `    ${line}`),
    "",
    ...(troubles.length > 0
      ? ["  what the speakers told, faults that were meant to happen included", ""]
      : []),
    ...troubles.map((line) => `    ${line}`),
    "",
    conclusion(result),
    `  seed ${seed}`,
  ].join("\n");
}

function conclusion({ verification: { lost }, unacknowledged }: DemoResult): string {
  if (lost === 0 && unacknowledged === 0)
    return "  Nothing is lost: every durable event is in the stream or declared.";
  if (unacknowledged === 0) return `  ${lost} durable events are LOST.`;
  return `  ${lost} durable events are MISSING in the stream; ${unacknowledged} had not been acknowledged when the time was over, and their speakers still kept them.`;
}

const bytes = (value: number): string => `${round(value).toFixed(1).padStart(8)} B`;

const round = (value: number): number => (Number.isFinite(value) ? Math.round(value * 100) / 100 : 0);
