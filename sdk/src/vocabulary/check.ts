import { TonearmError } from "../errors.ts";
import type { EventData } from "../event.ts";

/** Says what a value should have been; undefined when it is right. */
export type Check = (value: unknown) => string | undefined;

/** Text of at most `max` characters. */
export const text =
  (max = 1_024): Check =>
  (value) =>
    typeof value === "string" && value.length <= max ? undefined : `text of at most ${max} characters`;

/** A whole number of milliseconds, 0 or more. */
export const milliseconds: Check = (value) =>
  Number.isSafeInteger(value) && (value as number) >= 0 ? undefined : "whole milliseconds, 0 or more";

export const flag: Check = (value) => (typeof value === "boolean" ? undefined : "true or false");

export const oneOf =
  (allowed: readonly string[]): Check =>
  (value) =>
    typeof value === "string" && allowed.includes(value) ? undefined : `one of ${allowed.join(", ")}`;

const RFC3339_UTC = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(\.\d{1,9})?Z$/;

/** A moment as RFC 3339 in UTC, such as `new Date().toISOString()` gives. */
export const instant: Check = (value) =>
  typeof value === "string" && RFC3339_UTC.test(value) && !Number.isNaN(Date.parse(value))
    ? undefined
    : 'a moment in UTC such as "2026-11-22T19:49:00.123Z"';

export const orNull =
  (check: Check): Check =>
  (value) => {
    const fault = value === null ? undefined : check(value);
    return fault && `${fault}, or null`;
  };

export const listOf =
  (check: Check, max: number): Check =>
  (value) => {
    const fits =
      Array.isArray(value) && value.length <= max && value.every((item) => check(item) === undefined);
    return fits ? undefined : `a list of at most ${max} ${check(undefined)}`;
  };

export interface Field {
  readonly check: Check;
  readonly required?: boolean;
}

/** Refuses, with the path of the fault, an object whose known fields are not as `fields` says. Others may stand beside. */
export function checkFields(path: string, value: object, fields: Readonly<Record<string, Field>>): void {
  for (const [name, { check, required }] of Object.entries(fields)) {
    const given = (value as EventData)[name];
    if (given === undefined && !required) continue;
    const expected = check(given);
    if (expected === undefined) continue;
    throw new TonearmError("invalid_argument", `${path}.${name} is ${inWords(given)}, expected ${expected}`);
  }
}

/** A value for an error message, short whatever it is. */
export function inWords(value: unknown): string {
  if (value === undefined) return "missing";
  if (typeof value === "string") return JSON.stringify(value.length > 60 ? `${value.slice(0, 60)}…` : value);
  if (Array.isArray(value)) return "an array";
  if (typeof value === "object" && value !== null) return "an object";
  return String(value);
}
