import { existsSync } from "node:fs";
import { join } from "node:path";
import { expect, it } from "vitest";
import { inOrder, LONG } from "./longest-first.ts";
import { ROOT } from "./processes.ts";

it("the files that are known to be long are there, each once", () => {
  expect(LONG.filter((name) => !existsSync(join(ROOT, name)))).toEqual([]);
  expect(new Set(LONG).size).toBe(LONG.length);
});

it("long files come first, whichever project they are of, and the others as they come", () => {
  const names = ["sdk/src/b.test.ts", LONG[3]!, "relay/src/a.test.ts", LONG[0]!];
  const files = names.map((name) => ({ moduleId: join(ROOT, name) }));
  expect(inOrder(files).map(({ moduleId }) => moduleId.slice(ROOT.length))).toEqual([
    LONG[0],
    LONG[3],
    "sdk/src/b.test.ts",
    "relay/src/a.test.ts",
  ]);
});
