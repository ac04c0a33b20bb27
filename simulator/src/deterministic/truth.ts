import { crc32 } from "node:zlib";

const RECORDED = 1;
/** A relay has answered 200 for it. */
const ACKNOWLEDGED = 2;
const RECEIVED = 4;

/** The truth about one epoch of one device. */
export class EpochTruth {
  readonly device: string;
  readonly epoch: string;
  /** Highest number recorded by the application. */
  lastSeq = 0;
  /** Everything up to here was said to be durable on the device (L1). */
  durableThrough = 0;
  /** It ended by `close()`, and that said that everything was durable. */
  isClosed = false;
  /** Highest number that came into the stream, and by which process of a relay. */
  last: { readonly seq: number; readonly by: string } = { seq: 0, by: "" };
  readonly #flags: number[] = [];
  readonly #digests: number[] = [];

  constructor(device: string, epoch: string) {
    this.device = device;
    this.epoch = epoch;
  }

  record(seq: number, type: string, json: string): void {
    this.lastSeq = seq;
    this.#digests[seq] = digestOf(type, json);
    this.#raise(seq, RECORDED);
  }

  acknowledge(seq: number): void {
    this.#raise(seq, ACKNOWLEDGED);
  }

  receive(seq: number): void {
    this.#raise(seq, RECEIVED);
  }

  isRecorded = (seq: number): boolean => this.#has(seq, RECORDED);
  isAcknowledged = (seq: number): boolean => this.#has(seq, ACKNOWLEDGED);
  isReceived = (seq: number): boolean => this.#has(seq, RECEIVED);

  /** Whether this is what was recorded under this number. */
  matches(seq: number, type: string, json: string): boolean {
    return this.isRecorded(seq) && this.#digests[seq] === digestOf(type, json);
  }

  /** Every number that anybody has heard of. */
  *seqs(): Generator<number> {
    for (let seq = 1; seq < this.#flags.length; seq++) if (this.#flags[seq]) yield seq;
  }

  #raise(seq: number, flag: number): void {
    while (this.#flags.length <= seq) this.#flags.push(0);
    this.#flags[seq]! |= flag;
  }

  #has(seq: number, flag: number): boolean {
    return ((this.#flags[seq] ?? 0) & flag) !== 0;
  }
}

const digestOf = (type: string, json: string): number => crc32(json, crc32(type));

/** What really happened, kept outside of everything it judges. */
export class Truth {
  readonly #epochs = new Map<string, EpochTruth>();

  epoch(device: string, epoch: string): EpochTruth {
    const key = `${device} ${epoch}`;
    const known = this.#epochs.get(key) ?? new EpochTruth(device, epoch);
    this.#epochs.set(key, known);
    return known;
  }

  get epochs(): Iterable<EpochTruth> {
    return this.#epochs.values();
  }
}
