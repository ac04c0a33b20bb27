import { defineConfig } from "vitest/config";

/** Packages of the workspace are tested from their sources. */
const conditions = ["source", "node"];

/** The tests that a mutant of `stryker.config.json` has to get past: quick ones, and of what is drawn by chance a little. */
export default defineConfig({
  resolve: { conditions },
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
    env: { TONEARM_FUZZ_FACTOR: "0.01" },
  },
});
