import { type Layer, type ReadFile, reasonOf } from "./layer.ts";
import { isList, isSwitch, type Shape, VARIABLE_PREFIX, variableOf } from "./names.ts";
import { suggestion } from "./nearest.ts";

export type Environment = Readonly<Record<string, string | undefined>>;

/** Variables with our prefix that are no options: of commands, and of other programs of the project. */
const OTHERS = [
  "CONFIG",
  "ENDS_WITH_PARENT",
  "DEMO_LOG",
  "DEVICE",
  "KEY",
  "RELAY",
  "SEEDS",
  "WORKER",
  "EMBEDDED_ENDPOINT",
];
const FILE_SUFFIX = "_FILE";

const SWITCHES: Readonly<Record<string, boolean>> = { true: true, "1": true, false: false, "0": false };

/**
 * Reads options from the environment: `TONEARM_` and the option's name; a list with commas between. An empty variable is
 * one that is not set. A secret may stand in a file that the variable with `_FILE` behind it names, one line for each value.
 */
export function readEnvironment(
  environment: Environment,
  shape: Shape,
  secrets: readonly string[],
  readFile: ReadFile,
): Layer {
  const names = new Map(Object.keys(shape).map((name) => [variableOf(name), name]));
  const fileNames = new Map(secrets.map((name) => [variableOf(name) + FILE_SUFFIX, name]));
  const values: Record<string, unknown> = {};
  const sources = new Map<string, string>();
  const faults: string[] = [];
  const secretFiles: string[] = [];
  const take = (name: string, text: string, variable: string) => {
    if (sources.has(name))
      faults.push(`${sources.get(name)} and ${variable} are both set, expected one of them`);
    values[name] = asGiven(text, shape[name]!);
    sources.set(name, variable);
  };
  for (const [variable, text] of Object.entries(environment)) {
    if (!variable.startsWith(VARIABLE_PREFIX)) continue;
    const name = names.get(variable);
    const secret = fileNames.get(variable);
    if (name === undefined && secret === undefined) {
      if (!OTHERS.includes(variable.slice(VARIABLE_PREFIX.length)))
        faults.push(
          `unknown variable ${variable}${suggestion(variable, [...names.keys(), ...fileNames.keys()])}`,
        );
    } else if (text === undefined || text === "") continue;
    else if (name !== undefined) take(name, text, variable);
    else {
      try {
        take(secret!, readFile(text), variable);
        secretFiles.push(text);
      } catch (error) {
        faults.push(`the file that ${variable} names cannot be read: ${reasonOf(error)}`);
      }
    }
  }
  return { values, sourceOf: (name) => sources.get(name) ?? "", faults, secretFiles };
}

function asGiven(text: string, type: Shape[string]): unknown {
  if (isList(type))
    return text
      .split(/[,\r\n]/)
      .map((item) => item.trim())
      .filter((item) => item !== "");
  return isSwitch(type) ? (SWITCHES[text.toLowerCase()] ?? text) : text.trim();
}
