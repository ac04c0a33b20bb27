import { isControlType } from "@tonearm/sdk/wire";
import { PSEUDONYM_MARK } from "../privacy/pseudonyms.ts";
import { type Interval, IntervalSet } from "./interval-set.ts";
import { coveredBySparse, type SparseDrop } from "./sparse-drops.ts";

/**
 * COMPLETE: the epoch ended in order, and every number it gave was received or declared dropped.
 * INCOMPLETE: numbers are missing; they are named.
 * UNPROVEN: nothing is known to be missing, but the epoch did not end in order: its device is still recording, never
 * came back, or crashed, and then nobody can know what it had recorded in its last moments.
 */
export type Verdict = "COMPLETE" | "INCOMPLETE" | "UNPROVEN";

/**
 * `closed`: by its own `$close`. `named`: it broke off, and a later epoch says how much of it was durable; without an
 * INCOMPLETE all of that is there. `unknown`: nobody has said.
 */
export type EpochEnd = "closed" | "named" | "unknown";

/** What the stream says of one epoch of one device. */
export interface EpochReport {
  readonly device: string;
  readonly epoch: string;
  readonly verdict: Verdict;
  readonly end: EpochEnd;
  /** The highest number known of. */
  readonly lastSeq: number;
  /** Events received, each counted once; control records apart. */
  readonly events: number;
  readonly controlRecords: number;
  /** Records that came more than once. */
  readonly duplicates: number;
  /** Numbers declared dropped and not received. */
  readonly dropped: number;
  readonly missing: readonly Interval[];
}

/** A user record of ours, as much of it as the proof needs. */
export interface StreamRecord {
  readonly device: string;
  readonly epoch: string;
  readonly seq: number;
  readonly type: string;
  readonly [field: string]: unknown;
}

class EpochBook {
  /** Under which name it was first heard of. */
  readonly device: string;
  readonly received = new IntervalSet();
  readonly declared = new IntervalSet();
  readonly sparse: SparseDrop[] = [];
  events = 0;
  duplicates = 0;
  /** Where the epoch ends, if somebody has said: its own `$close`, that of another, or the `$open` of the next. */
  provenLastSeq: number | undefined;
  /** A number from which on the epoch went on, after others may have said that it had ended before. */
  wentOnSeq = 0;

  isClosed = false;

  constructor(device: string) {
    this.device = device;
  }

  get end(): EpochEnd {
    if (this.isClosed) return "closed";
    return this.provenLastSeq !== undefined && this.provenLastSeq >= this.wentOnSeq ? "named" : "unknown";
  }

  prove(lastSeq: number): void {
    this.provenLastSeq = Math.max(this.provenLastSeq ?? 0, lastSeq);
  }
}

/**
 * Reads records in any order and says what is missing. Memory grows with the number of epochs and of holes, not with
 * the number of records.
 */
export class Ledger {
  readonly #devices = new Map<string, Map<string, EpochBook>>();
  /** Epochs of devices under pseudonyms, and in which domains each was heard of. */
  readonly #pseudonymous = new Map<string, { readonly book: EpochBook; readonly domains: Set<string> }>();

  /** Takes note of a record; returns whether it is the first with its key. */
  add(record: StreamRecord): boolean {
    const book = this.#book(record.device, record.epoch);
    if (!book.received.add(record.seq)) {
      book.duplicates++;
      return false;
    }
    if (isControlType(record.type)) this.#addControl(record, book);
    else book.events++;
    return true;
  }

  /** What is known of one epoch's numbers: received, or declared dropped. */
  state(device: string, epoch: string, seq: number): "received" | "declared" | "missing" {
    const book = this.#devices.get(device)?.get(epoch);
    if (book?.received.has(seq)) return "received";
    if (book && (book.declared.has(seq) || accountedFor(book).has(seq))) return "declared";
    return "missing";
  }

  *reports(): Generator<EpochReport> {
    for (const [device, epochs] of this.#devices) {
      for (const [epoch, book] of epochs) if (book.device === device) yield reportOf(device, epoch, book);
    }
  }

