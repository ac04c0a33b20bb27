import { createTelemetry } from "@tonearm/sdk";
import type { StartContender } from "./contender.ts";

/** An event of the application's own, so that it is recorded as it is: to a `play` the SDK would add defaults and an id. */
const TYPE = "listened";

/** Longest wait for the relay at the end: the benchmark ends no client early. */
const PATIENCE_MS = 120_000;

const starter =
  (toDirectory: (directory: string) => string | false): StartContender =>
  async (endpoint, directory, batchEventsMax) => {
    const telemetry = createTelemetry({
      endpoint,
      device: "RINCON_00DEAD0001",
      directory: toDirectory(directory),
      batchEventsMax,
    });
    await telemetry.ready;
    return {
      record: (play) => void telemetry.record(TYPE, play),
      finish: async () => void (await telemetry.close({ timeoutMs: PATIENCE_MS })),
    };
  };

/** With a directory: every event is on disk before it is sent. */
export const startDurable = starter((directory) => directory);
export const startInMemory = starter(() => false);
