import type { PlayEvent } from "@tonearm/sdk";
import type { Fields, RawRow } from "./format.ts";
import type { PlayRow, RefusedRow } from "./history.ts";

/** Why one row is no play. Thrown inside a row's own reading only, and made into a `RefusedRow` there. */
export class Refusal extends Error {
  override readonly name = "Refusal";
  readonly column: string;

  /** @param reason continues a sentence that begins with the column. */
  constructor(column: string, reason: string) {
    super(reason);
    this.column = column;
  }
}

/** What `read` makes of a row, or the reason why it makes nothing of it. */
export function readRow<T>(row: RawRow, read: (fields: Fields) => T): T | RefusedRow {
  try {
    return read(row.fields);
  } catch (error) {
    if (!(error instanceof Refusal)) throw error;
    return { kind: "refused", line: row.line, column: error.column, reason: error.message };
  }
}

/** A row whose fields alone make a play. */
export function readPlay(row: RawRow, read: (fields: Fields) => PlayEvent): PlayRow | RefusedRow {
  return readRow(row, (fields) => ({ kind: "play", line: row.line, play: read(fields) }));
}

/** Text of at most `max` characters, as the vocabulary allows; null when there is none. @throws Refusal */
export function textOf(fields: Fields, column: string, max = 1_024): string | null {
  const value = fields[column];
  if (isNothing(value)) return null;
  if (typeof value !== "string") throw new Refusal(column, `is ${inWords(value)}, expected text`);
  if (value.length <= max) return value;
  throw new Refusal(column, `has ${value.length} characters, expected at most ${max}`);
}

/** A whole number from 0 on; undefined when there is none. @throws Refusal */
export function countOf(fields: Fields, column: string): number | undefined {
  const value = fields[column];
  if (isNothing(value)) return undefined;
  // Tools that keep a column as floating point write 1312 as 1312.0.
  const isNumeric = typeof value === "number" || (typeof value === "string" && /^\d+(\.0+)?$/.test(value));
  const count = isNumeric ? Number(value) : Number.NaN;
  if (Number.isSafeInteger(count) && count >= 0) return count;
  throw new Refusal(column, `is ${inWords(value)}, expected a whole number, 0 or more`);
}

/** A whole number from 0 on, which must be there. @throws Refusal */
export function requiredCountOf(fields: Fields, column: string, meaning: string): number {
  const count = countOf(fields, column);
  if (count !== undefined) return count;
  throw new Refusal(column, `is empty, expected ${meaning}`);
}

/** True or false in any spelling that exports use; undefined when there is neither. @throws Refusal */
export function flagOf(fields: Fields, column: string): boolean | undefined {
  const value = fields[column];
  if (isNothing(value)) return undefined;
  const word = String(value).toLowerCase();
  if (word === "true" || word === "false") return word === "true";
  throw new Refusal(column, `is ${inWords(value)}, expected true or false`);
}

/** CSV and JSON each have their way to say that there is nothing. */
function isNothing(value: unknown): boolean {
  return value === undefined || value === null || value === "";
}

/** Whether a value has fields at all. */
export function isFields(value: unknown): value is Fields {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** A value for a message, short whatever it is. */
export function inWords(value: unknown): string {
  if (isNothing(value)) return "empty";
  if (typeof value === "string") return JSON.stringify(value.length > 60 ? `${value.slice(0, 60)}…` : value);
  if (Array.isArray(value)) return "an array";
  return isFields(value) ? "an object" : JSON.stringify(value);
}
