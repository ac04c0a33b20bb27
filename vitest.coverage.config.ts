import { defineConfig } from "vitest/config";

/** Packages of the workspace are tested from their sources. */
const conditions = ["source", "node"];

/**
 * `pnpm check:coverage`: every branch of what bytes, crashes and acknowledgements depend on is run by the tests beside it. What it
 * is about, by the words of the promise:
 *
 * - codec: how events, batches and answers are spelled (`wire`), and frames of the log (`segment-format`, `payload`, `packed-entries`)
 * - recovery: what is made of the files that are found (`recovery`, `scan`, `catalog`)
 * - acknowledge: what is forgotten, and what is shown instead (`read-window`, `segment-writer`, `run`); what an answer means, on a
 *   device (`pump`, `delivery`) and in a relay (`retrier`, `replay`)
 * - trim: what may go (`file-log`, `eviction`, `purge`)
 * - aggregate: what KCL reads (`relay/src/aggregate`)
 */
export default defineConfig({
  resolve: { conditions },
  ssr: { resolve: { conditions } },
  test: {
    include: [
      "sdk/src/{file-log,wire}/**/*.test.ts",
      "sdk/src/{before-send,consent,consent-close,delivery,flush,hooks,memory-store,outage,pump,purge,redaction,refusal,run,storage,telemetry}.test.ts",
      "sdk/src/node/packed-queue.test.ts",
      "relay/src/aggregate/*.test.ts",
      "relay/src/ingest/columns-batch.test.ts",
      "relay/src/{holes,pipeline,pipeline-outage}.test.ts",
      "relay/src/{put/retrier,spool/replay}.test.ts",
    ],
    exclude: ["**/bit-rot.test.ts"],
    testTimeout: 120_000,
    // Of what is drawn by chance a little is enough here.
    env: { TONEARM_FUZZ_FACTOR: "0.02" },
    coverage: {
      provider: "v8",
      include: [
        "sdk/src/{delivery,pump,run}.ts",
        "sdk/src/wire/**/*.ts",
        "sdk/src/file-log/{catalog,commit-frames,eviction,file-log,packed-entries,payload,purge,read-window,recovery,scan,segment-format,segment-writer}.ts",
        "relay/src/{put/retrier,spool/replay}.ts",
        "relay/src/aggregate/*.ts",
      ],
      exclude: ["**/*.test.ts"],
      reporter: ["text", "json"],
      reportOnFailure: true,
      reportsDirectory: "node_modules/.cache/coverage",
      thresholds: { branches: 100, perFile: true },
    },
  },
});
