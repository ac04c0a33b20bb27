import { defineConfig } from "vitest/config";

/** Packages of the workspace are tested from their sources. */
const conditions = ["source", "node"];

/** One project per package; `path` and `crash` start servers and processes, so their files run one after another. */
export default defineConfig({
  resolve: { conditions },
  ssr: { resolve: { conditions } },
  test: {
    reporters: ["default", ["json", { outputFile: "node_modules/.cache/tests.json" }]],
    projects: [
      { extends: true, test: { name: "sdk", include: ["sdk/src/**/*.test.ts"] } },
      { extends: true, test: { name: "relay", include: ["relay/src/**/*.test.ts"] } },
      { extends: true, test: { name: "simulator", include: ["simulator/src/**/*.test.ts"] } },
      {
        extends: true,
        test: {
          name: "test",
          include: ["test/**/*.test.ts"],
          testTimeout: 120_000,
          hookTimeout: 60_000,
          fileParallelism: false,
        },
      },
    ],
  },
});
