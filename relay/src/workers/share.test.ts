import { mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, describe, expect, it } from "vitest";
import { checkConfig } from "../config/check.ts";
import { shareOf, workersNeeded } from "./share.ts";

const MIB = 1_048_576;
const configOf = (options: object) => checkConfig({ insecure: true, ...options });
let directory: string | undefined;
afterEach(() => {
  if (directory !== undefined) rmSync(directory, { recursive: true });
  directory = undefined;
});

describe("a worker's share", () => {
  it("of what machine and stream have room for is a part; the first has the spool's directory itself", () => {
    const config = configOf({ spool: "/s", shardRecordsPerSecond: 1_000, keyBytesPerSecond: 8_192 });
    expect(shareOf(config, 1, 4)).toMatchObject({
      spool: "/s",
      spoolBytesMax: 256 * MIB,
      bytesInFlightMax: 16 * MIB,
      putsMax: 2,
      shardBytesPerSecond: MIB / 4,
      shardRecordsPerSecond: 250,
      keyBytesPerSecond: 8_192,
    });
    expect(shareOf(config, 3, 4).spool).toBe(join("/s", "worker-3"));
  });

  it("is never too small for a single large request", () => {
    const config = configOf({ spool: "/s", spoolBytesMax: 20 * MIB, bytesInFlightMax: 20 * MIB });
    expect(shareOf(config, 2, 16)).toMatchObject({
      spoolBytesMax: 16 * MIB,
      bytesInFlightMax: 16 * MIB,
      putsMax: 1,
    });
  });

  it("of what is promised to a device is all of it", () => {
    const config = configOf({ requestsPerEpochMax: 3, aggregateAgeMs: 77 });
    expect(shareOf(config, 1, 2)).toMatchObject({ requestsPerEpochMax: 3, aggregateAgeMs: 77 });
    expect(shareOf(config, 1, 2).spool).toBeUndefined();
  });
});

describe("as many workers are needed", () => {
  it("as were asked for, and as have a spool left behind", () => {
    directory = mkdtempSync(join(tmpdir(), "tonearm-workers-"));
    expect(workersNeeded(configOf({ workers: 2 }))).toBe(2);
    expect(workersNeeded(configOf({ workers: 2, spool: join(directory, "none") }))).toBe(2);
    for (const name of ["worker-3", "worker-0", "worker-5x", "dead-letters"])
      mkdirSync(join(directory, name));
    expect(workersNeeded(configOf({ spool: directory }))).toBe(3);
    expect(workersNeeded(configOf({ workers: 4, spool: directory }))).toBe(4);
  });
});
