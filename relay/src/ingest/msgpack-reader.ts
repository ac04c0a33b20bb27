import { Refusal } from "../refusal.ts";

/**
 * Reads exactly the msgpack types that a batch may hold. It is not a general decoder on purpose: no extension types, no
 * nested values, nothing is allocated from a length that the bytes themselves do not back, and no key of the sender's
 * ever becomes a property of an object.
 */
export class MsgpackReader {
  readonly #bytes: Buffer;
  #at = 0;

  constructor(bytes: Buffer) {
    this.#bytes = bytes;
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

  /** Number of items in the array that begins here. */
  arrayLength(): number {
    const type = this.#byte();
    if (type >= 0x90 && type <= 0x9f) return type & 0x0f;
    if (type === 0xdc) return this.#unsigned(2);
    if (type === 0xdd) return this.#unsigned(4);
    throw this.#unexpected("an array", type);
  }

  /** The bytes of a string, as a view. */
  stringBytes(): Buffer {
    const type = this.#byte();
    if (type >= 0xa0 && type <= 0xbf) return this.#take(type & 0x1f);
    if (type === 0xd9) return this.#take(this.#unsigned(1));
    if (type === 0xda) return this.#take(this.#unsigned(2));
    if (type === 0xdb) return this.#take(this.#unsigned(4));
    throw this.#unexpected("a string", type);
  }

  /** A short string of ASCII; anything else in it fails the patterns it is held against. */
  shortString(): string {
    const bytes = this.stringBytes();
    return bytes.length <= 64 ? bytes.toString("latin1") : "";
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
        return this.#take(4).readFloatBE();
      case 0xcb:
        return this.#take(8).readDoubleBE();
      case 0xcc:
        return this.#unsigned(1);
      case 0xcd:
        return this.#unsigned(2);
      case 0xce:
        return this.#unsigned(4);
      case 0xcf:
        return this.#unsigned(4) * 2 ** 32 + this.#unsigned(4);
      case 0xd0:
        return this.#take(1).readInt8();
      case 0xd1:
        return this.#take(2).readInt16BE();
      case 0xd2:
        return this.#take(4).readInt32BE();
      case 0xd3:
        return this.#take(4).readInt32BE() * 2 ** 32 + this.#unsigned(4);
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
    return this.#take(length).readUIntBE(0, length);
  }

  #take(length: number): Buffer {
    if (length > this.#bytes.length - this.#at) throw this.#truncated();
    this.#at += length;
    return this.#bytes.subarray(this.#at - length, this.#at);
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
