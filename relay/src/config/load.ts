import { readFileSync } from "node:fs";
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
}

/** This process's own. */
const OWN_PLACES: Places = {
  environment: process.env,
  readFile: (path) => readFileSync(path, "utf8"),
};

/** The configuration in force. */
export interface Loaded {
  readonly config: Config;
  /** Only to be printed: `--check` was given. */
  readonly isCheck: boolean;
  /** Where an option's value stands: a flag, a variable, a file; `default` when nobody says anything. */
  sourceOf(name: string): string;
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
  const { values, sourceOf } = merged(flags, path as string | undefined, configSchema.shape, places);
  return { config: checkConfig(values, sourceOf), isCheck: check === true, sourceOf };
}

/**
 * Brings the options of another command together. Those that it shares with the relay are taken from where the relay finds
 * them; its own are flags.
 * @throws ConfigError that names every fault.
 */
export function loadOptions<T extends z.ZodRawShape>(
  args: readonly string[],
  shape: T,
  places: Places = OWN_PLACES,
): z.infer<z.ZodObject<T>> {
  const { config: path, ...flags } = readFlags(
    args,
    { ...FILE_FLAG, ...(shape as unknown as Shape) },
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
    { values: flags, sourceOf: (name) => flagSource(name, shape), faults: [] },
    readEnvironment(environment, shape, SECRETS, readFile),
    filePath === undefined || filePath === "" ? NO_LAYER : readConfigFile(filePath, shape, readFile),
  ];
  const faults = layers.flatMap((layer) => layer.faults);
  if (faults.length > 0) throw new ConfigError(faults.join("\n"));
  const values: Record<string, unknown> = Object.assign(
    {},
    ...layers.map((layer) => layer.values).toReversed(),
  );
  const sourceOf = (name: string): string =>
    layers.find((each) => Object.hasOwn(each.values, name))?.sourceOf(name) ?? "default";
  return { values, sourceOf };
}

const flagSource = (name: string, shape: Shape): string =>
  `--${shape[name] ? flagOf(name, shape[name]) : name}`;
