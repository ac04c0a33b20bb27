import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { tally } from "@tonearm/sdk/testing";
import type { Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { browserPid, hasChromium, launchProfile } from "./chromium.ts";
import { begin, makePath, makeWorld, record, relax, type World } from "./world.ts";

const hasStrace = (() => {
  try {
    execFileSync("strace", ["-V"], { stdio: "ignore" });
    return true;
  } catch {
    return false;
  }
})();

/** Counts how often the browser syncs a file of IndexedDB to the medium while `work` is done. */
async function syncsDuring(pid: number, work: () => Promise<void>): Promise<number> {
  const directory = await mkdtemp(join(tmpdir(), "tonearm-strace-"));
  const log = join(directory, "log");
  const tracer: ChildProcess = spawn(
    "strace",
    ["-f", "-y", "-e", "trace=fsync,fdatasync,sync_file_range", "-o", log, "-p", String(pid)],
    { stdio: ["ignore", "ignore", "pipe"] },
  );
  // It says so when it has attached to every thread.
  await once(tracer.stderr!, "data");
  await work();
  tracer.kill("SIGINT");
  await once(tracer, "exit");
  const lines = (await readFile(log, "utf8")).split("\n");
  await rm(directory, { recursive: true });
  return lines.filter((line) => line.includes("sync(") && line.includes(".indexeddb.leveldb")).length;
}

describe.skipIf(!hasChromium || !hasStrace)("what is called durable, in Chromium under strace", () => {
  let world: World;
  beforeAll(async () => {
    world = await makeWorld();
  });
  afterAll(() => world?.close());

  /** @param relax makes every transaction relaxed, as browsers do by themselves. */
  async function syncsOfTenCommits(isRelaxed: boolean): Promise<number> {
    const path = await makePath(world);
    const profile = await mkdtemp(join(tmpdir(), "tonearm-chromium-"));
    const context = await launchProfile(profile);
    const page: Page = await context.newPage();
    if (isRelaxed) await page.addInitScript(relax);
    await begin(page, world, { endpoint: path.endpoint, commitIntervalMs: 10 });
    await record(page, 1);
    await page.waitForFunction(() => told.durable.at(-1) === 2);
    const syncs = await syncsDuring(await browserPid(context), async () => {
      for (let n = 1; n <= 10; n++) {
        await record(page, 1, n);
        await page.waitForFunction((seq) => told.durable.at(-1) === seq, n + 2);
      }
    });
    await context.close();
    await rm(profile, { recursive: true });
    return syncs;
  }

  it("has been synced to the medium, once for every commit", async () => {
    expect(await syncsOfTenCommits(false)).toBeGreaterThanOrEqual(10);
    tally(10);
  });

  it("has not when transactions are relaxed, as they are unless told: the control", async () => {
    expect(await syncsOfTenCommits(true)).toBeLessThan(10);
  });
});
