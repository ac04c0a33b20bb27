import { BATCHES_PATH } from "@tonearm/sdk/wire";
import type { z } from "zod";
import { type Config, configSchema } from "./schema.ts";

/** The configuration is not usable; `message` names every fault. */
export class ConfigError extends Error {}

/**
 * Checks flags or configuration against a schema, once, at the border.
 * @throws ConfigError that names each option at fault, what it was (secrets excepted) and what was expected.
 */
export function checkFlags<T extends z.ZodType>(type: T, input: unknown): z.infer<T> {
  const parsed = type.safeParse(input);
  if (!parsed.success)
    throw new ConfigError(parsed.error.issues.map((issue) => inWords(issue, input)).join("\n"));
  return parsed.data;
}

/** What one option cannot say alone: the sentence about what does not go together, if it does not. */
type Rule = (config: Config) => string | undefined;

const RULES: readonly Rule[] = [
  ({ embedded, endpoint }) =>
    embedded && endpoint !== undefined
      ? "options embedded and endpoint exclude each other: one Kinesis is enough"
      : undefined,
  ({ insecure, writeKeys }) =>
    !insecure && writeKeys.length === 0
      ? `nobody could write to ${BATCHES_PATH}: set TONEARM_WRITE_KEYS to a key (or two, with a comma between), or pass --insecure to let anybody write`
      : undefined,
];

/** Checks the relay's configuration. @throws ConfigError that names each option at fault and what was expected. */
export function checkConfig(input: Readonly<Record<string, unknown>>): Config {
  const config = checkFlags(configSchema, input);
  const faults = RULES.flatMap((rule) => rule(config) ?? []);
  if (faults.length > 0) throw new ConfigError(faults.join("\n"));
  return config;
}

/** Options whose value stands in no message. */
const SECRETS: readonly unknown[] = ["key", "writeKeys"];
const SHOWN_CHARACTERS = 100;

function inWords({ path, message, ...issue }: z.core.$ZodIssue, input: unknown): string {
  if (issue.code === "unrecognized_keys") return `unknown option ${issue.keys.join(", ")}`;
  const value = path.reduce<unknown>(
    (inside, name) => (inside as Record<PropertyKey, unknown>)?.[name],
    input,
  );
  const option = `option ${path.join(".")}`;
  if (value === undefined) return `${option} is missing`;
  return `${option} is ${SECRETS.includes(path[0]) ? "not usable" : shown(value)}, ${message}`;
}

function shown(value: unknown): string {
  const text = JSON.stringify(value) ?? String(value);
  const short = text.length > SHOWN_CHARACTERS ? `${text.slice(0, SHOWN_CHARACTERS)}…` : text;
  // A URL may carry a name and a password.
  return short.replace(/\/\/[^/]*@/, "//…@");
}
