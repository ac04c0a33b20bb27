/** Real SDK instances on real directories, for path tests. */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createTelemetry, type Telemetry, type TelemetryOptions } from "@tonearm/sdk";

/** A directory that is removed by `cleanUp`. */
export async function freshDirectory(): Promise<string> {
  const directory = await mkdtemp(join(tmpdir(), "tonearm-device-"));
  directories.push(directory);
  return directory;
}

const directories: string[] = [];

export async function cleanUp(): Promise<void> {
  await Promise.all(
    directories.splice(0).map((directory) => rm(directory, { recursive: true, force: true })),
  );
}

/** An instance that hurries: short intervals, so that a test does not wait. */
export function hurriedTelemetry(
  options: Pick<TelemetryOptions, "endpoint" | "device" | "directory"> & Partial<TelemetryOptions>,
): Telemetry {
  const telemetry = createTelemetry({
    flushIntervalMs: 50,
    commitIntervalMs: 20,
    backoffBaseMs: 20,
    backoffMaxMs: 200,
    requestTimeoutMs: 90_000,
    freeBytesMin: 0,
    ...options,
  });
  telemetry.on("error", () => undefined);
  return telemetry;
}

/** Resolves when `condition` holds; rejects, saying what was waited for, when it does not within `timeoutMs`. */
export async function until(
  what: string,
  condition: () => boolean | Promise<boolean>,
  timeoutMs = 30_000,
): Promise<void> {
  const deadline = performance.now() + timeoutMs;
  while (!(await condition())) {
    if (performance.now() > deadline) throw new Error(`waited ${timeoutMs} ms for: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}
