import { Refusal } from "../refusal.ts";

const LINE_FEED = 0x0a;
const QUOTE = 0x22;
const AS_IT_IS = 0x3a;
/** How the numbers of a column are written in JSON. */
const WHOLE = 0;
const INSTANT = 1;
/** What stands before the numbers: the form, and three columns that they are told from. */
const NUMBERS_FROM = 4;

/** Instants from the year 0 to the year 9999. */
const INSTANT_MIN = -62_167_219_200_000;
const INSTANT_MAX = 253_402_300_799_999;

const malformed = (message: string): Refusal => new Refusal("malformed_body", message);

/** The values of one place, of all events of one shape, as JSON text. */
export class TextColumn {
  readonly bytes: Buffer;
  /** Its values are strings, whose quotes are left out. */
  readonly isStripped: boolean;
  #at = 1;
  /** Where the present value stands. */
  from = 0;
  to = 0;

  /** @throws Refusal `malformed_body`, as everything here. */
  constructor(bytes: Buffer) {
    const [kind] = bytes;
    if (kind !== QUOTE && kind !== AS_IT_IS)
      throw malformed('a column of text must begin with a quote or ":"');
    this.bytes = bytes;
    this.isStripped = kind === QUOTE;
  }

  get atEnd(): boolean {
    return this.#at === this.bytes.length;
  }

  /** Goes on to the next value. An empty line is the value before. */
  next(): void {
    const { bytes } = this;
    const from = this.#at;
    let end = from;
    while (end < bytes.length && bytes[end] !== LINE_FEED) end++;
    if (end === bytes.length) throw malformed("a column of text ends before its last value");
    this.#at = end + 1;
    if (end > from) {
      this.from = from;
      this.to = end;
    } else if (this.to === 0) {
      throw malformed("a column of text begins with an empty line, and nothing is before it");
    }
  }
}

/** The same for numbers: each is told from others, and what they leave to be said stands in the column. */
export class NumberColumn {
  readonly isInstant: boolean;
  readonly #bytes: Buffer;
  readonly #same: readonly NumberColumn[];
  #at = NUMBERS_FROM;
  #before: NumberColumn | undefined;
  #beforeIsTaken = false;
  /** Of the event that was taken last, and of the one before it; 0 where there is none. */
  #now = 0;
  #last = 0;

  /** @param earlier the columns of the shape that stand before this one. */
  constructor(bytes: Buffer, earlier: readonly (TextColumn | NumberColumn)[]) {
    const [form, same = 0, also = 0] = bytes;
    if (bytes.length < NUMBERS_FROM || (form !== WHOLE && form !== INSTANT)) {
      throw malformed(
        "a column of numbers must begin with its form, 0 or 1, and the columns that it is told from",
      );
    }
    this.#bytes = bytes;
    this.isInstant = form === INSTANT;
    this.#same = [same, also].filter((number) => number > 0).map((number) => numbersAt(earlier, number));
  }

  /** To be called when all columns of the shape are there, and before the first value: which of them the event before tells. */
  link(columns: readonly (TextColumn | NumberColumn)[]): void {
    const number = this.#bytes[NUMBERS_FROM - 1]!;
    if (number === 0) return;
    this.#before = numbersAt(columns, number);
    this.#beforeIsTaken = columns.indexOf(this.#before) < columns.indexOf(this);
  }

  get atEnd(): boolean {
    return this.#at === this.#bytes.length;
  }

  /** The next number; those of earlier columns must have been taken for the same event. */
  next(): number {
    let value = 0;
    for (const column of this.#same) value += column.#now;
    if (this.#before) value += this.#beforeIsTaken ? this.#before.#last : this.#before.#now;
    value += this.#varint();
    const isInRange = this.isInstant
      ? value >= INSTANT_MIN && value <= INSTANT_MAX
      : Number.isSafeInteger(value);
    if (!isInRange) throw malformed("a column of numbers goes beyond what its form can say");
    this.#last = this.#now;
    this.#now = value;
    return value;
  }

  /** Zigzag LEB128, of at most eight bytes. */
  #varint(): number {
    let zigzag = 0;
    for (let factor = 1; factor < 2 ** 56; factor *= 0x80) {
      const byte = this.#bytes[this.#at++];
      if (byte === undefined) throw malformed("a column of numbers ends before its last one");
      zigzag += (byte & 0x7f) * factor;
      if (byte < 0x80) return zigzag % 2 === 0 ? zigzag / 2 : -(zigzag + 1) / 2;
    }
    throw malformed("a column of numbers holds one of more than eight bytes");
  }
}

function numbersAt(columns: readonly (TextColumn | NumberColumn)[], number: number): NumberColumn {
  const column = columns[number - 1];
  if (column instanceof NumberColumn) return column;
  throw malformed("a column of numbers is told from one that is not before it, or holds no numbers");
}
