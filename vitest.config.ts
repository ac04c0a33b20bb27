import { availableParallelism } from "node:os";
import { defineConfig } from "vitest/config";
import { LongestFirst } from "./test/support/longest-first.ts";

/** Packages of the workspace are tested from their sources. */
const conditions = ["source", "node"];

/**
 * One project per package. Files run beside each other, two at least: half of those in `test` wait more than they compute. Each
 * has servers, ports and directories of its own; what is there only once is taken by name (`test/support/holds.ts`).
 */
export default defineConfig({
  resolve: { conditions },
  ssr: { resolve: { conditions } },
  test: {
    reporters: ["default", ["json", { outputFile: "node_modules/.cache/tests.json" }]],
    // On a machine that does other things beside it a test may take ten times as long; only one that hangs fails for it.
    testTimeout: 120_000,
    hookTimeout: 60_000,
    maxWorkers: Math.max(2, availableParallelism()),
    sequence: { sequencer: LongestFirst },
    projects: [
      { extends: true, test: { name: "sdk", include: ["sdk/src/**/*.test.ts"] } },
      { extends: true, test: { name: "relay", include: ["relay/src/**/*.test.ts"] } },
      { extends: true, test: { name: "simulator", include: ["simulator/src/**/*.test.ts"] } },
      { extends: true, test: { name: "test", include: ["test/**/*.test.ts"] } },
    ],
  },
});
