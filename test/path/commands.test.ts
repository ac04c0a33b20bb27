import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { cleanUp, freshDirectory } from "../support/devices.ts";
import { execute, ROOT } from "../support/processes.ts";

afterAll(cleanUp);

/** Nobody listens on the discard port. */
const NOBODY = "http://127.0.0.1:9";

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
