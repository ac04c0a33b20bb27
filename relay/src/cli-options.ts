import { parseArgs } from "node:util";
import type { z } from "zod";
import { ConfigError } from "./config.ts";

type Shape = Readonly<Record<string, z.ZodType>>;

/** `aggregateAgeMs` is `--aggregate-age-ms` on the command line. */
const flagOf = (name: string): string => name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);

/**
 * Reads command-line flags named after the options of `shape`.
 * @throws ConfigError for a flag that does not exist or has no value.
 */
export function readFlags(args: readonly string[], shape: Shape): Record<string, string | boolean> {
  const names = Object.keys(shape);
  const options = Object.fromEntries(
    names.map((name) => [flagOf(name), { type: isFlag(shape[name]!) ? "boolean" : "string" } as const]),
  );
  try {
    const { values } = parseArgs({ args: [...args], options, strict: true, allowPositionals: false });
    return Object.fromEntries(
      names.flatMap((name) => (flagOf(name) in values ? [[name, values[flagOf(name)]!]] : [])),
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
      return `  --${flagOf(name).padEnd(24)} ${type.description ?? ""}${shown}`;
    })
    .join("\n");
}
