import { endOfString } from "../ingest/json-shape.ts";

const QUOTE = 0x22;
const COMMA = 0x2c;
const BACKSLASH = 0x5c;
const OPEN_BRACKET = 0x5b;
const CLOSE_BRACKET = 0x5d;
const OPEN_BRACE = 0x7b;
const CLOSE_BRACE = 0x7d;
const LETTER_N = 0x6e;

/** What stands below a member that paths lead to; `undefined` below the last of one. */
type Branch = Map<string, Branch | undefined>;

/**
 * Finds values in JSON text by the names of the members around them, and puts others in their place. Everything else keeps
 * its bytes: numbers their digits, objects their order. A member that stands twice is found twice, also when its name is
 * written with escapes.
 */
export class JsonPaths {
  readonly #root: Branch = new Map();
  /** The first names of paths as they are commonly written: without one of these, and without an escape, nothing is there. */
  readonly #marks: readonly Buffer[];

  /** @param paths names with points between, outermost first; where one path begins another, the shorter one counts. */
  constructor(paths: readonly string[]) {
    for (const path of paths) addTo(this.#root, path.split("."));
    this.#marks = [...this.#root.keys()].map((name) => Buffer.from(JSON.stringify(name)));
  }

  /**
   * @param data one JSON object, known to be valid.
   * @param inPlaceOf is given a string's value, or the JSON text of anything else but null, item by item in a list.
   * @returns `data` itself when nothing was found.
   */
  replaceIn(data: Buffer, inPlaceOf: (value: string) => string): Buffer {
    if (!data.includes(BACKSLASH) && !this.#marks.some((mark) => data.includes(mark))) return data;
    const splice = new Splice(data, inPlaceOf);
    splice.walk(0, this.#root);
    return splice.finish();
  }
}

function addTo(branch: Branch, [name = "", ...rest]: readonly string[]): void {
  if (rest.length === 0) branch.set(name, undefined);
  else if (!branch.has(name)) {
    const below: Branch = new Map();
    branch.set(name, below);
    addTo(below, rest);
  } else {
    const below = branch.get(name);
    if (below) addTo(below, rest);
  }
}

/** One pass over one text. Each method is given where a value begins, and returns where it ends. */
class Splice {
  readonly #json: Buffer;
  readonly #inPlaceOf: (value: string) => string;
  readonly #pieces: Buffer[] = [];
  /** Up to here the text is in the pieces. */
  #copied = 0;

  constructor(json: Buffer, inPlaceOf: (value: string) => string) {
    this.#json = json;
    this.#inPlaceOf = inPlaceOf;
  }

  finish(): Buffer {
    if (this.#copied === 0) return this.#json;
    return Buffer.concat([...this.#pieces, this.#json.subarray(this.#copied)]);
  }

  walk(from: number, branch: Branch): number {
    const at = this.#past(from);
    if (this.#json[at] === OPEN_BRACKET) return this.#items(at, (item) => this.walk(item, branch));
    if (this.#json[at] === OPEN_BRACE) return this.#members(at, branch);
    return this.#end(at);
  }

  #members(from: number, branch: Branch): number {
    let at = this.#past(from + 1);
    while (this.#json[at] !== CLOSE_BRACE && at < this.#json.length) {
      const end = endOfString(this.#json, at) + 1;
      const name = JSON.parse(this.#text(at, end)) as string;
      const value = this.#past(this.#past(end) + 1);
      const below = branch.get(name);
      if (below) at = this.walk(value, below);
      else at = branch.has(name) ? this.#replace(value) : this.#end(value);
      at = this.#pastComma(at);
    }
    return at + 1;
  }

  #items(from: number, each: (at: number) => number): number {
    let at = this.#past(from + 1);
    while (this.#json[at] !== CLOSE_BRACKET && at < this.#json.length) at = this.#pastComma(each(at));
    return at + 1;
  }

  #replace(from: number): number {
    const first = this.#json[from];
    if (first === OPEN_BRACKET) return this.#items(from, (item) => this.#replace(item));
    const end = this.#end(from);
    if (first === LETTER_N) return end;
    const text = this.#text(from, end);
    const value = first === QUOTE ? (JSON.parse(text) as string) : text;
    this.#pieces.push(
      this.#json.subarray(this.#copied, from),
      Buffer.from(JSON.stringify(this.#inPlaceOf(value))),
    );
    this.#copied = end;
    return end;
  }

  /** Where the value that begins at `from` ends, without looking into it. */
  #end(from: number): number {
    let depth = 0;
    for (let at = from; at < this.#json.length; at++) {
      const byte = this.#json[at]!;
      if (byte === QUOTE) {
        at = endOfString(this.#json, at);
        if (depth === 0) return at + 1;
      } else if (byte === OPEN_BRACE || byte === OPEN_BRACKET) depth++;
      else if (byte === CLOSE_BRACE || byte === CLOSE_BRACKET) {
        // It is that of what stands around a number or a word.
        if (depth === 0) return at;
        if (--depth === 0) return at + 1;
      } else if (depth === 0 && (byte === COMMA || isSpace(byte))) return at;
    }
    return this.#json.length;
  }

  #past(from: number): number {
    let at = from;
    while (isSpace(this.#json[at])) at++;
    return at;
  }

  #pastComma(from: number): number {
    const at = this.#past(from);
    return this.#json[at] === COMMA ? this.#past(at + 1) : at;
  }

  #text(from: number, end: number): string {
    return this.#json.toString("utf8", from, end);
  }
}

/** Line breaks are not among an event's bytes. */
const isSpace = (byte: number | undefined): boolean => byte === 0x20 || byte === 0x09;
