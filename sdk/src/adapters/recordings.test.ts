import { globSync, readFileSync } from "node:fs";
import { basename, join } from "node:path";
import { expect, it } from "vitest";

const RECORDINGS = join(import.meta.dirname, "../testing/recordings");
const NO_RECORDING = /^(README\.md|LICENSES\.txt)$/;

it("every recording that is in the folder is replayed by a test, by its name", () => {
  const names = globSync("*/*", { cwd: RECORDINGS })
    .map((path) => basename(path))
    .filter((name) => !NO_RECORDING.test(name));
  expect(names.length).toBeGreaterThan(30);
  const tests = globSync("**/*recordings.test.ts", { cwd: import.meta.dirname })
    .map((path) => readFileSync(join(import.meta.dirname, path), "utf8"))
    .join("");
  expect(names.filter((name) => !tests.includes(`${name}"`))).toEqual([]);
});

it("every folder of recordings is told of, with its licence", () => {
  const readme = readFileSync(join(RECORDINGS, "README.md"), "utf8");
  for (const folder of globSync("*/", { cwd: RECORDINGS })) expect(readme).toContain(`${folder}/`);
});
