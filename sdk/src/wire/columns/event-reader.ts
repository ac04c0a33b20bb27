/** What an event says that is spelled in msgpack. */
export interface ReadEvent {
  type: string;
  timeMs: number;
  monoMs: number;
  offsetMs: number | null;
  /** Where its data begins, which ends where the event does. */
  dataFrom: number;
}

/** Times beyond this are no ms of any clock, and sums of three of them would not be exact. */
const TIME_MAX = 1e15;

const ARRAY_OF_FIVE = 0x95;
const NIL = 0xc0;
const FLOAT_64 = 0xcb;
/** First of msgpack's types of whole numbers, with one, two, four and eight bytes. */
const UINT = 0xcc;
const INT = 0xd0;

/** Takes events apart again that `msgpackCodec` has put together. */
export class EventReader {
  readonly #read: ReadEvent = { type: "", timeMs: 0, monoMs: 0, offsetMs: null, dataFrom: 0 };
  readonly #float = new DataView(new ArrayBuffer(8));
  #bytes = new Uint8Array(0) as Uint8Array;
  #at = 0;

  /** Undefined for what the codec does not write, and for times out of the ordinary. The next call writes into the same object. */
  read(event: Uint8Array): Readonly<ReadEvent> | undefined {
    const read = this.#read;
    this.#bytes = event;
    this.#at = 1;
    if (event[0] !== ARRAY_OF_FIVE || !this.#readType()) return undefined;
    read.timeMs = this.#number();
    read.monoMs = this.#number();
    read.offsetMs = event[this.#at] === NIL ? null : this.#number();
    if (read.offsetMs === null) this.#at++;
    if (!isTime(read.timeMs) || !isTime(read.monoMs) || !isTime(Math.abs(read.offsetMs ?? 0)))
      return undefined;
    const length = this.#stringLength();
    if (this.#at + length !== event.length) return undefined;
    read.dataFrom = this.#at;
    return read;
  }

  /** Types come again and again: a text is made only when it is another one. */
  #readType(): boolean {
    const length = this.#stringLength();
    const from = this.#at;
    this.#at += length;
    const { type } = this.#read;
    let i = 0;
    while (i < length && type.charCodeAt(i) === this.#bytes[from + i]) i++;
    if (i < length || type.length !== length) {
      this.#read.type = String.fromCharCode(...this.#bytes.subarray(from, this.#at));
    }
    return length > 0;
  }

  /** NaN where none stands. */
  #stringLength(): number {
    const type = this.#bytes[this.#at++]!;
    if (type >= 0xa0 && type <= 0xbf) return type & 0x1f;
    return type >= 0xd9 && type <= 0xdb ? this.#unsigned(2 ** (type - 0xd9)) : Number.NaN;
  }

  #number(): number {
    const type = this.#bytes[this.#at++]!;
    if (type < 0x80) return type;
    if (type >= 0xe0) return type - 0x100;
    if (type >= UINT && type < INT) return this.#unsigned(2 ** (type - UINT));
    if (type >= INT && type < INT + 4) {
      const size = 2 ** (type - INT);
      const value = this.#unsigned(size);
      return value < 2 ** (8 * size - 1) ? value : value - 2 ** (8 * size);
    }
    if (type !== FLOAT_64) return Number.NaN;
    for (let i = 0; i < 8; i++) this.#float.setUint8(i, this.#bytes[this.#at++]!);
    return this.#float.getFloat64(0);
  }

  #unsigned(size: number): number {
    let value = 0;
    for (let i = 0; i < size; i++) value = value * 0x100 + this.#bytes[this.#at++]!;
    return value;
  }
}

const isTime = (ms: number): boolean => Number.isInteger(ms) && ms >= 0 && ms <= TIME_MAX;
