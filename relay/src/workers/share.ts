import { existsSync, readdirSync } from "node:fs";
import { join } from "node:path";
import type { Config } from "../config/schema.ts";

const SPOOL_NAME = /^worker-([1-9]\d{0,2})$/;
/** So much is under way in a worker at least: a few of the largest requests. */
const BYTES_IN_FLIGHT_MIN = 16 * 1_048_576;
const SPOOL_BYTES_MIN = 16 * 1_048_576;

/** Worker 1 has the directory itself, as a relay without workers has: nothing changes hands when their number does. */
const spoolOf = (directory: string, number: number): string =>
  number === 1 ? directory : join(directory, `worker-${number}`);

/**
 * The part of the configuration that is worker `number`'s, of `count`. What the machine and the stream have room for is shared
 * out; what is promised to a device, an epoch or a write key is the same in each: workers tell each other what they let in.
 */
export function shareOf(config: Config, number: number, count: number): Config {
  const part = (whole: number, least: number) => Math.max(Math.floor(whole / count), Math.min(whole, least));
  return {
    ...config,
    ...(config.spool !== undefined && { spool: spoolOf(config.spool, number) }),
    spoolBytesMax: part(config.spoolBytesMax, SPOOL_BYTES_MIN),
    bytesInFlightMax: part(config.bytesInFlightMax, BYTES_IN_FLIGHT_MIN),
    putsMax: part(config.putsMax, 1),
    shardBytesPerSecond: part(config.shardBytesPerSecond, 1),
    shardRecordsPerSecond: part(config.shardRecordsPerSecond, 1),
  };
}

/**
 * How many workers there must be: as many as were asked for, and one for each spool that an earlier run with more of them left
 * here. What stands in a spool is drained, however the number changes.
 */
export function workersNeeded({ workers, spool }: Config): number {
  if (spool === undefined || !existsSync(spool)) return workers;
  const left = readdirSync(spool).map((name) => Number(SPOOL_NAME.exec(name)?.[1] ?? 1));
  return Math.max(workers, ...left);
}
