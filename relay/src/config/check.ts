import { BATCHES_PATH } from "@tonearm/sdk/wire";
import type { z } from "zod";
import { parseNamedKey } from "../access/keys.ts";
import { suggestion } from "./nearest.ts";
import { type Config, configSchema, SECRETS } from "./schema.ts";

/** The configuration is not usable; `message` names every fault. */
export class ConfigError extends Error {}

/** Where an option's value stands; a flag is known by the option's name, and nothing is said of it. */
type SourceOf = (name: string) => string;

/**
 * Checks flags or configuration against a schema, once, at the border.
 * @throws ConfigError that names each option at fault, what it was (secrets excepted) and what was expected.
 */
export function checkFlags<T extends z.ZodType>(
  type: T,
  input: unknown,
  sourceOf: SourceOf = () => "",
): z.infer<T> {
  const parsed = type.safeParse(input);
  if (!parsed.success)
    throw new ConfigError(parsed.error.issues.map((issue) => inWords(issue, input, sourceOf)).join("\n"));
  return parsed.data;
}

/** What one option cannot say alone: the sentence about what does not go together, if it does not. */
type Rule = (config: Config) => string | undefined;

const RULES: readonly Rule[] = [
  ({ embedded, endpoint }) =>
    embedded && endpoint !== undefined
      ? "options embedded and endpoint exclude each other: one Kinesis is enough"
      : undefined,
  (config) =>
    config.insecure || mayWrite(config)
      ? undefined
      : `nobody could write to ${BATCHES_PATH}: set TONEARM_WRITE_KEYS to a key (or two, with a comma between), or pass --insecure to let anybody write; docs/security.md has device tokens and client certificates`,
  ({ tlsCertFile, tlsKeyFile }) =>
    (tlsCertFile === undefined) === (tlsKeyFile === undefined)
      ? undefined
      : "options tlsCertFile and tlsKeyFile need each other: TLS takes both",
  ({ tlsCertFile, tlsClientCaFile }) =>
    tlsClientCaFile !== undefined && tlsCertFile === undefined
      ? "option tlsClientCaFile needs tlsCertFile and tlsKeyFile: client certificates come with TLS"
      : undefined,
  ({ pseudonymKey, pseudonymPaths }) =>
    pseudonymPaths.length > 0 && pseudonymKey === undefined
      ? "option pseudonymPaths needs a key: set TONEARM_PSEUDONYM_KEY"
      : undefined,
  ({ tokenKeys: [first, second] }) =>
    first !== undefined && second !== undefined && parseNamedKey(first)?.id === parseNamedKey(second)?.id
      ? "the two keys of option tokenKeys have the same name, expected one each"
      : undefined,
];

const mayWrite = ({ writeKeys, tokenKeys, tlsClientCaFile }: Config): boolean =>
  writeKeys.length + tokenKeys.length > 0 || tlsClientCaFile !== undefined;

/** Checks the relay's configuration. @throws ConfigError that names each option at fault and what was expected. */
export function checkConfig(input: Readonly<Record<string, unknown>>, sourceOf?: SourceOf): Config {
  const config = checkFlags(configSchema, input, sourceOf);
  const faults = RULES.flatMap((rule) => rule(config) ?? []);
  if (faults.length > 0) throw new ConfigError(faults.join("\n"));
  return config;
}

/** Options whose value stands in no message. */
const UNSPOKEN: readonly unknown[] = ["key", ...SECRETS];
const SHOWN_CHARACTERS = 100;

function inWords({ path, message, ...issue }: z.core.$ZodIssue, input: unknown, sourceOf: SourceOf): string {
  if (issue.code === "unrecognized_keys")
    return issue.keys
      .map((key) => `unknown option ${key}${suggestion(key, Object.keys(configSchema.shape))}`)
      .join("\n");
  const value = path.reduce<unknown>(
    (inside, name) => (inside as Record<PropertyKey, unknown>)?.[name],
    input,
  );
  const source = sourceOf(String(path[0]));
  const option = `option ${path.join(".")}${/^(--|$)/.test(source) ? "" : ` from ${source}`}`;
  if (value === undefined) return `${option} is missing`;
  return `${option} is ${UNSPOKEN.includes(path[0]) ? "not usable" : shown(value)}, ${message}`;
}

function shown(value: unknown): string {
  const text = urlShown(JSON.stringify(value) ?? String(value));
  return text.length > SHOWN_CHARACTERS ? `${text.slice(0, SHOWN_CHARACTERS)}…` : text;
}

/** A URL may carry a name and a password. */
export const urlShown = (text: string): string => text.replace(/\/\/[^/]*@/, "//…@");
