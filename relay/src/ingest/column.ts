import { COLUMN_VALUES } from "@tonearm/sdk/wire";
import { Refusal } from "../refusal.ts";

const LINE_FEED = 0x0a;
const QUOTE = 0x22;
const AS_IT_IS = 0x3a;
/** How the numbers of a column are written in JSON, and whether null is among them. */
const INSTANT = 1;
const OR_NULL = 2;
const FORMS = 4;
/** What stands before the numbers: the form, and three columns that they are told from. */
const NUMBERS_FROM = 4;

/** Values that a character says, by its code. */
const VALUES = COLUMN_VALUES.map((value) => (value === undefined ? undefined : Buffer.from(value)));
/** No JSON text holds a character below this one. */
const CONTROLS_END = 0x20;

/** Instants from the year 0 to the year 9999. */
const INSTANT_MIN = -62_167_219_200_000;
const INSTANT_MAX = 253_402_300_799_999;

const malformed = (message: string): Refusal => new Refusal("malformed_body", message);

/** The values of one place, of all events of one shape, as JSON text. */
export class TextColumn {
  readonly #bytes: Buffer;
  /** Its values are strings, whose quotes are left out, but for those that a character says. */
  readonly #isStripped: boolean;
  #at = 1;
  /** Where the present value stands, and whether without its quotes. */
  bytes: Buffer;
  isStripped = false;
  from = 0;
  to = 0;

  /** @throws Refusal `malformed_body`, as everything here. */
  constructor(bytes: Buffer) {
    const [kind] = bytes;
    if (kind !== QUOTE && kind !== AS_IT_IS)
      throw malformed('a column of text must begin with a quote or ":"');
    this.#bytes = bytes;
    this.bytes = bytes;
    this.#isStripped = kind === QUOTE;
  }

  get atEnd(): boolean {
    return this.#at === this.#bytes.length;
  }

  /** Goes on to the next value. An empty line is the value before, and so is everything behind the last line. */
  next(): void {
    const bytes = this.#bytes;
    const from = this.#at;
    let end = from;
    while (end < bytes.length && bytes[end] !== LINE_FEED) end++;
    if (end > from) this.#take(from, end);
    else if (this.to === 0) {
      throw malformed("a column of text begins with an empty line, and nothing is before it");
    }
    this.#at = Math.min(end + 1, bytes.length);
  }

  #take(from: number, end: number): void {
    const bytes = this.#bytes;
    if (end === bytes.length) throw malformed("a column of text ends in the middle of a line");
    if (end - from > 1 || bytes[from]! >= CONTROLS_END) {
      this.bytes = bytes;
      this.from = from;
      this.to = end;
      this.isStripped = this.#isStripped;
      return;
    }
    const value = VALUES[bytes[from]!];
    if (!value) throw malformed("a column of text holds a character that stands for no value");
    this.bytes = value;
    this.from = 0;
    this.to = value.length;
    this.isStripped = false;
  }
}

/** The same for numbers: each is told from others, and what they leave to be said stands in the column. */
export class NumberColumn {
  readonly isInstant: boolean;
  readonly #bytes: Buffer;
  #at = NUMBERS_FROM;
  readonly #hasNull: boolean;
  readonly #same: readonly NumberColumn[];
  readonly #beforeAt: number;
  #before: NumberColumn | undefined;
  #beforeIsTaken = false;
  /** Of the event that was taken last, and of the one before it; 0 where there is none, and for null. */
  #now = 0;
  #last = 0;

  /** @param earlier the columns of the shape that stand before this one. */
  constructor(bytes: Buffer, earlier: readonly (TextColumn | NumberColumn)[]) {
    const [form, same = 0, also = 0, before = 0] = bytes;
    if (bytes.length < NUMBERS_FROM || form! >= FORMS) {
      throw malformed(
        "a column of numbers must begin with its form, 0 to 3, and the columns that it is told from",
      );
    }
    this.#bytes = bytes;
    this.#beforeAt = before;
    this.isInstant = (form! & INSTANT) > 0;
    this.#hasNull = (form! & OR_NULL) > 0;
    this.#same = [same, also].filter((number) => number > 0).map((number) => numbersAt(earlier, number));
  }

  /** To be called when all columns of the shape are there, and before the first value: which of them the event before tells. */
  link(columns: readonly (TextColumn | NumberColumn)[]): void {
    if (this.#beforeAt === 0) return;
    this.#before = numbersAt(columns, this.#beforeAt);
    this.#beforeIsTaken = columns.indexOf(this.#before) < columns.indexOf(this);
  }

  get atEnd(): boolean {
    return this.#at === this.#bytes.length;
  }

  /** The next number, or null; those of earlier columns must have been taken for the same event. */
  next(): number | null {
    const value = this.#value();
    this.#last = this.#now;
    this.#now = value ?? 0;
    return value;
  }

  #value(): number | null {
    let value = this.#left();
    if (value === null) return null;
    for (const column of this.#same) value += column.#now;
    if (this.#before) value += this.#beforeIsTaken ? this.#before.#last : this.#before.#now;
    const isInRange = this.isInstant
      ? value >= INSTANT_MIN && value <= INSTANT_MAX
      : Number.isSafeInteger(value);
    if (!isInRange) throw malformed("a column of numbers goes beyond what its form can say");
    return value;
  }

  /** What the others leave to be said: zigzag, and where null may stand that is 0, and all else one more. */
  #left(): number | null {
    // What is not there any more is 0.
    const said = this.atEnd ? 0 : this.#varint();
    if (said === 0 && this.#hasNull) return null;
    const zigzag = this.#hasNull ? said - 1 : said;
    return zigzag % 2 === 0 ? zigzag / 2 : -(zigzag + 1) / 2;
  }

  /** LEB128, of at most eight bytes. */
  #varint(): number {
    let value = 0;
    for (let factor = 1; factor < 2 ** 56; factor *= 0x80) {
      const byte = this.#bytes[this.#at++];
      if (byte === undefined) throw malformed("a column of numbers ends in the middle of one");
      value += (byte & 0x7f) * factor;
      if (byte < 0x80) return value;
    }
    throw malformed("a column of numbers holds one of more than eight bytes");
  }
}

function numbersAt(columns: readonly (TextColumn | NumberColumn)[], number: number): NumberColumn {
  const column = columns[number - 1];
  if (column instanceof NumberColumn) return column;
  throw malformed("a column of numbers is told from one that is not before it, or holds no numbers");
}
