import { fileURLToPath } from "node:url";
import { defineConfig } from "vitest/config";

/** Packages of the workspace are tested from their sources. */
const conditions = ["source", "node"];

/**
 * The tests that a mutant of `stryker.config.json` has to get past: quick ones, and of what is drawn by chance a little. Controls
 * look for bugs of their own, and what is done on a real directory is done on a disk in memory, too.
 */
export default defineConfig({
  // By its name the SDK would be that of the workspace, in which nothing is mutated, not of the copy that Stryker makes.
  resolve: {
    conditions,
    alias: [
      {
        find: /^@tonearm\/sdk\/(.*)$/,
        replacement: fileURLToPath(new URL("sdk/src/$1.entry.ts", import.meta.url)),
      },
    ],
  },
  ssr: { resolve: { conditions } },
  test: {
    include: [
      "sdk/src/run.test.ts",
      "sdk/src/file-log/*.test.ts",
      "sdk/src/wire/**/*.test.ts",
      "relay/src/aggregate/*.test.ts",
      "relay/src/ingest/columns-batch.test.ts",
    ],
    exclude: ["**/bit-rot.test.ts"],
    // On a machine that does other things beside it a test may take ten times as long.
    testTimeout: 120_000,
    testNamePattern: /^(?!.*(\(control\)|on a real directory))/,
    env: { TONEARM_FUZZ_FACTOR: "0.01" },
  },
});
