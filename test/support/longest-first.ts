/** The order of a test run: with files running two at a time, a long one that comes last is waited for by itself. */
import { join } from "node:path";
import { BaseSequencer, type TestSpecification } from "vitest/node";
import { ROOT } from "./processes.ts";

/** Files that take more than ten seconds on two cores, the longest first. What is not named here comes after them. */
export const LONG: readonly string[] = [
  "test/crash/full-disk.test.ts",
  "simulator/src/crash-states/crash-states-long.test.ts",
  "test/crash/syscalls.test.ts",
  "test/path/strangers.test.ts",
  "test/browser/power-cut.test.ts",
  "test/crash/kill.test.ts",
  "test/path/kinesis-faults.test.ts",
  "simulator/src/deterministic/seeds-to-200.test.ts",
  "test/players/upnp.test.ts",
  "simulator/src/deterministic/seeds-to-100.test.ts",
  "test/crash/log-kill.test.ts",
  "test/browser/storage.test.ts",
  "test/crash/power-cut.test.ts",
  "test/path/left-behind.test.ts",
  "test/path/commands.test.ts",
  "test/browser/page.test.ts",
  "test/browser/tabs.test.ts",
  "test/path/demo.test.ts",
  "test/crash/relay-kill.test.ts",
  "test/path/outage-load.test.ts",
  "test/soak/main.test.ts",
  "test/browser/return.test.ts",
  "test/browser/media-sources.test.ts",
  "simulator/src/crash-states/call-faults.test.ts",
  "simulator/src/crash-states/crash-states.test.ts",
  "test/path/simulate.test.ts",
  "test/embedding/bundlers.test.ts",
  "sdk/src/file-log/file-log.model.test.ts",
  "relay/src/network.test.ts",
  "test/path/loud.test.ts",
  "test/browser/media-element.test.ts",
  "test/path/stream-changes.test.ts",
  "test/examples/controller.test.ts",
  "test/examples/speaker.test.ts",
  "test/players/mpris.test.ts",
  "test/browser/status-page.test.ts",
  "test/browser/consent.test.ts",
  "sdk/src/file-log/bit-rot.test.ts",
  "test/browser/answers.test.ts",
  "relay/src/ingest/batch.fuzz.test.ts",
  "simulator/src/crash-states/mutants.test.ts",
];

/** Where each file stands in `LONG`; a file that is not there stands behind all that are. */
const rankOf = (path: string): number => {
  const rank = LONG.findIndex((name) => join(ROOT, name) === path);
  return rank < 0 ? LONG.length : rank;
};

/** The order in which files are begun, by their paths. */
export const inOrder = <T extends { readonly moduleId: string }>(files: readonly T[]): T[] =>
  files.toSorted((a, b) => rankOf(a.moduleId) - rankOf(b.moduleId));

export class LongestFirst extends BaseSequencer {
  override sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    return Promise.resolve(inOrder(files));
  }
}
