import { HistoryError } from "./history.ts";

/** One record: the line it begins on, counted from 1, and its cells. */
export interface CsvRecord {
  readonly line: number;
  readonly cells: readonly string[];
}

/** A record longer than this is a quote that was never closed. */
const RECORD_CHARACTERS_MAX = 1_048_576;

/**
 * Reads comma-separated values as RFC 4180 has them, with LF or CRLF. Lines of nothing are passed over.
 * @throws HistoryError naming `path` and the row, when quotes do not match.
 */
export async function* readCsv(path: string, texts: AsyncIterable<string>): AsyncGenerator<CsvRecord> {
  const parser = new CsvParser();
  try {
    for await (const text of texts) yield* parser.push(text);
    yield* parser.end();
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
    throw new HistoryError(`${path} is not well-formed CSV: ${error.message}`, error);
  }
}

class CsvParser {
  /** Where in a cell it is; `closing` has seen a quote inside quotes, which may be half of a doubled one. */
  #state: "start" | "bare" | "quoted" | "closing" = "start";
  #cell = "";
  #cells: string[] = [];
  #characters = 0;
  #line = 1;
  #firstLine = 1;

  *push(text: string): Generator<CsvRecord> {
    for (const character of text) {
      if (character === "\n") this.#line++;
      if (++this.#characters > RECORD_CHARACTERS_MAX) this.#fail("is longer than 1,048,576 characters");
      if (character === "\n" && this.#state !== "quoted") yield* this.#endRecord();
      else this.#take(character);
    }
  }

  *end(): Generator<CsvRecord> {
    if (this.#state === "quoted") this.#fail("has a quoted cell that is never closed");
    yield* this.#endRecord();
  }

  #take(character: string): void {
    const state = this.#state;
    if (state === "quoted" && character === '"') this.#state = "closing";
    else if (state === "quoted") this.#cell += character;
    else if (character === ",") this.#endCell();
    else if (character === '"') {
      if (state === "bare") this.#fail("has a quote inside a cell that does not begin with one");
      if (state === "closing") this.#cell += '"';
      this.#state = "quoted";
    } else if (state !== "closing") {
      this.#state = "bare";
      this.#cell += character;
    } else if (character !== "\r") this.#fail("has text after a closing quote");
  }

  #endCell(): void {
    this.#cells.push(this.#cell);
    this.#cell = "";
    this.#state = "start";
  }

  *#endRecord(): Generator<CsvRecord> {
    if (this.#state === "bare" && this.#cell.endsWith("\r")) this.#cell = this.#cell.slice(0, -1);
    const isEmpty = this.#cells.length === 0 && this.#cell === "" && this.#state !== "closing";
    this.#endCell();
    if (!isEmpty) yield { line: this.#firstLine, cells: this.#cells };
    this.#cells = [];
    this.#characters = 0;
    this.#firstLine = this.#line;
  }

  #fail(what: string): never {
    throw new SyntaxError(`the row at line ${this.#firstLine} ${what}`);
  }
}
