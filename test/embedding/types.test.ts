import { writeFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { execute } from "../support/processes.ts";
import { type PackedApp, packedApp } from "./packed-app.ts";

const TSC = createRequire(import.meta.url).resolve("typescript/lib/tsc.js");

/** As applications set their compilers: for a page whose bundler resolves, and for Node. */
const WAYS = [
  {
    moduleResolution: "bundler",
    module: "esnext",
    lib: ["es2022", "dom", "dom.iterable"],
    types: [],
    customConditions: ["browser"],
  },
  { moduleResolution: "nodenext", module: "nodenext", lib: ["es2022"], types: ["node"] },
] as const;

describe("the published types", () => {
  let app: PackedApp;
  beforeAll(async () => {
    app = await packedApp(["zod", "@types/node"]);
  });
  afterAll(() => app?.remove());

  it.each(WAYS)(
    "serve a strict application under moduleResolution $moduleResolution, themselves checked",
    async (way) => {
      const project = join(app.directory, `tsconfig.${way.moduleResolution}.json`);
      const compilerOptions = {
        ...way,
        target: "es2022",
        strict: true,
        exactOptionalPropertyTypes: true,
        noUncheckedIndexedAccess: true,
        verbatimModuleSyntax: true,
        skipLibCheck: false,
        noEmit: true,
      };
      await writeFile(project, JSON.stringify({ compilerOptions, files: ["consumer.ts"] }));
      const { code, stdout } = await execute(process.execPath, [TSC, "-p", project], {});
      expect([code, stdout]).toEqual([0, ""]);
    },
  );
});