  #addControl(record: StreamRecord, book: EpochBook): void {
    switch (record.type) {
      case "$open": {
        const { previous_epoch: previous, previous_last_seq: lastSeq } = record;
        // Only the first record begins an epoch; a later one says that it goes on.
        if (record.seq > 1) book.wentOnSeq = Math.max(book.wentOnSeq, record.seq);
        if (typeof previous === "string" && isSeq(lastSeq))
          this.#book(record.device, previous).prove(lastSeq);
        return;
      }
      case "$close": {
        const { close_epoch: other, last_seq: lastSeq } = record;
        if (!isSeq(lastSeq)) return;
        if (typeof other === "string") this.#book(record.device, other).prove(lastSeq);
        else {
          book.isClosed = true;
          book.prove(lastSeq);
        }
        return;
      }
      default:
        this.#addDrop(record);
    }
  }

  /** `$drop` and `$purge` say the same to the proof. */
  #addDrop(record: StreamRecord): void {
    const { drop_epoch: epoch, from_seq: fromSeq, to_seq: toSeq, count } = record;
    if (typeof epoch !== "string" || !isSeq(fromSeq) || !isSeq(toSeq) || !isSeq(count) || toSeq < fromSeq)
      return;
    const book = this.#book(record.device, epoch);
    if (count >= toSeq - fromSeq + 1) book.declared.addRange(fromSeq, toSeq);
    else book.sparse.push({ fromSeq, toSeq, count });
  }

  #book(device: string, epoch: string): EpochBook {
    const epochs = this.#devices.get(device) ?? new Map<string, EpochBook>();
    this.#devices.set(device, epochs);
    const book = epochs.get(epoch) ?? this.#inAnotherDomain(device, epoch) ?? new EpochBook(device);
    epochs.set(epoch, book);
    return book;
  }

  /**
   * When the key of pseudonyms is changed, an epoch goes on under another one, and the next names its predecessor of before.
   * Epochs are never given twice, so it is the same: unless both names are of one domain, and then of two devices.
   */
  #inAnotherDomain(device: string, epoch: string): EpochBook | undefined {
    const end = device.indexOf(PSEUDONYM_MARK);
    if (end < 0) return undefined;
    const domain = device.slice(0, end);
    const known = this.#pseudonymous.get(epoch);
    if (known?.domains.has(domain)) return undefined;
    const book = known?.book ?? new EpochBook(device);
    if (known) known.domains.add(domain);
    else this.#pseudonymous.set(epoch, { book, domains: new Set([domain]) });
    return book;
  }
}

function reportOf(device: string, epoch: string, book: EpochBook): EpochReport {
  const { received, declared, provenLastSeq } = book;
  const sparseMax = book.sparse.reduce((max, { toSeq }) => Math.max(max, toSeq), 0);
  const lastSeq = Math.max(received.max, declared.max, sparseMax, provenLastSeq ?? 0);
  const absent = received.missing(1, lastSeq);
  const missing = accountedFor(book).missing(1, lastSeq);
  const verdict = missing.length > 0 ? "INCOMPLETE" : book.isClosed ? "COMPLETE" : "UNPROVEN";
  return {
    device,
    epoch,
    verdict,
    end: book.end,
    lastSeq,
    events: book.events,
    controlRecords: received.size - book.events,
    duplicates: book.duplicates,
    dropped: sizeOf(absent) - sizeOf(missing),
    missing,
  };
}

/** Every number received, or declared one way or the other. */
function accountedFor({ received, declared, sparse }: EpochBook): IntervalSet {
  const accounted = new IntervalSet();
  for (const [from, to] of [...received.intervals, ...declared.intervals]) accounted.addRange(from, to);
  for (const [from, to] of coveredBySparse(sparse, accounted)) accounted.addRange(from, to);
  return accounted;
}

function sizeOf(intervals: readonly Interval[]): number {
  return intervals.reduce((sum, [from, to]) => sum + to - from + 1, 0);
}

function isSeq(value: unknown): value is number {
  return Number.isSafeInteger(value) && (value as number) >= 0;
}
