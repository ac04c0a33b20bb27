import { stat } from "node:fs/promises";
import { inWords, isFields } from "./cells.ts";
import type { RawRow, Table } from "./format.ts";
import { HistoryError, type RefusedRow } from "./history.ts";
import { readLines, readText } from "./read-text.ts";

/** Largest file that is read whole: a JSON array, or any file whose newest row comes first. Services split sooner. */
const WHOLE_BYTES_MAX = 268_435_456;

/** Longest line of JSON lines; a listen with all its details takes a few thousand characters. */
const LINE_CHARACTERS_MAX = 16_777_216;

/** Rows in which names of columns are looked for: one row may lack a key that the others have. */
const ROWS_FOR_COLUMNS = 100;

/**
 * JSON lines, or a document that is the list of rows or has it inside.
 * @param first the first character of the file that is not white space.
 * @throws HistoryError
 */
export async function openJson(path: string, first: "[" | "{"): Promise<Table> {
  const isLines = first === "{" && (await beginsWithWholeObject(path));
  const whole = isLines ? undefined : listIn(await parseWhole(path));
  const rows = () => (whole ? rowsOf(whole) : lineRows(path));
  return { columns: await columnsOf(rows()), rows };
}

/** @throws HistoryError when a file is too large to be read whole. */
export async function checkFitsWhole(path: string, why: string): Promise<void> {
  const { size } = await stat(path);
  if (size <= WHOLE_BYTES_MAX) return;
  throw new HistoryError(`${path} has ${size} bytes; ${why} is read whole, up to ${WHOLE_BYTES_MAX} bytes`);
}

/** Whether the first line is an object by itself, which makes the file JSON lines. */
async function beginsWithWholeObject(path: string): Promise<boolean> {
  for await (const line of readLines(path, LINE_CHARACTERS_MAX)) {
    if (line.trim() === "") continue;
    try {
      JSON.parse(line);
      return true;
    } catch {
      return false;
    }
  }
  return false;
}

async function parseWhole(path: string): Promise<unknown> {
  await checkFitsWhole(path, "a JSON array");
  const pieces: string[] = [];
  for await (const text of readText(path)) pieces.push(text);
  return parse(path, pieces.join(""), "");
}

function parse(path: string, text: string, where: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error);
    throw new HistoryError(`${path} is not well-formed JSON${where}: ${message}`, error);
  }
}

/** The rows of a document: those of an array, of `payload` or `payload.listens`, or the document as the only one. */
function listIn(document: unknown): readonly unknown[] {
  if (Array.isArray(document)) return document;
  const payload = fieldOf(document, "payload");
  if (Array.isArray(payload)) return payload;
  const listens = fieldOf(payload, "listens");
  return Array.isArray(listens) ? listens : [document];
}

function fieldOf(value: unknown, name: string): unknown {
  return isFields(value) ? value[name] : undefined;
}

async function* rowsOf(values: readonly unknown[]): AsyncGenerator<RawRow | RefusedRow> {
  for (const [at, value] of values.entries()) yield rowOf(value, at + 1);
}

async function* lineRows(path: string): AsyncGenerator<RawRow | RefusedRow> {
  let line = 0;
  for await (const text of readLines(path, LINE_CHARACTERS_MAX)) {
    line++;
    if (text.trim() === "") continue;
    for (const value of listIn(parse(path, text, ` in line ${line}`))) yield rowOf(value, line);
  }
}

function rowOf(value: unknown, line: number): RawRow | RefusedRow {
  if (isFields(value)) return { kind: "raw", line, fields: value };
  return { kind: "refused", line, column: "(all)", reason: `is ${inWords(value)}, expected an object` };
}

async function columnsOf(rows: AsyncIterable<RawRow | RefusedRow>): Promise<readonly string[]> {
  const columns = new Set<string>();
  let count = 0;
  for await (const row of rows) {
    for (const name of row.kind === "raw" ? Object.keys(row.fields) : []) columns.add(name);
    if (++count === ROWS_FOR_COLUMNS) break;
  }
  return [...columns];
}
