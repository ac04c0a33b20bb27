/** Takes apart what came into the stream, with a library that is not ours, and holds it against what the devices sent. */
import { createRequire } from "node:module";
import { dataOf, deviceNumber, EPOCH } from "./workload.ts";

/** One Kinesis record; its data as bytes or in base64. */
export interface Kept {
  readonly partitionKey: string;
  readonly data: string | Uint8Array;
}

interface UserRecord {
  readonly partitionKey: string;
  readonly data: string;
}

export interface Reckoning {
  readonly kinesisRecords: number;
  /** Events, each counted once. */
  readonly events: number;
  readonly duplicates: number;
  /** Numbers of a device below its highest that did not come. */
  readonly missing: number;
}

type Deaggregate = (
  record: object,
  computeChecksums: boolean,
  done: (error: Error | null | undefined, records?: readonly UserRecord[]) => void,
) => void;

const { deaggregateSync } = createRequire(import.meta.url)("aws-kinesis-agg") as {
  deaggregateSync: Deaggregate;
};

/** @throws Error when a record is damaged, or holds anything that its device did not send. */
export function reckon(kept: readonly Kept[]): Reckoning {
  const seqsOf = new Map<string, Set<number>>();
  let events = 0;
  let duplicates = 0;
  for (const record of kept) {
    for (const { partitionKey, data } of takeApart(record)) {
      const seq = seqOf(partitionKey, Buffer.from(data, "base64").toString());
      const seqs = seqsOf.get(partitionKey) ?? new Set();
      seqsOf.set(partitionKey, seqs);
      if (seqs.has(seq)) duplicates++;
      else events++;
      seqs.add(seq);
    }
  }
  let missing = 0;
  for (const seqs of seqsOf.values())
    missing += seqs.values().reduce((a, b) => Math.max(a, b), 0) - seqs.size;
  return { kinesisRecords: kept.length, events, duplicates, missing };
}

function takeApart({ partitionKey, data }: Kept): readonly UserRecord[] {
  const base64 = typeof data === "string" ? data : Buffer.from(data).toString("base64");
  let parts: readonly UserRecord[] = [];
  deaggregateSync({ partitionKey, sequenceNumber: "0", data: base64 }, true, (error, records) => {
    if (error) throw error;
    parts = records ?? [];
  });
  return parts;
}

/** The number of a line, once it is known to be what the device sent. */
function seqOf(partitionKey: string, line: string): number {
  const { device, epoch, seq } = JSON.parse(line) as { device: string; epoch: string; seq: number };
  const isRight = device === partitionKey && epoch === EPOCH && line.endsWith("}\n");
  if (isRight && line.endsWith(`,${dataOf(deviceNumber(device), seq).slice(1)}\n`)) return seq;
  throw new Error(`a record of ${partitionKey} is not what the device sent: ${line}`);
}
