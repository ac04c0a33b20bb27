import { parseArgs } from "node:util";
import type { z } from "zod";
import { ConfigError } from "./check.ts";

type Shape = Readonly<Record<string, z.ZodType>>;

interface Flag {
  readonly name: string;
  readonly type: z.ZodType;
  readonly flag: string;
}

/** `aggregateAgeMs` is `--aggregate-age-ms` on the command line, `corsOrigins` is `--cors-origin`, once for each. */
const flagOf = (name: string, type: z.ZodType): string =>
  name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`).replace(isList(type) ? /s$/ : /$^/, "");

/**
 * Reads command-line flags named after the options of `shape`.
 * @throws ConfigError for a flag that does not exist, has no value or has one too many.
 */
export function readFlags(
  args: readonly string[],
  shape: Shape,
): Record<string, string | boolean | (string | boolean)[]> {
  const flags: Flag[] = Object.entries(shape).map(([name, type]) => ({
    name,
    type,
    flag: flagOf(name, type),
  }));
  const options = Object.fromEntries(
    flags.map(({ flag, type }) => [
      flag,
      { type: isFlag(type) ? "boolean" : "string", multiple: isList(type) } as const,
    ]),
  );
  try {
    const { values } = parseArgs({ args: withNumbers(args), options, strict: true, allowPositionals: false });
    return Object.fromEntries(
      flags.flatMap(({ name, flag }) => (flag in values ? [[name, values[flag]!]] : [])),
    );
  } catch (error) {
    throw new ConfigError(inWords(error as NodeJS.ErrnoException, flags));
  }
}

/** `--devices -1` as `--devices=-1`, so that what is wrong with the value is said, and not that it looks like a flag. */
function withNumbers(args: readonly string[]): string[] {
  const joined: string[] = [];
  for (const arg of args) {
    const before = joined.at(-1);
    if (/^-\d/.test(arg) && before !== undefined && /^--[^=]+$/.test(before))
      joined.push(`${joined.pop()}=${arg}`);
    else joined.push(arg);
  }
  return joined;
}

/** Node's sentence about what does not fit, with what was expected in the place of its advice. */
function inWords({ code, message }: NodeJS.ErrnoException, flags: readonly Flag[]): string {
  const named = /--([\w-]+)/.exec(message)?.[1];
  const known = flags.find(({ flag }) => flag === named);
  if (code === "ERR_PARSE_ARGS_INVALID_OPTION_VALUE" && known) {
    const { flag, type } = known;
    if (isFlag(type))
      return `option --${flag} was given a value, expected --${flag} alone: ${type.description}`;
    return `option --${flag} has no value, expected --${flag} VALUE: ${type.description}`;
  }
  const [sentence = "bad arguments"] = message.split(/\.\s/);
  return `${sentence}; expected ${flags.map(({ flag }) => `--${flag}`).join(" ")}`;
}

/** A number that may be 0 takes an empty list for one. */
function isList(type: z.ZodType): boolean {
  return type.safeParse([]).success && !type.safeParse("1").success;
}

function isFlag(type: z.ZodType): boolean {
  return type.safeParse(true).success && !type.safeParse("7").success;
}

/** A table of the flags of `shape`, for `--help`. */
export function helpFor(shape: Shape): string {
  return Object.entries(shape)
    .map(([name, type]) => {
      const standard = type.safeParse(undefined);
      const value =
        standard.success && standard.data !== undefined && standard.data !== false ? standard.data : "";
      const shown = value === "" || Array.isArray(value) ? "" : ` (${String(value)})`;
      return `  --${flagOf(name, type).padEnd(24)} ${type.description ?? ""}${shown}`;
    })
    .join("\n");
}
