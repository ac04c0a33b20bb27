import { type Layer, type ReadFile, reasonOf } from "./layer.ts";
import type { Shape } from "./names.ts";
import { suggestion } from "./nearest.ts";

/** Reads options from a file: one JSON object whose keys are the options' names. */
export function readConfigFile(path: string, shape: Shape, readFile: ReadFile): Layer {
  const sourceOf = () => path;
  const broken = (fault: string): Layer => ({ values: {}, sourceOf, faults: [fault] });
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
  const faults = unknown.map(
    (name) => `unknown option ${shownName(name)} in ${path}${suggestion(name, Object.keys(shape))}`,
  );
  return { values: Object.fromEntries(known), sourceOf, faults };
}

/** Where the fault is, without the text around it: that may be a secret. */
function placeIn(error: unknown): string {
  const place = /\(line \d+ column \d+\)/.exec(String(error))?.[0];
  return place === undefined ? "" : ` ${place}`;
}

const SHOWN_CHARACTERS = 64;

const shownName = (name: string): string => JSON.stringify(name.slice(0, SHOWN_CHARACTERS));
