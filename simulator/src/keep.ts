import { existsSync } from "node:fs";
import { join } from "node:path";
import { ConfigError } from "@tonearm/relay/flags";
import { makeDirectory } from "@tonearm/sdk/ports";

/** What a run leaves in a directory that it is told to keep, and what it needs there meanwhile. */
export const KEPT = { kinesis: "kinesis", truth: "truth.ndjson", speakers: "speakers" };

/**
 * Makes sure that `directory` is there and takes files, and that no other run's are in it: two runs in one directory would
 * be held against each other's truth.
 * @throws ConfigError with what is in the way.
 */
export function prepareKept(directory: string): void {
  const left = Object.values(KEPT).find((name) => existsSync(join(directory, name)));
  if (left !== undefined) {
    throw new ConfigError(
      `option keep is "${directory}", which has ${left} of another run, expected a directory without`,
    );
  }
  try {
    makeDirectory(join(directory, KEPT.speakers));
  } catch (error) {
    throw new ConfigError(
      `option keep is "${directory}", expected a directory that can be written (${(error as Error).message})`,
    );
  }
}
