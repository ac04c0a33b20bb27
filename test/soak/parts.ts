/** Everything that `pnpm soak` runs: a part is one entry of `PARTS`. */
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { ROOT } from "../support/processes.ts";
import type { Part } from "./part.ts";

const REPORTER = fileURLToPath(new URL("./tally-reporter.ts", import.meta.url));
const VITEST = join(ROOT, "node_modules", "vitest", "vitest.mjs");
const MINUTES_MAX = 15;

/**
 * Test files, whose inputs depend on `TONEARM_FUZZ_SEED` and whose amounts on `TONEARM_FUZZ_FACTOR`. They count by `tally`.
 * @param factor how many times as much as in `pnpm test`; such that a run takes about a minute.
 */
export function tests(name: string, proof: string, unit: string, files: readonly string[], factor = 1): Part {
  const env = (seed: number) => ({ TONEARM_FUZZ_SEED: String(seed), TONEARM_FUZZ_FACTOR: String(factor) });
  return {
    name,
    proof,
    unit,
    minutesMax: MINUTES_MAX,
    env,
    command: () => [process.execPath, VITEST, "run", "--maxWorkers=1", `--reporter=${REPORTER}`, ...files],
    again: (seed) => {
      const chosen = Object.entries(env(seed)).map(([key, value]) => `${key}=${value}`);
      return [...chosen, "pnpm test", ...files].join(" ");
    },
  };
}

/** A program that counts by `tally`, and its argument. */
function program(
  name: string,
  proof: string,
  unit: string,
  path: string,
  argument: (seed: number) => string,
): Part {
  return {
    name,
    proof,
    unit,
    minutesMax: MINUTES_MAX,
    env: () => ({}),
    command: (seed) => [process.execPath, "--conditions=source", path, argument(seed)],
    again: (seed) => `pnpm exec node --conditions=source ${path} ${argument(seed)}`,
  };
}

const FUZZ = [
  "sdk/src/answer.fuzz.test.ts",
  "sdk/src/file-log/segment-format.fuzz.test.ts",
  "relay/src/config/config.fuzz.test.ts",
  "relay/src/ingest/batch.fuzz.test.ts",
  "relay/src/read/deaggregate.fuzz.test.ts",
  "relay/src/read/ledger.fuzz.test.ts",
];
const MODELS = [
  "sdk/src/file-log/file-log.model.test.ts",
  "sdk/src/event-queue.model.test.ts",
  "sdk/src/device.model.test.ts",
  "relay/src/spool/spool.model.test.ts",
  "relay/src/resends.model.test.ts",
  "relay/src/pipeline.model.test.ts",
];
const CRASH = "simulator/src/crash-states";

/**
 * In the order in which they have their first turns, so that a soak of twenty minutes comes to all of them, also on a busy
 * machine: the outage, which waits more than it computes, then those whose runs are short.
 */
export const PARTS: readonly Part[] = [
  // Three minutes are as long as another part's run may be, and long enough to see whether memory grows.
  program("outage", "–", "events", "test/soak/outage.ts", () => "3"),
  tests("statuses", "T10", "answers", ["sdk/src/node/status-matrix.test.ts"]),
  tests("chromium", "T9", "commits", ["test/browser/durability.test.ts"]),
  tests("bit-rot", "T6", "flips and cuts", ["sdk/src/file-log/bit-rot.test.ts"]),
  tests("network", "T10", "broken connections", ["relay/src/network.test.ts"]),
  tests("call-faults", "T4, T5", "cases", [`${CRASH}/call-faults.test.ts`]),
  tests("chromium-power", "T9", "cuts and kills", ["test/browser/power-cut.test.ts"], 2),
  tests("power-cut", "T8", "logs", ["test/crash/power-cut.test.ts"]),
  tests("relay-kill", "T7", "kills", ["test/crash/relay-kill.test.ts"]),
  tests("fuzz", "T11", "inputs", FUZZ),
  tests("log-kill", "T7", "kills", ["test/crash/log-kill.test.ts"]),
  tests("syscalls", "T7", "kills", ["test/crash/syscalls.test.ts"]),
  program("simulation", "T12", "fleet-hours", "test/soak/simulation.ts", String),
  tests("crash-states", "T2", "states", [`${CRASH}/crash-states-long.test.ts`]),
  tests("models", "T1", "courses and schedules", MODELS, 2),
];
