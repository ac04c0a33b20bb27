import type { z } from "zod";

export type Shape = Readonly<Record<string, z.ZodType>>;

/** `aggregateAgeMs` is `aggregate-age-ms` on the command line, `corsOrigins` is `cors-origin`, once for each. */
export const flagOf = (name: string, type: z.ZodType): string =>
  name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`).replace(isList(type) ? /s$/ : /$^/, "");

export const VARIABLE_PREFIX = "TONEARM_";

/** `aggregateAgeMs` is `TONEARM_AGGREGATE_AGE_MS` in the environment. */
export const variableOf = (name: string): string =>
  VARIABLE_PREFIX + name.replace(/[A-Z]/g, (letter) => `_${letter}`).toUpperCase();

/** A number that may be 0 takes an empty list for one. */
export function isList(type: z.ZodType): boolean {
  return type.safeParse([]).success && !type.safeParse("1").success;
}

/** Whether it is on or off. */
export function isSwitch(type: z.ZodType): boolean {
  return type.safeParse(true).success && !type.safeParse("7").success;
}
