import { EVENT_BYTES_MAX } from "@tonearm/sdk/wire";
import { Refusal } from "../refusal.ts";
import { invalidEvent } from "./event-fields.ts";
import { writeInteger } from "./integer-text.ts";

const QUOTE = 0x22;
const ZERO = 0x30;
const MS_OF_DAY = 86_400_000;
/** Room for a number in its longest spelling. */
const NUMBER_BYTES_MAX = 26;
/** What is not longer is copied faster without a call. */
const SHORT_BYTES = 48;

/** Where the data of one event after the other is put together, of all batches: none of them is left in the middle. */
const room = Buffer.allocUnsafeSlow(EVENT_BYTES_MAX + NUMBER_BYTES_MAX);

/** Puts the data of one event after the other together. */
export class DataWriter {
  readonly #bytesMax: number;
  #length = 0;
  #total = 0;
  #seq = 0;
  #day = Number.NaN;
  /** `"2026-11-24T`, of that day. */
  #date = Buffer.alloc(0);

  /** @param bytesMax of all events together. */
  constructor(bytesMax: number) {
    this.#bytesMax = bytesMax;
  }

  /** Begins the event of this number. */
  begin(seq: number): void {
    this.#total += this.#length;
    this.#length = 0;
    this.#seq = seq;
  }

  /** Where the data stands, from the beginning on. The next event overwrites it. */
  readonly room = room;

  /** How much of it was put since `begin`. */
  get length(): number {
    return this.#length;
  }

  /** A part of `bytes`. @throws Refusal where this event becomes too large, or all of them, as all methods do. */
  put(bytes: Buffer, from: number, to: number, isQuoted = false): void {
    this.#check(to - from + (isQuoted ? 2 : 0));
    let at = this.#length;
    if (isQuoted) room[at++] = QUOTE;
    if (to - from > SHORT_BYTES) at += bytes.copy(room, at, from, to);
    else for (let i = from; i < to; i++) room[at++] = bytes[i]!;
    if (isQuoted) room[at++] = QUOTE;
    this.#length = at;
  }

  /** A whole number as JSON has it. */
  whole(value: number): void {
    this.#check(NUMBER_BYTES_MAX);
    this.#length = writeInteger(room, this.#length, value);
  }

  /** An instant, in ms since 1970, as `Date.toISOString` has it, in quotes. */
  instant(ms: number): void {
    this.#check(NUMBER_BYTES_MAX);
    const day = Math.floor(ms / MS_OF_DAY);
    if (day !== this.#day) {
      this.#day = day;
      this.#date = Buffer.from(`"${new Date(day * MS_OF_DAY).toISOString().slice(0, 11)}`, "latin1");
    }
    this.put(this.#date, 0, this.#date.length);
    const rest = ms - day * MS_OF_DAY;
    this.#digits(Math.floor(rest / 3_600_000), 2, 0x3a);
    this.#digits(Math.floor(rest / 60_000) % 60, 2, 0x3a);
    this.#digits(Math.floor(rest / 1_000) % 60, 2, 0x2e);
    this.#digits(rest % 1_000, 3, 0x5a);
    room[this.#length++] = QUOTE;
  }

  /** So many digits of a number, and what stands behind them. */
  #digits(value: number, count: number, behind: number): void {
    let rest = value;
    for (let at = this.#length + count - 1; at >= this.#length; at--) {
      const tens = Math.floor(rest / 10);
      room[at] = ZERO + rest - tens * 10;
      rest = tens;
    }
    this.#length += count;
    room[this.#length++] = behind;
  }

  #check(more: number): void {
    if (this.#length + more > EVENT_BYTES_MAX + NUMBER_BYTES_MAX) {
      throw invalidEvent(this.#seq, `data is more than ${EVENT_BYTES_MAX} bytes of JSON`);
    }
    if (this.#total + this.#length + more > this.#bytesMax) {
      throw new Refusal("inflated_too_large", `the columns hold more than ${this.#bytesMax} bytes of data`);
    }
  }
}
