/** What one request carried, as it goes into the stream: one user record per event. */
export interface Batch {
  readonly device: string;
  readonly epoch: string;
  readonly firstSeq: number;
  readonly records: UserRecords;
}

/** Newline-terminated JSON lines, one behind the other in one buffer. */
export interface UserRecords {
  readonly bytes: Uint8Array;
  /** Where each line ends, its newline included. */
  readonly ends: readonly number[];
}

export const countOf = (batch: Batch): number => batch.records.ends.length;

export const lastSeqOf = (batch: Batch): number => batch.firstSeq + countOf(batch) - 1;

/** The batch without its first `count` events. */
export function withoutFirst(batch: Batch, count: number): Batch {
  const { bytes, ends } = batch.records;
  const from = ends[count - 1] ?? 0;
  const records = { bytes: bytes.subarray(from), ends: ends.slice(count).map((end) => end - from) };
  return { ...batch, firstSeq: batch.firstSeq + count, records };
}

/** The batch in two parts of about the same number of events. */
export function halves(batch: Batch): [Batch, Batch] {
  const middle = countOf(batch) >>> 1;
  const { bytes, ends } = batch.records;
  const records = { bytes: bytes.subarray(0, ends[middle - 1]), ends: ends.slice(0, middle) };
  return [{ ...batch, records }, withoutFirst(batch, middle)];
}

/** Names the batch's epoch; ids hold no spaces. */
export const epochKeyOf = (batch: Batch): string => `${batch.device} ${batch.epoch}`;
