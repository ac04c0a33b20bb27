import { parseArgs } from "node:util";
import type { z } from "zod";
import { ConfigError } from "./check.ts";
import { flagOf, isList, isSwitch, type Shape } from "./names.ts";
import { suggestion } from "./nearest.ts";

interface Flag {
  readonly name: string;
  readonly type: z.ZodType;
  readonly flag: string;
}

/**
 * Reads command-line flags named after the options of `shape`.
 * @param secrets options that are no flags, and what to do instead.
 * @throws ConfigError for a flag that does not exist, has no value or has one too many.
 */
export function readFlags(
  args: readonly string[],
  shape: Shape,
  secrets: Readonly<Record<string, string>> = {},
): Record<string, string | boolean | (string | boolean)[]> {
  const flags: Flag[] = Object.entries(shape).map(([name, type]) => ({
    name,
    type,
    flag: flagOf(name, type),
  }));
  const options = Object.fromEntries(
    flags.map(({ flag, type }) => [
      flag,
      { type: isSwitch(type) ? "boolean" : "string", multiple: isList(type) } as const,
    ]),
  );
  try {
    const { values } = parseArgs({ args: withNumbers(args), options, strict: true, allowPositionals: false });
    return Object.fromEntries(
      flags.flatMap(({ name, flag }) => (flag in values ? [[name, values[flag]!]] : [])),
    );
  } catch (error) {
    throw new ConfigError(inWords(error as NodeJS.ErrnoException, flags, secrets));
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
function inWords(
  { code, message }: NodeJS.ErrnoException,
  flags: readonly Flag[],
  secrets: Readonly<Record<string, string>>,
): string {
  const named = /--([\w-]+)/.exec(message)?.[1] ?? "";
  const known = flags.find(({ flag }) => flag === named);
  if (code === "ERR_PARSE_ARGS_INVALID_OPTION_VALUE" && known) {
    const { flag, type } = known;
    if (isSwitch(type))
      return `option --${flag} was given a value, expected --${flag} alone: ${type.description}`;
    return `option --${flag} has no value, expected --${flag} VALUE: ${type.description}`;
  }
  if (code === "ERR_PARSE_ARGS_UNKNOWN_OPTION") {
    const secret = Object.entries(secrets).find(([flag]) => flag === named);
    if (secret) return `--${named} is no option, because everybody can read a command line: ${secret[1]}`;
    const near = suggestion(
      named,
      flags.map(({ flag }) => flag),
    ).replace("mean ", "mean --");
    return `unknown option --${named}${near || "; --help lists them"}`;
  }
  const [sentence = "bad arguments"] = message.split(/\.\s/);
  return `${sentence}; expected ${flags.map(({ flag }) => `--${flag}`).join(" ")}`;
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
