/** What a stream proves, read by our own audit and held against an independent reading. */
import type { KinesisClient } from "@aws-sdk/client-kinesis";
import { audit, type EpochReport } from "@tonearm/relay/read";
import { systemClock } from "@tonearm/sdk/ports";
import { expect } from "vitest";
import { readIndependently } from "./independent-reader.ts";

export interface Verdicts {
  /** By epoch. */
  readonly epochs: ReadonlyMap<string, EpochReport>;
  readonly duplicates: number;
  readonly missing: number;
  /** Application events by type, each key once, in no order. */
  readonly events: readonly Record<string, unknown>[];
}

/** Reads the stream twice, with and without our own code, and makes sure that both saw the same. */
export async function verdictsOf(client: KinesisClient, stream: string): Promise<Verdicts> {
  const { totals, ledger } = await audit(client, stream, systemClock);
  const { records } = await readIndependently(client, stream);
  const byKey = new Map(records.map(({ json }) => [`${json.device} ${json.epoch} ${json.seq}`, json]));
  expect(totals.userRecords).toBe(records.length);
  expect(totals.duplicates).toBe(records.length - byKey.size);
  expect([totals.withheld, totals.foreign]).toEqual([0, 0]);
  const reports = [...ledger.reports()];
  expect(totals.events + totals.controlRecords).toBe(byKey.size);
  return {
    epochs: new Map(reports.map((report) => [report.epoch, report])),
    duplicates: totals.duplicates,
    missing: totals.missing,
    events: [...byKey.values()].filter(({ type }) => !String(type).startsWith("$")),
  };
}
