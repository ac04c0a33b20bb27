import { readFileSync, statSync } from "node:fs";
import { z } from "zod";
import { ConfigError, checkConfig, checkFlags } from "./check.ts";
import { type Environment, readEnvironment } from "./environment.ts";
import { readConfigFile } from "./file.ts";
import { readFlags } from "./flags.ts";
import { type Layer, NO_LAYER, type ReadFile } from "./layer.ts";
import { flagOf, type Shape, variableOf } from "./names.ts";
import { CONFIG_FLAGS, type Config, configSchema, SECRETS } from "./schema.ts";
import { someText } from "./values.ts";

/** The flag that every command has: where the options are. */
export const FILE_FLAG = {
  config: someText
    .optional()
    .describe("JSON file with options by their names, such as aggregateAgeMs; or TONEARM_CONFIG"),
};

/** Flags of the command that serves. */
export const COMMAND_FLAGS = {
  ...FILE_FLAG,
  check: z
    .boolean()
    .default(false)
    .describe("print the effective configuration, and where each value comes from, and end"),
};

/** Where options are looked for, beside the command line. */
export interface Places {
  readonly environment: Environment;
  readonly readFile: ReadFile;
  /** Whether everybody on this machine may read a file. */
  readonly isOpenToAll: (path: string) => boolean;
}

/** This process's own. */
const OWN_PLACES: Places = {
  environment: process.env,
  readFile: (path) => readFileSync(path, "utf8"),
  isOpenToAll: (path) => process.platform !== "win32" && (statSync(path).mode & OTHERS_MAY_READ) !== 0,
};
const OTHERS_MAY_READ = 0o004;

/** The configuration in force. */
export interface Loaded {
  readonly config: Config;
  /** Only to be printed: `--check` was given. */
  readonly isCheck: boolean;
  /** Where an option's value stands: a flag, a variable, a file; `default` when nobody says anything. */
  sourceOf(name: string): string;
  /** What can be used all the same and had better be otherwise, one sentence each. */
  readonly warnings: readonly string[];
}

/** What to do instead of giving a secret on the command line, by the flag it would be. */
const SECRET_FLAGS: Readonly<Record<string, string>> = Object.fromEntries(
  SECRETS.flatMap((name) => {
    const variable = variableOf(name);
    const advice = `set ${variable}, or name a file in ${variable}_FILE, or write ${name} into the configuration file`;
    const listed = flagOf(name, configSchema.shape[name]);
    return [listed, `${listed}s`].map((flag) => [flag, advice] as const);
  }),
);

/**
 * Brings the relay's options together: flags win over the environment, that over the file, and that over defaults.
 * @throws ConfigError that names every fault in all of these places.
 */
export function loadConfig(args: readonly string[], places: Places = OWN_PLACES): Loaded {
  const flagShape = { ...COMMAND_FLAGS, ...CONFIG_FLAGS };
  const { config: path, check, ...flags } = readFlags(args, flagShape, SECRET_FLAGS);
  const all = merged(flags, path as string | undefined, configSchema.shape, places);
  const { values, sourceOf, secretFiles } = all;
  const config = checkConfig(values, sourceOf);
  const { tlsKeyFile } = config;
  const warnings = [...secretFiles, ...(tlsKeyFile === undefined ? [] : [tlsKeyFile])]
    .filter((file) => isOpenToAll(file, places))
    .map(
      (file) => `everybody on this machine may read ${file}, which holds secrets; expected mode 0600 or 0640`,
    );
  return { config, isCheck: check === true, sourceOf, warnings };
}

const isSecret = (name: string): boolean => SECRETS.some((secret) => secret === name);

/** A file that is not there is somebody else's to find fault with. */
function isOpenToAll(file: string, places: Places): boolean {
  try {
    return places.isOpenToAll(file);
  } catch {
    return false;
  }
}

/**
 * Brings the options of another command together. Those that it shares with the relay are taken from where the relay finds
 * them, secrets never from a flag; its own are flags.
 * @throws ConfigError that names every fault.
 */
export function loadOptions<T extends z.ZodRawShape>(
  args: readonly string[],
  shape: T,
  places: Places = OWN_PLACES,
): z.infer<z.ZodObject<T>> {
  const flagShape = Object.entries(shape as unknown as Shape).filter(([name]) => !isSecret(name));
  const { config: path, ...flags } = readFlags(
    args,
    { ...FILE_FLAG, ...Object.fromEntries(flagShape) },
    SECRET_FLAGS,
  );
  const { values, sourceOf } = merged(flags, path as string | undefined, configSchema.shape, places);
  const own = Object.entries(values).filter(([name]) => Object.hasOwn(shape, name));
  return checkFlags(z.object(shape), Object.fromEntries(own), sourceOf);
}

/** What all places say together. @throws ConfigError for what is wrong with the places. */
function merged(flags: Layer["values"], path: string | undefined, shape: Shape, places: Places) {
  const { environment, readFile } = places;
  const filePath = path ?? environment.TONEARM_CONFIG;
  const layers: readonly Layer[] = [
    { ...NO_LAYER, values: flags, sourceOf: (name) => flagSource(name, shape) },
    readEnvironment(environment, shape, SECRETS, readFile),
    filePath === undefined || filePath === "" ? NO_LAYER : readConfigFile(filePath, shape, SECRETS, readFile),
  ];
  const faults = layers.flatMap((layer) => layer.faults);
  if (faults.length > 0) throw new ConfigError(faults.join("\n"));
  const values: Record<string, unknown> = Object.assign(
    {},
    ...layers.map((layer) => layer.values).toReversed(),
  );
  const sourceOf = (name: string): string =>
    layers.find((each) => Object.hasOwn(each.values, name))?.sourceOf(name) ?? "default";
  return { values, sourceOf, secretFiles: layers.flatMap((each) => each.secretFiles) };
}

const flagSource = (name: string, shape: Shape): string =>
  `--${shape[name] ? flagOf(name, shape[name]) : name}`;
