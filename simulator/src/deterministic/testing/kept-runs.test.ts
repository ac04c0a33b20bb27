import { appendFileSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, it, onTestFinished, vi } from "vitest";
import { KNOBS_VERSION } from "../knobs.ts";
import { keepRun, keptRuns } from "./kept-runs.ts";

it("a run that is kept is found again, and one of other knobs is passed over", () => {
  const directory = mkdtempSync(join(tmpdir(), "tonearm-kept-"));
  vi.stubEnv("TONEARM_KEPT", directory);
  onTestFinished(() => {
    vi.unstubAllEnvs();
    rmSync(directory, { recursive: true });
  });
  expect(keptRuns()).toEqual([]);
  const run = { seed: "1002-7", hours: 50, devices: 3 };
  keepRun(run);
  keepRun(run);
  appendFileSync(join(directory, "simulation.txt"), `${KNOBS_VERSION + 1} 50 2 9\n`);
  expect(keptRuns()).toEqual([run]);
});
