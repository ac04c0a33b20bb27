import { spawnSync } from "node:child_process";
import { readFile, realpath } from "node:fs/promises";
import { join } from "node:path";
import { chosenSeed, tally } from "@tonearm/sdk/testing";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { cleanUp, freshDirectory } from "../support/devices.ts";
import { execute } from "../support/processes.ts";
import { bundleWriter, inspect, twoAtOnce } from "./log-runs.ts";
import { LogTruth } from "./log-steps.ts";

const NAMES = ["openat", "write", "pwrite64", "fdatasync", "fsync", "unlink", "rename", "mkdir"];
const CAN_INJECT =
  spawnSync("strace", ["-f", "-e", "trace=fsync", "-e", "inject=fsync:signal=KILL:when=9", "true"]).status ===
  0;
const FIRST = "a".repeat(16);
const SECOND = "b".repeat(16);
/** 60, and by other seeds up to 20 more: what comes when differs. */
const COMMITS = 60 + ((chosenSeed() - 1) % 21);
/** One thread for files, so that the calls of a run come in the same order every time. */
const ENV = { ...process.env, UV_THREADPOOL_SIZE: "1" };

/** One call of the writer: of those of this name on this file of its directory, which one. */
interface Call {
  readonly name: string;
  readonly file: string;
  readonly when: number;
}

describe.skipIf(!CAN_INJECT)("a log whose process is killed at a system call", () => {
  let writer: string;
  beforeAll(async () => {
    writer = await bundleWriter();
  });
  afterAll(cleanUp);

  /** A directory in which another process has left an epoch, to be recovered, drained and removed. */
  async function leftDirectory(truth: LogTruth): Promise<string> {
    const directory = await realpath(await freshDirectory());
    const { stdout } = await execute(process.execPath, [writer, directory, FIRST, "6"], { env: ENV });
    truth.hear(stdout);
    return directory;
  }

  const traced = (options: readonly string[], directory: string, mode = "") =>
    execute("strace", [...options, process.execPath, writer, directory, SECOND, String(COMMITS), mode], {
      env: ENV,
    });

  /** Every call that a run makes on its directory. */
  async function callsOf(): Promise<Call[]> {
    const directory = await leftDirectory(new LogTruth());
    const file = join(await freshDirectory(), "trace");
    await traced(["-f", "-y", "-e", `trace=${NAMES.join(",")}`, "-o", file], directory);
    const counts = new Map<string, number>();
    const calls: Call[] = [];
    for (const line of (await readFile(file, "utf8")).split("\n")) {
      const [, name, path] = /^\d+ +(\w+)\(.*?[<"](\/[^>"]+)[>"]/.exec(line) ?? [];
      if (name === undefined || !path?.startsWith(directory)) continue;
      const relative = path.slice(directory.length);
      const when = (counts.get(name + relative) ?? 0) + 1;
      counts.set(name + relative, when);
      calls.push({ name, file: relative, when });
    }
    return calls;
  }

  /** Kills a run when it enters a call, and looks at what is left. */
  async function killedAt({ name, file, when }: Call, mode?: string) {
    const truth = new LogTruth();
    const directory = await leftDirectory(truth);
    const only = ["-P", `${directory}${file}`, "-e", `trace=${name}`];
    const inject = ["-f", ...only, "-e", `inject=${name}:signal=KILL:when=${when}`];
    const { stdout } = await traced([...inject, "-o", "/dev/null"], directory, mode);
    truth.hear(stdout);
    return { wasKilled: !stdout.includes("closed"), ...(await inspect(directory, truth, "c".repeat(16))) };
  }

  it("keeps everything that it had called durable, whichever call it is", async () => {
    const calls = await callsOf();
    expect(calls.length).toBeGreaterThanOrEqual(200);
    await twoAtOnce(calls, async (call) => {
      const { wasKilled, missing, faults, quarantined } = await killedAt(call);
      expect({ call, wasKilled, missing, faults, quarantined }).toEqual({
        call,
        wasKilled: true,
        missing: [],
        faults: [],
        quarantined: [],
      });
      tally(1);
    });
  }, 600_000);

  it("and would be found out if it said so too early (control)", async () => {
    const writes = (await callsOf()).filter(({ name, file }) => name === "write" && file.includes("seg-"));
    const lost: string[] = [];
    // The header of a segment, then commits and acknowledgements.
    for (const call of writes.slice(1, 4)) lost.push(...(await killedAt(call, "early")).missing);
    expect(lost).not.toEqual([]);
  }, 60_000);
});
