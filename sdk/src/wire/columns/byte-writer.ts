/** Bytes that are put behind one another, always in the same room; it grows to the largest there was. */
export class ByteWriter {
  #room = new Uint8Array(65_536);
  #length = 0;

  /** What was put since `clear`, as a view that what comes then overwrites. */
  get bytes(): Uint8Array {
    return this.#room.subarray(0, this.#length);
  }

  clear(): void {
    this.#length = 0;
  }

  byte(byte: number): void {
    if (this.#length === this.#room.length) this.#grow(1);
    this.#room[this.#length++] = byte;
  }

  put(bytes: Uint8Array): void {
    if (this.#length + bytes.length > this.#room.length) this.#grow(bytes.length);
    this.#room.set(bytes, this.#length);
    this.#length += bytes.length;
  }

  /** A part of `bytes`; short ones are copied faster like this. */
  part(bytes: Uint8Array, from: number, to: number): void {
    if (this.#length + to - from > this.#room.length) this.#grow(to - from);
    for (let at = from; at < to; at++) this.#room[this.#length++] = bytes[at]!;
  }

  /** A whole number from 0 on as LEB128. */
  varint(value: number): void {
    let rest = value;
    for (; rest >= 0x80; rest = Math.floor(rest / 0x80)) this.byte((rest % 0x80) + 0x80);
    this.byte(rest);
  }

  /** @param kind first of msgpack's types with lengths of one, two and four bytes: `STR` or `BIN`. */
  msgpackBytes(kind: number, bytes: Uint8Array): void {
    if (kind === STR && bytes.length < SHORT) this.byte(SHORT_STR | bytes.length);
    else this.#lengths(kind, bytes.length);
    this.put(bytes);
  }

  /** @param value a whole number from 0 to 2^53 - 1. */
  msgpackWhole(value: number): void {
    if (value < 0x80) this.byte(value);
    else if (value < 0x1_0000) this.#big(0xcd, value, 2);
    else {
      this.#big(0xcf, Math.floor(value / 2 ** 32), 4);
      for (let shift = 24; shift >= 0; shift -= 8) this.byte((value >>> shift) & 0xff);
    }
  }

  msgpackArray(length: number): void {
    if (length < 16) this.byte(0x90 | length);
    else this.#big(0xdc, length, 2);
  }

  #lengths(kind: number, length: number): void {
    if (length < 0x1_00) this.#big(kind, length, 1);
    else if (length < 0x1_0000) this.#big(kind + 1, length, 2);
    else this.#big(kind + 2, length, 4);
  }

  #big(type: number, value: number, size: number): void {
    this.byte(type);
    for (let shift = 8 * (size - 1); shift >= 0; shift -= 8) this.byte((value >>> shift) & 0xff);
  }

  #grow(more: number): void {
    const room = new Uint8Array(2 * (this.#length + more));
    room.set(this.#room);
    this.#room = room;
  }
}

export const STR = 0xd9;
/** Strings of fewer bytes have their length in their type. */
const SHORT = 32;
const SHORT_STR = 0xa0;
export const BIN = 0xc4;
