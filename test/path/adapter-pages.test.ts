import { mkdir, readdir, rm, writeFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { join } from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";
import { blocksOf } from "../support/pages.ts";
import { execute, ROOT } from "../support/processes.ts";

const TSC = createRequire(import.meta.url).resolve("typescript/lib/tsc.js");
const PAGES = "docs/adapters";
// Inside the workspace, so that the packages are found as a user's would be.
const directory = join(ROOT, "test", ".adapter-pages");

/** What an application has before the lines of a page: its telemetry, and what it plays with. */
const APPLICATION = `
import type { Telemetry } from "@tonearm/sdk";
declare global {
  var telemetry: Telemetry;
  var audio: HTMLAudioElement;
  var current: { id: string; title: string; artist: string };
  var player: {
    on(event: "change" | "exit", listener: () => void): void;
    isPlaying: boolean;
    itemId: string;
    title: string;
    durationMs: number;
    positionMs: number;
  };
}`;

const compilerOptions = {
  target: "es2022",
  module: "nodenext",
  moduleResolution: "nodenext",
  lib: ["es2024", "dom", "dom.iterable", "esnext.iterator"],
  types: ["node"],
  customConditions: ["source"],
  // A peer of the SDK's, which is not installed beside the tests.
  paths: { "@svrooij/sonos": [join(ROOT, "sdk/node_modules/@svrooij/sonos/lib/index.d.ts")] },
  allowImportingTsExtensions: true,
  strict: true,
  exactOptionalPropertyTypes: true,
  noUncheckedIndexedAccess: true,
  skipLibCheck: true,
  noEmit: true,
};

beforeAll(() => mkdir(directory, { recursive: true }));
afterAll(() => rm(directory, { recursive: true, force: true }));

it("every block of code in the pages about adapters is one that a strict application can have as it stands", async () => {
  const pages = (await readdir(join(ROOT, PAGES))).toSorted();
  const counts: Record<string, number> = {};
  for (const page of pages) {
    const blocks = await blocksOf(`${PAGES}/${page}`, "ts");
    counts[page] = blocks.length;
    await Promise.all(
      blocks.map((block, i) => writeFile(join(directory, `${page}.${i}.mts`), `${block}\nexport {};\n`)),
    );
  }
  expect(counts).toEqual({
    "README.md": 2,
    "media-element.md": 2,
    "mpd.md": 1,
    "mpris.md": 1,
    "sonos.md": 1,
    "upnp.md": 1,
  });
  await writeFile(join(directory, "application.mts"), APPLICATION);
  // The one that must be found.
  await writeFile(join(directory, "wrong.mts"), "telemetry.play(7);\nexport {};\n");
  await writeFile(join(directory, "tsconfig.json"), JSON.stringify({ compilerOptions, include: ["*.mts"] }));
  const { stdout } = await execute(process.execPath, [TSC, "-p", directory], {});
  const found = stdout.split("\n").filter((line) => line.includes(".adapter-pages"));
  expect(found).toEqual([expect.stringMatching(/wrong\.mts\(1,16\): error TS2345/)]);
});
