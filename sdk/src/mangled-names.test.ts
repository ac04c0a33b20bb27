import { globSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { expect, it } from "vitest";
import { MANGLED_NAMES } from "./mangled-names.ts";

const textOf = (pattern: string, root: string) => {
  const cwd = fileURLToPath(new URL(root, import.meta.url));
  const files = globSync(pattern, { cwd }).filter((file) => !file.includes(".test."));
  expect(files.length).toBeGreaterThan(0);
  return files.map((file) => readFileSync(`${cwd}/${file}`, "utf8")).join("\n");
};

/** Names of members and parameters that a text declares. */
const declaredIn = (text: string) =>
  new Set(
    [...text.replace(/\/\*[\s\S]*?\*\/|\/\/.*/g, "").matchAll(/\b(\w+)\??\s*[:(<]/g)].map(([, name]) => name),
  );

const clashes = (declared: ReadonlySet<string | undefined>) =>
  MANGLED_NAMES.filter((name) => declared.has(name));

it("no name that the build shortens is the language's or a browser's", () => {
  const declared = declaredIn(textOf("lib.*.d.ts", "../../node_modules/typescript/lib"));
  expect(declared.has("addEventListener")).toBe(true);
  expect(clashes(declared)).toEqual([]);
});

it("no name that the build shortens is an application's to use, or stands in what is sent or answered", () => {
  const api =
    "{telemetry-api,telemetry-options,options,before-send,event,consent,standard-schema,typed-events,redaction,errors}.ts";
  const texts = [api, "vocabulary/*.ts", "adapters/{*,media-element/*}.ts", "wire/{answer,ndjson}.ts"];
  const declared = declaredIn(texts.map((pattern) => textOf(pattern, ".")).join("\n"));
  expect(declared.has("flushIntervalMs")).toBe(true);
  expect(clashes(declared)).toEqual([]);
});
