import { existsSync } from "node:fs";
import { mkdir, readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, expect, it } from "vitest";
import { cleanUp, freshDirectory } from "../support/devices.ts";
import { execute, ROOT } from "../support/processes.ts";
import { PARTS, tests } from "./parts.ts";
import { startRun } from "./run.ts";

afterAll(cleanUp);

const SOAK = ["--conditions=source", "test/soak/main.ts"];
const soak = (...args: readonly string[]) => execute(process.execPath, [...SOAK, ...args], { cwd: ROOT });

it("every part has a name of its own, and its files are there", () => {
  expect(new Set(PARTS.map(({ name }) => name)).size).toBe(PARTS.length);
  const files = PARTS.flatMap((part) => part.command(7)).filter((word) => /^[^-].*\.ts$/.test(word));
  expect(files.filter((file) => !existsSync(join(ROOT, file)))).toEqual([]);
});

it("a test that fails is a violation of its run, with the command that shows it; one that is skipped is named", async () => {
  // Inside the workspace, so that it is found as the others are.
  const directory = join(ROOT, "test", ".soak");
  await mkdir(directory, { recursive: true });
  const code = `import { expect, it } from "vitest";
    import { chosenSeed, tally } from "@tonearm/sdk/testing";
    it("counts", () => tally(5));
    it.skip("is not for here", () => undefined);
    it("planted", () => expect(chosenSeed()).toBe(7));`;
  await writeFile(join(directory, "planted.test.ts"), code);
  try {
    const part = tests("planted", "T0", "things", ["test/.soak/planted.test.ts"]);
    const skipped = ["is not for here"];
    expect(await startRun(part, 7).ended).toEqual({ cases: 5, skipped, violations: [] });
    expect(await startRun(part, 8).ended).toEqual({
      cases: 5,
      skipped,
      violations: [
        {
          what: expect.stringMatching(/^planted: expected 8 to be 7/),
          again: "TONEARM_FUZZ_SEED=8 TONEARM_FUZZ_FACTOR=1 pnpm test test/.soak/planted.test.ts",
        },
      ],
    });
    await writeFile(join(directory, "planted.test.ts"), 'import "./nowhere.ts";');
    const { violations } = await startRun(part, 7).ended;
    expect(violations).toEqual([expect.objectContaining({ what: expect.stringContaining("nowhere.ts") })]);
  } finally {
    await rm(directory, { recursive: true });
  }
});

it("a soak of real parts counts what they did, and leaves a report", async () => {
  const report = await freshDirectory();
  const args = [
    "--minutes",
    "0.15",
    "--jobs",
    "1",
    "--seed",
    "12345",
    "--parts",
    "statuses",
    "--report",
    report,
  ];
  const { code, stdout } = await soak(...args);
  expect(stdout).toMatch(/^soak of 0.15 minutes, 1 runs at a time, from seed 12345; report in /);
  expect(stdout).toMatch(/^statuses: 1 runs, 1,995 answers, 0 violations, 0 skipped, .* seeds 12345$/m);
  expect(code).toBe(0);
  const { failed, parts } = JSON.parse(await readFile(join(report, "report.json"), "utf8"));
  expect(failed).toBe(false);
  expect(parts).toMatchObject([
    { name: "statuses", cases: 1_995 * parts[0].runs, violations: 0, skipped: [] },
  ]);
  expect(await readFile(join(report, "report.md"), "utf8")).toContain("no violation");
});

it("a soak called wrongly ends with a sentence", async () => {
  const wrong = await soak("--parts", "statuses,stats");
  expect([wrong.code, wrong.stderr]).toEqual([
    2,
    expect.stringMatching(/^soak: option parts has "stats", expected some of outage, stat/),
  ]);
  for (const minutes of ["0", "1e3", ""]) {
    const { code, stderr } = await soak("--minutes", minutes);
    expect([code, stderr]).toEqual([
      2,
      expect.stringMatching(/^soak: .*minutes.*, expected minutes from 0.05 to 1000000/),
    ]);
  }
});
