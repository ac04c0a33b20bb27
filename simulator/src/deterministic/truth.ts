import { crc32 } from "node:zlib";

const RECORDED = 1;
/** A relay has answered 200 for it. */
const ACKNOWLEDGED = 2;
const RECEIVED = 4;
/** It stood in a file of a relay's spool that was damaged. */
const DAMAGED = 8;

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
  /** When a file of its device was damaged, this epoch had begun: anything of it may have been in there, or what declares it. */
  isDamaged = false;
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

  damage(seq: number): void {
    this.#raise(seq, DAMAGED);
  }

  isRecorded = (seq: number): boolean => this.#has(seq, RECORDED);
  isAcknowledged = (seq: number): boolean => this.#has(seq, ACKNOWLEDGED);
  isReceived = (seq: number): boolean => this.#has(seq, RECEIVED);
  /** Damage may have taken it on its way. */
  mayBeLost = (seq: number): boolean => this.isDamaged || this.#has(seq, DAMAGED);

  /** Whether this is what was recorded under this number. */
  matches(seq: number, type: string, json: string): boolean {
    return this.isRecorded(seq) && this.#digests[seq] === digestOf(type, json);
  }

  /** Whether damage has taken a control record of this epoch on its way. */
  get lacksDeclarations(): boolean {
    return this.#flags.some((flags) => (flags & (DAMAGED | RECORDED | RECEIVED)) === DAMAGED);
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

/** An event as it stands in a spool. */
const SPOOLED = /\{"device":"([^"]+)","epoch":"([^"]+)","seq":(\d+),/g;

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

  /** A file of a device was damaged: what it held is not looked into, because it may be packed. */
  damageDevice(device: string): void {
    for (const epoch of this.epochs) if (epoch.device === device) epoch.isDamaged = true;
  }

  /** A file of a relay's spool was damaged, which held these bytes. */
  damageSpooled(bytes: Uint8Array): void {
    const text = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString("latin1");
    for (const [, device, epoch, seq] of text.matchAll(SPOOLED))
      this.epoch(device!, epoch!).damage(Number(seq));
  }

  /** Whether damage has taken a control record of this device on its way. */
  lacksDeclarations(device: string): boolean {
    for (const epoch of this.epochs) if (epoch.device === device && epoch.lacksDeclarations) return true;
    return false;
  }

  get epochs(): Iterable<EpochTruth> {
    return this.#epochs.values();
  }
}
