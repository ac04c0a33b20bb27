import { parseArgs } from "node:util";
import type { z } from "zod";
import { ConfigError } from "./config.ts";

type Shape = Readonly<Record<string, z.ZodType>>;

/** `aggregateAgeMs` is `--aggregate-age-ms` on the command line, `corsOrigins` is `--cors-origin`, once for each. */
const flagOf = (name: string, type: z.ZodType): string =>
  name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`).replace(isList(type) ? /s$/ : /$^/, "");

/**
 * Reads command-line flags named after the options of `shape`.
 * @throws ConfigError for a flag that does not exist or has no value.
 */
export function readFlags(
  args: readonly string[],
  shape: Shape,
): Record<string, string | boolean | (string | boolean)[]> {
  const flags = Object.entries(shape).map(([name, type]) => ({ name, type, flag: flagOf(name, type) }));
  const options = Object.fromEntries(
    flags.map(({ flag, type }) => [
      flag,
      { type: isFlag(type) ? "boolean" : "string", multiple: isList(type) } as const,
    ]),
  );
  try {
    const { values } = parseArgs({ args: [...args], options, strict: true, allowPositionals: false });
    return Object.fromEntries(
      flags.flatMap(({ name, flag }) => (flag in values ? [[name, values[flag]!]] : [])),
    );
  } catch (error) {
    // Node's own sentence names the flag; its advice about positional arguments does not apply.
    const [sentence = "bad arguments"] = (error as Error).message.split(". ");
    throw new ConfigError(
      `${sentence}; expected ${Object.keys(options)
        .map((flag) => `--${flag}`)
        .join(" ")}`,
    );
  }
}

function isList(type: z.ZodType): boolean {
  return type.safeParse([]).success;
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
