import { once } from "node:events";
import { existsSync } from "node:fs";
import { mkdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { cleanUp, freshDirectory } from "../support/devices.ts";
import { Traces } from "../support/left-behind.ts";
import { type Running, run, start } from "../support/processes.ts";

afterAll(cleanUp);

/** A process can be looked for where there is /proc. */
const HAS_PROC = existsSync("/proc/self/environ");
/** Nobody listens on the discard port. */
const NOBODY = "http://127.0.0.1:9";
const LONG = ["--devices", "4", "--events", "4000", "--seconds", "300"];

/** Resolves when the command has said `word` on standard error. */
async function said({ child, finished }: Running, word: string): Promise<void> {
  let text = "";
  while (!text.includes(word)) {
    const news = await Promise.race([once(child.stderr!, "data"), finished]);
    if (!Array.isArray(news)) throw new Error(`ended before it said ${word}: ${news.stderr}`);
    text += String(news[0]);
  }
}

// Beside each other: they wait for what they start, and each looks for its own alone.
describe.skipIf(!HAS_PROC).concurrent("what a command leaves behind (SKIPPED without /proc)", () => {
  it.each([
    ["SIGINT", 130, ["demo", ...LONG]],
    ["SIGTERM", 143, ["demo", ...LONG, "--processes", "2"]],
    ["SIGINT", 130, ["simulate", "--relay", NOBODY, "--truth", "/dev/null", ...LONG, "--processes", "2"]],
    ["SIGTERM", 143, ["simulate", "--relay", NOBODY, "--truth", "/dev/null", ...LONG]],
  ] as ["SIGINT" | "SIGTERM", number, string[]][])(
    "after %s it ends with %i, and neither files nor processes are left: %j",
    async (signal, code, args) => {
      const traces = await Traces.watch();
      const running = start("simulator", args, traces.env);
      await said(running, "recorded ");
      expect(traces.processes().length).toBeGreaterThanOrEqual(args[0] === "demo" ? 3 : 1);
      expect(traces.files()).toHaveLength(1);
      running.child.kill(signal);
      const finished = await running.finished;
      expect([finished.code, finished.stdout]).toEqual([code, ""]);
      expect(finished.stderr).toContain(`interrupted (${signal}); what it had started is ended`);
      expect([traces.files(), traces.processes()]).toEqual([[], []]);
    },
  );

  it("a demo that is killed outright takes its services and speakers with it", async () => {
    const traces = await Traces.watch();
    const running = start("simulator", ["demo", ...LONG, "--processes", "2"], traces.env);
    await said(running, "recorded ");
    // The demo, Kinesis, the relay, and two of speakers.
    expect(traces.processes().length).toBeGreaterThanOrEqual(4);
    running.child.kill("SIGKILL");
    await running.finished;
    await traces.gone();
  });

  it("a demo whose history cannot be used starts nothing, and a simulation neither", async () => {
    const directory = await freshDirectory();
    const empty = join(directory, "empty.csv");
    await writeFile(empty, "endTime,artistName,trackName,msPlayed\n");
    const traces = await Traces.watch();
    const truth = join(directory, "truth.ndjson");
    for (const command of [["demo"], ["simulate", "--relay", NOBODY, "--truth", truth]]) {
      const { code, stdout, stderr } = await run("simulator", [...command, "--history", empty], traces.env);
      expect(stderr).toBe(
        `tonearm-simulator: ${empty} has no row below its columns; expected at least one play\n`,
      );
      expect([code, stdout]).toEqual([1, ""]);
    }
    expect([traces.files(), traces.processes(), existsSync(truth)]).toEqual([[], [], false]);
  });
});

describe("where a command writes", () => {
  it.each(["kinesis", "truth.ndjson", "speakers"])(
    "a demo keeps nothing where %s of another run is, and leaves that alone",
    async (name) => {
      const directory = await freshDirectory();
      await mkdir(join(directory, name));
      const { code, stderr } = await run("simulator", ["demo", "--keep", directory]);
      expect(stderr).toBe(
        `tonearm-simulator: option keep is "${directory}", which has ${name} of another run, expected a directory without\n`,
      );
      expect(code).toBe(2);
      expect(existsSync(join(directory, name))).toBe(true);
    },
  );

  it("a directory that cannot be made is refused in a sentence", async () => {
    const { code, stderr } = await run("simulator", ["demo", "--keep", "/dev/null/x"]);
    expect(stderr).toMatch(
      /^tonearm-simulator: option keep is "\/dev\/null\/x", expected a directory that can be written \(EEXIST: .*\)\n$/,
    );
    expect(code).toBe(2);
  });

  it("a truth that cannot be written is refused before anything is recorded", async () => {
    const directory = await freshDirectory();
    for (const truth of [join(directory, "none", "x"), directory]) {
      const { code, stdout, stderr } = await run("simulator", [
        "simulate",
        "--relay",
        NOBODY,
        "--truth",
        truth,
      ]);
      expect(stderr).toMatch(
        /^tonearm-simulator: option truth is "[^"]+", expected a file that can be written \(.*\)\n$/,
      );
      expect([code, stdout]).toEqual([2, ""]);
    }
  });

  it("a truth of an earlier run is written anew", async () => {
    const truth = join(await freshDirectory(), "truth.ndjson");
    await writeFile(truth, "old\n");
    const few = ["--devices", "1", "--events", "2", "--seconds", "1", "--deadline", "1"];
    await run("simulator", ["simulate", "--relay", NOBODY, "--truth", truth, ...few]);
    expect((await readFile(truth, "utf8")).trimEnd().split("\n")).toHaveLength(2);
  });
});
