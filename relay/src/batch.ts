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
  /** Where the line of each number ends, its newline included; a number that was given up has no bytes. */
  readonly ends: readonly number[];
  /** Where they stand, if that can be used again once nobody needs them. */
  readonly room?: { free(): void };
}

/** How many events there are. */
export function countOf({ records: { ends } }: Batch): number {
  let count = 0;
  let from = 0;
  for (const end of ends) {
    if (end > from) count++;
    from = end;
  }
  return count;
}

/** How many numbers it covers, given up or not. */
export const lengthOf = (batch: Batch): number => batch.records.ends.length;

export const lastSeqOf = (batch: Batch): number => batch.firstSeq + lengthOf(batch) - 1;

/** The batch without its first `count` numbers. */
export function withoutFirst(batch: Batch, count: number): Batch {
  const { bytes, ends } = batch.records;
  const from = ends[count - 1] ?? 0;
  const records = { bytes: bytes.subarray(from), ends: ends.slice(count).map((end) => end - from) };
  return { ...batch, firstSeq: batch.firstSeq + count, records };
}

/** The batch in two parts of about the same number of events. */
export function halves(batch: Batch): [Batch, Batch] {
  const middle = lengthOf(batch) >>> 1;
  const { bytes, ends } = batch.records;
  const records = { bytes: bytes.subarray(0, ends[middle - 1]), ends: ends.slice(0, middle) };
  return [{ ...batch, records }, withoutFirst(batch, middle)];
}

/** Names the batch's epoch; ids hold no spaces. */
export const epochKeyOf = (batch: Batch): string => `${batch.device} ${batch.epoch}`;
