import { Refusal } from "../refusal.ts";

/** Longest id, type or name of a field. */
const SHORT_BYTES_MAX = 64;

/**
 * Reads exactly the msgpack types that a batch may hold. It is not a general decoder on purpose: no extension types, no
 * nested values, nothing is allocated from a length that the bytes themselves do not back, and no key of the sender's
 * ever becomes a property of an object.
 */
export class MsgpackReader {
  readonly #bytes: Buffer;
  readonly #view: DataView;
  #at = 0;
  /** The last short string, and where it stands: the type of an event is mostly that of the one before. */
  #text = "";
  #textFrom = 0;

  constructor(bytes: Buffer) {
    this.#bytes = bytes;
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  }

  /** Where the next value begins, and the last one ended. */
  get at(): number {
    return this.#at;
  }

  get atEnd(): boolean {
    return this.#at === this.#bytes.length;
  }

  /** Number of pairs in the map that begins here. */
  mapLength(): number {
    const type = this.#byte();
    if (type >= 0x80 && type <= 0x8f) return type & 0x0f;
    if (type === 0xde) return this.#unsigned(2);
    if (type === 0xdf) return this.#unsigned(4);
    throw this.#unexpected("a map", type);
  }

  /** Goes on behind a nil, if one stands here. */
  skipNil(): boolean {
    if (this.#bytes[this.#at] !== 0xc0) return false;
    this.#at++;
    return true;
  }

  /** Goes on behind a whole number from 0 to 127 in one byte, if one stands here, and returns it. */
  passSmallWhole(): number | undefined {
    const type = this.#bytes[this.#at];
    if (type === undefined || type > 0x7f) return undefined;
    this.#at++;
    return type;
  }

  /** Number of items in the array that begins here. */
  arrayLength(): number {
    const type = this.#byte();
    if (type >= 0x90 && type <= 0x9f) return type & 0x0f;
    if (type === 0xdc) return this.#unsigned(2);
    if (type === 0xdd) return this.#unsigned(4);
    throw this.#unexpected("an array", type);
  }

  /** The whole number that stands here; undefined, and nothing is passed, when an array does. */
  wholeUnlessArray(): number | undefined {
    const type = this.#bytes[this.#at] ?? 0;
    if ((type & 0xf0) === 0x90 || type === 0xdc || type === 0xdd) return undefined;
    const value = this.numberOrNil();
    if (value === null || !Number.isSafeInteger(value)) {
      throw this.#unexpected("a whole number or an array", type);
    }
    return value;
  }

  /** Goes on behind the string that begins here; returns where its bytes begin. They end at `at`. */
  passString(): number {
    const type = this.#byte();
    if (type >= 0xa0 && type <= 0xbf) return this.#pass(type & 0x1f);
    if (type === 0xd9) return this.#pass(this.#unsigned(1));
    if (type === 0xda) return this.#pass(this.#unsigned(2));
    if (type === 0xdb) return this.#pass(this.#unsigned(4));
    throw this.#unexpected("a string", type);
  }

  /** The bytes of a string, as a view. */
  stringBytes(): Buffer {
    const from = this.passString();
    return this.#bytes.subarray(from, this.#at);
  }

  /** The bytes of a string or of binary data, as a view, and which of them it is. */
  textOrBinary(): { readonly isText: boolean; readonly bytes: Buffer } {
    const type = this.#bytes[this.#at];
    if (type === undefined || type < 0xc4 || type > 0xc6) return { isText: true, bytes: this.stringBytes() };
    this.#at++;
    const from = this.#pass(this.#unsigned((1 << (type - 0xc4)) as 1 | 2 | 4));
    return { isText: false, bytes: this.#bytes.subarray(from, this.#at) };
  }

  /** A short string of ASCII; anything else in it fails the patterns it is held against. */
  shortString(): string {
    const from = this.passString();
    const length = this.#at - from;
    if (length > SHORT_BYTES_MAX) return "";
    if (length !== this.#text.length || !this.#isSame(from, length)) {
      this.#text = this.#bytes.toString("latin1", from, this.#at);
      this.#textFrom = from;
    }
    return this.#text;
  }

  /** A number in any of msgpack's spellings, or null for nil. 64-bit integers beyond 2^53 lose their last digits. */
  numberOrNil(): number | null {
    const type = this.#byte();
    if (type < 0x80) return type;
    if (type >= 0xe0) return type - 0x100;
    switch (type) {
      case 0xc0:
        return null;
      case 0xca:
        return this.#view.getFloat32(this.#pass(4));
      case 0xcb:
        return this.#view.getFloat64(this.#pass(8));
      case 0xcc:
        return this.#unsigned(1);
      case 0xcd:
        return this.#unsigned(2);
      case 0xce:
        return this.#unsigned(4);
      case 0xcf:
        return this.#unsigned(4) * 2 ** 32 + this.#unsigned(4);
      case 0xd0:
        return this.#view.getInt8(this.#pass(1));
      case 0xd1:
        return this.#view.getInt16(this.#pass(2));
      case 0xd2:
        return this.#view.getInt32(this.#pass(4));
      case 0xd3:
        return this.#view.getInt32(this.#pass(4)) * 2 ** 32 + this.#unsigned(4);
      default:
        throw this.#unexpected("a number or nil", type);
    }
  }

  #byte(): number {
    const byte = this.#bytes[this.#at];
    if (byte === undefined) throw this.#truncated();
    this.#at++;
    return byte;
  }

  #unsigned(length: 1 | 2 | 4): number {
    const from = this.#pass(length);
    if (length === 4) return this.#view.getUint32(from);
    return length === 2 ? this.#view.getUint16(from) : this.#bytes[from]!;
  }

  /** Goes on behind `length` bytes; returns where they begin. */
  #pass(length: number): number {
    const from = this.#at;
    if (length > this.#bytes.length - from) throw this.#truncated();
    this.#at = from + length;
    return from;
  }

  #isSame(from: number, length: number): boolean {
    for (let i = 0; i < length; i++)
      if (this.#bytes[from + i] !== this.#bytes[this.#textFrom + i]) return false;
    return true;
  }

  #truncated(): Refusal {
    return new Refusal(
      "malformed_body",
      `the msgpack ends at byte ${this.#bytes.length}, in the middle of a value`,
    );
  }

  #unexpected(expected: string, type: number): Refusal {
    const found = `0x${type.toString(16).padStart(2, "0")}`;
    return new Refusal(
      "malformed_body",
      `byte ${this.#at - 1} of the msgpack is ${found}, expected ${expected}`,
    );
  }
}
