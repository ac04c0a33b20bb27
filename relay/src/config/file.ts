import { type Layer, NO_LAYER, type ReadFile, reasonOf } from "./layer.ts";
import type { Shape } from "./names.ts";
import { suggestion } from "./nearest.ts";
import { repeatedNames } from "./repeated-names.ts";

/** Reads options from a file: one JSON object whose keys are the options' names, each once. */
export function readConfigFile(
  path: string,
  shape: Shape,
  secrets: readonly string[],
  readFile: ReadFile,
): Layer {
  const sourceOf = () => path;
  const broken = (fault: string): Layer => ({ ...NO_LAYER, sourceOf, faults: [fault] });
  let text: string;
  try {
    text = readFile(path);
  } catch (error) {
    return broken(`configuration file ${path} cannot be read: ${reasonOf(error)}`);
  }
  let content: unknown;
  try {
    content = JSON.parse(text);
  } catch (error) {
    return broken(`configuration file ${path} is not JSON${placeIn(error)}`);
  }
  if (typeof content !== "object" || content === null || Array.isArray(content)) {
    return broken(`configuration file ${path} is not a JSON object, expected options by their names`);
  }
  const unknown = Object.keys(content).filter((name) => !Object.hasOwn(shape, name));
  const known = Object.entries(content).filter(([name]) => Object.hasOwn(shape, name));
  const repeated = repeatedNames(text);
  const faults = [
    ...unknown.map(
      (name) => `unknown option ${shownName(name)} in ${path}${suggestion(name, Object.keys(shape))}`,
    ),
    ...repeated.map((name) => `option ${shownName(name)} stands more than once in ${path}, expected once`),
  ];
  const secretFiles = secrets.some((name) => Object.hasOwn(content, name)) ? [path] : [];
  return { values: Object.fromEntries(known), sourceOf, faults, secretFiles };
}

/** Where the fault is, without the text around it: that may be a secret. */
function placeIn(error: unknown): string {
  const place = /\(line \d+ column \d+\)/.exec(String(error))?.[0];
  return place === undefined ? "" : ` ${place}`;
}

const SHOWN_CHARACTERS = 64;

const shownName = (name: string): string => JSON.stringify(name.slice(0, SHOWN_CHARACTERS));
