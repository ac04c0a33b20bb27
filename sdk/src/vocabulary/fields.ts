import type { EventData } from "../event.ts";
import type { SchemaFailure, SchemaResult, StandardSchema } from "../standard-schema.ts";
import { inWords } from "../words.ts";

/** The words of a list, as a type. */
export type WordOf<List extends string> = List extends `${infer Word} ${infer Rest}`
  ? Word | WordOf<Rest>
  : List;

const RFC3339_UTC = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,9})?Z$/;
const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;

/** What a value should be, in words, and whether it is. */
type Kind = readonly [expected: string, is: (value: unknown) => boolean];

const text = (max: number): Kind => [
  `text of at most ${max} characters`,
  (value) => typeof value === "string" && value.length <= max,
];
/** `Date.parse` takes 30 February for 1 or 2 March. */
const isMoment = (value: string) => new Date(value).getUTCDate() === Number(value.slice(8, 10));
const isId = (value: unknown) => text(128)[1](value);

const KINDS: Readonly<Record<string, Kind>> = {
  ms: ["whole milliseconds, 0 or more", (value) => Number.isSafeInteger(value) && (value as number) >= 0],
  flag: ["true or false", (value) => typeof value === "boolean"],
  instant: [
    'a moment in UTC such as "2026-11-22T19:49:00.123Z"',
    (value) => RFC3339_UTC.test(value as string) && isMoment(value as string),
  ],
  uuid: ["a UUID in lower case", (value) => UUID.test(value as string)],
  ids: [
    "a list of at most 64 texts of at most 128 characters",
    (value) => Array.isArray(value) && value.length <= 64 && value.every(isId),
  ],
  null: ["null", (value) => value === null],
};

/** What is wrong with `value`, at `path`. */
export const failure = (path: readonly string[], value: unknown, expected: string): SchemaFailure => ({
  issues: [{ path, message: `is ${inWords(value)}, expected ${expected}` }],
});

/** One field: its name, what it should be and whether it is, and whether it may be missing or null. */
type Field = readonly [name: string, expected: string, is: Kind[1], mark: string | undefined];

/**
 * Fields by what they hold; other fields may stand beside them. `{ "ms!": "ms_played", "1024?": "title artist" }`
 * says that `ms_played` is required, and that `title` and `artist` are texts or null. A function says it, because bundlers
 * can leave that out where nobody needs it. What a field holds is
 * - a key of `KINDS`,
 * - a number: text of at most so many characters,
 * - else the list of words that it may be.
 */
export const table = (lines: () => Readonly<Record<string, string>>): readonly Field[] =>
  Object.entries(lines()).flatMap(([key, names]) => {
    const [, of, mark] = /^(.*?)([?!]?)$/.exec(key) as unknown as readonly [string, string, string];
    const [expected, is] = KINDS[of] ?? (Number(of) ? text(Number(of)) : oneOf(of.split(" ")));
    const sentence = mark === "?" ? `${expected}, or null` : expected;
    return names.split(" ").map((name): Field => [name, sentence, is, mark]);
  });

const oneOf = (words: readonly string[]): Kind => [
  `one of ${words.join(", ")}`,
  (value) => words.includes(value as string),
];

/** What is wrong with the first field of `value`, which stands at `path`, that is not as it should be. */
export function faultIn(
  fields: readonly Field[],
  value: object,
  ...path: readonly string[]
): SchemaFailure | undefined {
  for (const [name, expected, is, mark] of fields) {
    const given = (value as EventData)[name];
    if ((given === undefined && mark !== "!") || (given === null && mark === "?") || is(given)) continue;
    return failure([...path, name], given, expected);
  }
  return undefined;
}

/** A schema of ours: checks an object and fills in its defaults. */
export const schemaOf = <Input extends object>(
  complete: (value: Input) => SchemaResult<EventData>,
): StandardSchema<Input, EventData> => ({
  "~standard": {
    version: 1,
    vendor: "tonearm",
    validate: (value) =>
      typeof value === "object" && value !== null
        ? complete(value as Input)
        : failure([], value, "an object"),
  },
});
