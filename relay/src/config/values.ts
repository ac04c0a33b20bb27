import { z } from "zod";
import { parseNamedKey } from "../access/keys.ts";

export const KIB = 1_024;
export const MIB = 1_048_576;

/** A whole number as a command line spells it, or as a program gives it. */
export const wholeNumber = (least: number, most: number) => {
  const expected = `expected a whole number from ${least} to ${most}`;
  const numberOf = (given: unknown) => (typeof given === "string" ? numberIn(given) : given);
  return z.preprocess(numberOf, z.int(expected).min(least, expected).max(most, expected));
};

/** Digits and nothing else: `Number` would take nothing for 0, and hexadecimal too. */
const numberIn = (text: string) => (/^-?\d+$/.test(text) ? Number(text) : text);

/** On or off: a flag alone, `true` or `false` in a file and in the environment. */
export const onOrOff = z.boolean("expected true or false").default(false);

/** Text that is not empty, such as a path. */
export const someText = z.string().min(1, "expected at least one character");

/** A write key; its value never stands in a message. */
export const writeKey = z
  .string()
  .regex(/^[\x21-\x7e]{8,512}$/, "expected 8 to 512 visible ASCII characters");

const keyNamed = (name: string) =>
  z
    .string()
    .refine(
      (text) => parseNamedKey(text) !== undefined,
      `expected ${name}:SECRET, the secret as base64url of 32 bytes or more`,
    );

/** A key with a name; neither stands in a message. */
export const namedKey = keyNamed("NAME");

/** A key whose name is that of the domain of its pseudonyms. */
export const domainKey = keyNamed("DOMAIN");

/** Where something stands in an event's data. */
export const dataPath = z
  .string()
  .regex(/^[^.]+(\.[^.]+)*$/, 'expected names of members with points between, such as "listener.id"');

/** An origin as browsers spell it, or all of them. */
export const origin = z
  .string()
  .refine(
    (text) => text === "*" || (URL.canParse(text) && new URL(text).origin === text),
    'expected an origin such as "https://player.example.com", or "*"',
  );

export const streamName = z
  .string()
  .regex(/^[a-zA-Z0-9_.-]{1,128}$/, 'expected 1 to 128 of A-Z, a-z, 0-9, "_", "." and "-"');
