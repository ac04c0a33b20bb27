import { z } from "zod";
import { ConfigError, checkConfig } from "./check.ts";
import { type Environment, readEnvironment } from "./environment.ts";
import { readConfigFile } from "./file.ts";
import { readFlags } from "./flags.ts";
import { type Layer, NO_LAYER, type ReadFile } from "./layer.ts";
import { flagOf, variableOf } from "./names.ts";
import { CONFIG_FLAGS, type Config, configSchema, SECRETS } from "./schema.ts";
import { someText } from "./values.ts";

/** Flags of the command itself: where the options are, and what to do with them. */
export const COMMAND_FLAGS = {
  config: someText
    .optional()
    .describe("JSON file with options by their names, such as aggregateAgeMs; or TONEARM_CONFIG"),
  check: z
    .boolean()
    .default(false)
    .describe("print the effective configuration, and where each value comes from, and end"),
};

/** Where the options are looked for. */
export interface Places {
  readonly args: readonly string[];
  readonly environment: Environment;
  readonly readFile: ReadFile;
}

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
 * Brings the options together: flags win over the environment, that over the file, and that over defaults.
 * @throws ConfigError that names every fault in all of these places.
 */
export function loadConfig({ args, environment, readFile }: Places): Loaded {
  const {
    config: path,
    check,
    ...flags
  } = readFlags(args, { ...COMMAND_FLAGS, ...CONFIG_FLAGS }, SECRET_FLAGS);
  const { shape } = configSchema;
  const filePath = (path as string | undefined) ?? environment.TONEARM_CONFIG;
  const layers: readonly Layer[] = [
    flagLayer(flags),
    readEnvironment(environment, shape, SECRETS, readFile),
    filePath === undefined || filePath === "" ? NO_LAYER : readConfigFile(filePath, shape, readFile),
  ];
  const holder = (name: string) => layers.find(({ values }) => Object.hasOwn(values, name));
  const sourceOf = (name: string) => holder(name)?.sourceOf(name) ?? "default";
  const faults = layers.flatMap((layer) => layer.faults);
  if (faults.length > 0) throw new ConfigError(faults.join("\n"));
  const values = Object.assign({}, ...layers.map((layer) => layer.values).toReversed());
  return { config: checkConfig(values, sourceOf), isCheck: check === true, sourceOf };
}

const flagLayer = (values: Layer["values"]): Layer => ({
  values,
  sourceOf: (name) => `--${flagOf(name, configSchema.shape[name as keyof Config])}`,
  faults: [],
});
