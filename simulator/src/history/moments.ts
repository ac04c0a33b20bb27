import { inWords, Refusal } from "./cells.ts";
import type { Fields } from "./format.ts";

/** No service that these formats come from is older; an earlier moment is a clock at its origin. */
const EARLIEST_MS = Date.UTC(2002, 0, 1);
const LATEST_MS = Date.UTC(2100, 0, 1);

const ISO = /^(\d{4}-\d{2}-\d{2})[T ](\d{2}:\d{2})(:\d{2}(?:\.\d{1,9})?)?(Z|[+-]\d{2}:\d{2})?$/;

/**
 * A moment such as `2019-02-20 01:12`, `2019-06-03 16:54:52+03:00` or `2023-03-23T13:26:40Z`, in ms since 1970. Without
 * an offset it is UTC, which is what all services mean by it. @throws Refusal
 */
export function momentOf(fields: Fields, column: string): number {
  const value = fields[column];
  const [, day, minute, second = ":00", offset = "Z"] = (typeof value === "string" && ISO.exec(value)) || [];
  const isDay = day !== undefined && isInCalendar(day);
  return inRange(value, column, isDay ? Date.parse(`${day}T${minute}${second}${offset}`) : Number.NaN);
}

/** Whole seconds since 1970, in ms. @throws Refusal */
export function epochSecondsOf(fields: Fields, column: string): number {
  const value = fields[column];
  const isNumeric = typeof value === "number" || (typeof value === "string" && /^\d+$/.test(value));
  return inRange(value, column, isNumeric ? Number(value) * 1_000 : Number.NaN);
}

const MONTHS = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];
const SPOKEN = /^(\d{1,2}) ([A-Z][a-z]{2}) (\d{4}),? (\d{2}:\d{2})$/;

/** A moment such as `22 Nov 2020, 08:51`, in UTC, in ms since 1970. @throws Refusal */
export function spokenMomentOf(fields: Fields, column: string): number {
  const value = fields[column];
  const match = typeof value === "string" ? SPOKEN.exec(value) : null;
  if (!match) return inRange(value, column, Number.NaN);
  const [, date = "", name = "", year = "", minute] = match;
  const month = String(MONTHS.indexOf(name) + 1).padStart(2, "0");
  const day = `${year}-${month}-${date.padStart(2, "0")}`;
  return inRange(value, column, isInCalendar(day) ? Date.parse(`${day}T${minute}:00Z`) : Number.NaN);
}

/** As the vocabulary writes moments. */
export function instantOf(timeMs: number): string {
  return new Date(timeMs).toISOString();
}

/** When a play began that ended at `endedMs`: no later than this, since pauses are not known. @throws Refusal */
export function startBefore(endedMs: number, playedMs: number, column: string): number {
  if (endedMs - playedMs >= EARLIEST_MS) return endedMs - playedMs;
  throw new Refusal(column, `is ${playedMs}, expected milliseconds that reach back to 2002 at most`);
}

/** `Date.parse` takes 30 February for 2 March. */
function isInCalendar(day: string): boolean {
  const timeMs = Date.parse(`${day}T00:00:00Z`);
  return !Number.isNaN(timeMs) && new Date(timeMs).toISOString().startsWith(day);
}

function inRange(value: unknown, column: string, timeMs: number): number {
  if (timeMs >= EARLIEST_MS && timeMs < LATEST_MS) return timeMs;
  throw new Refusal(column, `is ${inWords(value)}, expected a moment from 2002 to 2099`);
}
