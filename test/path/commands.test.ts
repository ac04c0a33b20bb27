import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { cleanUp, freshDirectory } from "../support/devices.ts";
import { execute, ROOT, run } from "../support/processes.ts";

afterAll(cleanUp);

/** Nobody listens on the discard port. */
const NOBODY = "http://127.0.0.1:9";
/** AWS's SDK insists on having something to sign with, before it finds that nobody is there. */
const CREDENTIALS = { AWS_ACCESS_KEY_ID: "test", AWS_SECRET_ACCESS_KEY: "test" };

describe("what a command prints, started as a newcomer starts it", () => {
  it("the last line of standard output is the JSON, also when the command ends with 1", async () => {
    const truth = join(await freshDirectory(), "truth.ndjson");
    const args = ["--relay", NOBODY, "--devices", "1", "--events", "3", "--seconds", "1", "--deadline", "1"];
    const { code, stdout } = await execute(
      "npx",
      ["--prefer-offline", "-y", "pnpm@10", "simulate", ...args, "--truth", truth],
      { cwd: ROOT, env: { ...process.env, npm_config_verify_deps_before_run: "false" } },
    );
    expect(JSON.parse(stdout.trimEnd().split("\n").at(-1)!)).toMatchObject({ recorded: 3, truth });
    expect(code).toBe(1);
  });
});

describe.concurrent("a command called wrongly ends with a sentence and a code of its own", () => {
  it.each([
    ["relay", ["--prot", "1"], 2, "unknown option --prot, did you mean --port?"],
    [
      "relay",
      ["--port", "99999", "--insecure"],
      2,
      'option port is "99999", expected a whole number from 0 to 65535',
    ],
    ["relay", ["--stream", "bad name", "--insecure"], 2, 'option stream is "bad name", expected 1 to 128 of'],
    [
      "relay",
      ["--write-keys", "hunter2-hunter2"],
      2,
      "everybody can read a command line: set TONEARM_WRITE_KEYS",
    ],
    ["relay", ["--config", "/nowhere.json"], 2, "configuration file /nowhere.json cannot be read: ENOENT"],
    ["relay", [], 2, "nobody could write to /v1/batches: set TONEARM_WRITE_KEYS"],
    ["relay", ["--insecure", "--embedded", "--endpoint", "http://127.0.0.1:9"], 2, "exclude each other"],
    [
      "relay",
      ["--insecure", "--endpoint", "http://127.0.0.1:9", "--region", "r"],
      1,
      "stream tonearm at http://127.0.0.1:9 cannot be used",
    ],
    ["relay", ["audit", "--endpoint", "http://127.0.0.1:9", "--region", "r"], 1, "ECONNREFUSED"],
    ["simulator", ["fly"], 2, 'unknown command "fly", expected demo or simulate'],
    ["relay", ["audit", "--jsn"], 2, "unknown option --jsn, did you mean --json?"],
    [
      "simulator",
      ["demo", "--devices", "0"],
      2,
      'option devices is "0", expected a whole number from 1 to 10000',
    ],
    [
      "simulator",
      ["demo", "--devices", "abc"],
      2,
      'option devices is "abc", expected a whole number from 1 to',
    ],
    [
      "simulator",
      ["demo", "--devices", "-1"],
      2,
      'option devices is "-1", expected a whole number from 1 to',
    ],
    ["simulator", ["demo", "--devices", ""], 2, 'option devices is "", expected a whole number from 1 to'],
    [
      "simulator",
      ["demo", "--seed", "--json"],
      2,
      "option --seed has no value, expected --seed VALUE: decides",
    ],
    ["simulator", ["demo", "--json=yes"], 2, "option --json was given a value, expected --json alone"],
    ["simulator", ["simulate", "--relay", "http://127.0.0.1:9"], 2, "option truth is missing"],
    [
      "simulator",
      ["simulate", "--relay", "ftp://x", "--truth", "t"],
      2,
      'option relay is "ftp://x", expected',
    ],
    [
      "simulator",
      ["simulate", "--relay", "http://u:pw@x", "--truth", "t"],
      2,
      'option relay is "http://…@x", expected',
    ],
    ["simulator", ["demo", "--history", "/nowhere"], 1, "/nowhere cannot be read"],
  ] as ["relay" | "simulator", string[], number, string][])("%s %j", async (cli, args, code, sentence) => {
    const finished = await run(cli, args, { TONEARM_WRITE_KEYS: "", ...CREDENTIALS });
    expect(finished.stderr).toContain(sentence);
    expect(finished.stderr).not.toContain("hunter2");
    expect([finished.code, finished.stdout]).toEqual([code, ""]);
  });
});

it("--check prints every option with its value and where it comes from, and no secret", async () => {
  const env = { TONEARM_WRITE_KEYS: "hunter2-hunter2", TONEARM_PUTS_MAX: "4" };
  const { code, stdout, stderr } = await run("relay", ["--check", "--port", "99"], env);
  expect([code, stderr]).toEqual([0, ""]);
  expect(stdout).toMatch(/^port +99 +--port +restart$/m);
  expect(stdout).toMatch(/^putsMax +4 +TONEARM_PUTS_MAX +restart$/m);
  expect(stdout).toMatch(/^stream +"tonearm" +default +restart$/m);
  expect(stdout).toMatch(/^writeKeys +\(secret, 1\) +TONEARM_WRITE_KEYS +SIGHUP$/m);
  expect(stdout).not.toContain("hunter2");
});

describe("--help", () => {
  it.each([
    ["relay", [], "tonearm-relay audit [options]", "--insecure"],
    ["relay", ["tail"], "tonearm-relay tail [options]", "--follow"],
    ["relay", ["audit"], "tonearm-relay audit [options]", "--device"],
    ["simulator", [], "tonearm-simulator simulate [options]", "tonearm-simulator demo [options]"],
    ["simulator", ["demo"], "demo [options]", "--keep"],
    ["simulator", ["simulate"], "simulate --relay URL --truth FILE [options]", "--key"],
  ] as ["relay" | "simulator", string[], string, string][])(
    "of %s %j names the command and its options",
    async (cli, args, usage, option) => {
      const { code, stdout, stderr } = await run(cli, [...args, "--help"]);
      expect(stdout).toContain(usage);
      expect(stdout).toContain(option);
      expect([code, stderr]).toEqual([0, ""]);
    },
  );
});
