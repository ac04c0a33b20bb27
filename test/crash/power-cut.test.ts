import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import { chosenSeed, tally } from "@tonearm/sdk/testing";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { cleanUp } from "../support/devices.ts";
import { makeMedium, run } from "../support/medium.ts";
import { bundleWriter, inspect } from "./log-runs.ts";
import { LogTruth } from "./log-steps.ts";

/** Logs that lose power together, and how often: 1,500 in all; `TONEARM_POWER_CUTS` sets more. */
const LOGS = 25;
const CUTS = Number(process.env.TONEARM_POWER_CUTS ?? 60);
const medium = await makeMedium();

describe.skipIf(!medium)("a power cut, on ext4", () => {
  let writer: string;
  beforeAll(async () => {
    writer = await bundleWriter();
  });
  afterAll(async () => {
    medium?.unmount();
    await cleanUp();
  });

  function freshLogs(name: string): string[] {
    const directories = Array.from({ length: LOGS }, (_, i) => join(medium!.path, `${name}-${i}`));
    for (const directory of directories) mkdirSync(directory);
    run("sync", "-f", medium!.path);
    return directories;
  }

  /** Lets all logs be written until `lines` lines were said, cuts the power, and brings it back. */
  async function untilCut(
    directories: readonly string[],
    truths: readonly LogTruth[],
    cut: number,
    mode = "",
  ) {
    const epochs = directories.map((_, i) => `cut${cut}-log${i}`.padEnd(16, "x"));
    const args = [writer, directories.join(","), epochs.join(","), "100000", mode];
    const cutPower = await medium!.knife();
    const child = spawn(process.execPath, args, { stdio: ["ignore", "pipe", "ignore"] });
    const lines = 10 + ((cut * 53 + (chosenSeed() - 1) * 29) % 400);
    let output = "";
    let before: string | undefined;
    let cutting: Promise<void> | undefined;
    child.stdout.on("data", (bytes: Buffer) => {
      output += bytes.toString();
      if (before !== undefined || output.split("\n").length <= lines) return;
      // What is said from now on nobody hears: with the power, whoever says it is gone.
      before = output;
      cutting = cutPower();
    });
    // It ends by itself: nothing can be stored any more.
    await once(child, "close");
    await (cutting ?? cutPower());
    medium!.unmount();
    medium!.mount();
    for (const truth of truths) truth.hear(before ?? "", output);
  }

  it(`of ${LOGS} logs at a time, ${CUTS} times, costs nothing that they had called durable`, async () => {
    let found = 0;
    // What is looked at is drained: now and then the next life finds more than one epoch.
    for (let cut = 0; cut < CUTS; ) {
      const directories = freshLogs(`log${cut}`);
      const truths = directories.map((_, i) => new LogTruth((epoch) => epoch.includes(`-log${i}x`)));
      for (const last = cut + 3; cut < last; cut++) await untilCut(directories, truths, cut);
      for (const [i, directory] of directories.entries()) {
        const left = await inspect(directory, truths[i]!, "e".repeat(16));
        found += left.found;
        // A file that was begun and never got as far as its header is set aside: there was nothing in it yet.
        expect({ cut, i, missing: left.missing, faults: left.faults }).toEqual({
          cut,
          i,
          missing: [],
          faults: [],
        });
        rmSync(directory, { recursive: true });
        tally(3);
      }
    }
    expect(found).toBeGreaterThan(CUTS * LOGS);
  }, 3_600_000);

  it("costs a log that never syncs what it had called durable (control)", async () => {
    const lost: string[] = [];
    // The system may write everything by itself just before the cut, whoever asks it to: then it is cut again.
    for (let cut = 0; cut < 5 && lost.length === 0; cut++) {
      const directories = freshLogs(`lying${cut}`);
      const truths = directories.map((_, i) => new LogTruth((epoch) => epoch.includes(`-log${i}x`)));
      await untilCut(directories, truths, CUTS + cut, "unsynced");
      for (const [i, directory] of directories.entries())
        lost.push(...(await inspect(directory, truths[i]!, "e".repeat(16))).missing);
    }
    expect(lost).not.toEqual([]);
  }, 60_000);
});
