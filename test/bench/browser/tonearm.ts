import { createTelemetry } from "@tonearm/sdk";
import type { StartInPage } from "./in-page.ts";

/** Longest wait for the relay at the end: the benchmark ends no client early. */
const PATIENCE_MS = 120_000;

export const starter =
  (database: string | false): StartInPage =>
  async (endpoint) => {
    const telemetry = createTelemetry({ endpoint, device: "RINCON_00DEAD0001", database });
    await telemetry.ready;
    return {
      record: (play) => void telemetry.record("listened", play),
      finish: async () => void (await telemetry.close({ timeoutMs: PATIENCE_MS })),
    };
  };

/** With IndexedDB. */
export const start = starter("tonearm");
