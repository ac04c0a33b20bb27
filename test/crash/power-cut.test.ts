import { execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdirSync, rmSync, truncateSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { chosenSeed, tally } from "@tonearm/sdk/testing";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { cleanUp, freshDirectory } from "../support/devices.ts";
import { bundleWriter, inspect } from "./log-runs.ts";
import { LogTruth } from "./log-steps.ts";

/** Logs that lose power together, and how often: 1,500 in all; `TONEARM_POWER_CUTS` sets more. */
const LOGS = 25;
const CUTS = Number(process.env.TONEARM_POWER_CUTS ?? 60);
const IMAGE_BYTES = 128 * 1_048_576;

const run = (program: string, ...args: string[]) => execFileSync(program, args, { stdio: "ignore" });

/**
 * `EXT4_IOC_SHUTDOWN` without flushing the journal: from now on nothing reaches the medium, as when the power fails. It is
 * ready beforehand, and waits for a line.
 */
const CUT_POWER = `import fcntl, os, struct, sys
medium = os.open(sys.argv[1], os.O_RDONLY)
print("ready", flush=True)
sys.stdin.readline()
fcntl.ioctl(medium, 0x8004587d, struct.pack("I", 2))`;

/** An ext4 of its own on a loop device, whose power can be cut. */
class Medium {
  readonly path: string;
  readonly #image: string;

  constructor(root: string) {
    this.path = join(root, "ext4");
    this.#image = join(root, "image");
    writeFileSync(this.#image, "");
    truncateSync(this.#image, IMAGE_BYTES);
    mkdirSync(this.path);
    run("mkfs.ext4", "-q", "-F", this.#image);
    this.mount();
  }

  mount(): void {
    run("mount", "-o", "loop,noatime", this.#image, this.path);
  }

  unmount(): void {
    run("umount", this.path);
  }

  /** Resolves to what cuts the power at once, and resolves when it is cut. */
  async knife(): Promise<() => Promise<void>> {
    const child = spawn("python3", ["-c", CUT_POWER, this.path], { stdio: ["pipe", "pipe", "ignore"] });
    await Promise.race([once(child.stdout, "data"), once(child, "close")]);
    return async () => {
      const closed = once(child, "close");
      child.stdin.end("\n");
      const [code] = await closed;
      if (code !== 0) throw new Error("the power could not be cut");
    };
  }
}

/** Undefined where this machine lets nobody mount a medium, or has nothing that cuts its power. */
async function makeMedium(): Promise<Medium | undefined> {
  try {
    const medium = new Medium(await freshDirectory());
    const cut = await medium.knife();
    await cut();
    medium.unmount();
    medium.mount();
    return medium;
  } catch {
    return undefined;
  }
}

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
    const directories = freshLogs("lying");
    const truths = directories.map((_, i) => new LogTruth((epoch) => epoch.includes(`-log${i}x`)));
    await untilCut(directories, truths, CUTS, "unsynced");
    const lost: string[] = [];
    for (const [i, directory] of directories.entries()) {
      lost.push(...(await inspect(directory, truths[i]!, "e".repeat(16))).missing);
    }
    expect(lost).not.toEqual([]);
  }, 60_000);
});
