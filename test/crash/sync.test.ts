import { spawnSync } from "node:child_process";
import { readFile, realpath } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, describe, expect, it } from "vitest";
import { cleanUp, freshDirectory } from "../support/devices.ts";
import { execute } from "../support/processes.ts";

const RECORDER = fileURLToPath(new URL("./sync-once.ts", import.meta.url));
const CALLS = "trace=openat,write,pwrite64,writev,pwritev,fsync,fdatasync";
/** strace may be missing, or forbidden to watch. */
const CAN_WATCH = spawnSync("strace", ["-f", "-e", CALLS, "true"]).status === 0;

/** The system calls of a process on files, in the order in which they were finished: name, file, result. */
async function callsOf(directory: string): Promise<string[]> {
  const trace = join(await freshDirectory(), "trace");
  // -y names the file of each descriptor; -z leaves out what failed.
  const watched = ["-f", "-y", "-z", "-e", CALLS, "-o", trace, process.execPath];
  const { code, stderr } = await execute(
    "strace",
    [...watched, "--conditions=source", RECORDER, directory],
    {},
  );
  if (code !== 0) throw new Error(`the recorder ended with ${code}: ${stderr}`);
  const unfinished = new Map<string, string>();
  const calls: string[] = [];
  for (const line of (await readFile(trace, "utf8")).split("\n")) {
    const [, thread = "", text = ""] = /^(\d+) +(.*)$/.exec(line) ?? [];
    const begun = /^(.*) <unfinished \.\.\.>$/.exec(text)?.[1];
    const resumed = /^<\.\.\. \w+ resumed>(.*)$/.exec(text)?.[1];
    if (begun !== undefined) unfinished.set(thread, begun);
    else calls.push(resumed === undefined ? text : `${unfinished.get(thread)}${resumed}`);
  }
  return calls;
}

/** Where the first call of a name on a file stands, from `from` on; a call that is not there fails the test. */
function indexOf(calls: readonly string[], name: string, on: string, from = 0): number {
  const index = calls.findIndex((call, i) => i >= from && call.startsWith(`${name}(`) && call.includes(on));
  expect(index, `${name} on ${on} in\n${calls.slice(from).join("\n")}`).toBeGreaterThanOrEqual(from);
  return index;
}

describe("what is called durable", () => {
  afterAll(cleanUp);

  it.skipIf(!CAN_WATCH)(
    "has been synced by the system before anybody is told: the file's name, and its content",
    async () => {
      const directory = await realpath(await freshDirectory());
      const calls = (await callsOf(directory)).filter(
        (call) => call.includes(directory) || call.includes("DURABLE"),
      );
      const segment = `<${directory}/seg-0000000000000001.log>`;
      const created = indexOf(calls, "openat", segment);
      const named = indexOf(calls, "fsync", `<${directory}>`, created);
      // The last thing written before somebody was told is the event.
      const told = indexOf(calls, "write", "DURABLE");
      const written = calls.findLastIndex(
        (call, i) => i < told && /^p?writev?(64)?\(/.test(call) && call.includes(segment),
      );
      const synced = indexOf(calls, "fdatasync", segment, written);
      expect(written).toBeGreaterThan(created);
      expect(told).toBeGreaterThan(synced);
      expect(told).toBeGreaterThan(named);
    },
  );

  it.skipIf(!CAN_WATCH)(
    "is synced again when it is found: nobody knows whether its writer came to that",
    async () => {
      const directory = await realpath(await freshDirectory());
      await callsOf(directory);
      const calls = (await callsOf(directory)).filter(
        (call) => call.includes(directory) || call.includes("DURABLE"),
      );
      const synced = indexOf(calls, "fdatasync", `<${directory}/seg-0000000000000001.log>`);
      expect(indexOf(calls, "write", "DURABLE")).toBeGreaterThan(synced);
    },
  );
});
