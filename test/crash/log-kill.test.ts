import { spawn } from "node:child_process";
import { once } from "node:events";
import { chosenSeed, tally } from "@tonearm/sdk/testing";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { cleanUp, freshDirectory } from "../support/devices.ts";
import { bundleWriter, inspect, twoAtOnce } from "./log-runs.ts";
import { LogTruth } from "./log-steps.ts";

/** Directories, and processes that come after one another in each. */
const DIRECTORIES = 25;
const LIVES = 20;

describe("kill -9", () => {
  let writer: string;
  beforeAll(async () => {
    writer = await bundleWriter();
  });
  afterAll(cleanUp);

  /** One life: killed once it has said `lines` lines, wherever it is by then. */
  async function live(directory: string, epoch: string, lines: number, mode = ""): Promise<string> {
    const child = spawn(process.execPath, [writer, directory, epoch, "1000", mode], {
      stdio: ["ignore", "pipe", "inherit"],
    });
    let output = "";
    child.stdout.on("data", (bytes: Buffer) => {
      output += bytes.toString();
      if (output.split("\n").length > lines) child.kill("SIGKILL");
    });
    await once(child, "close");
    return output;
  }

  it(`of ${DIRECTORIES * LIVES} processes that write into a log loses nothing that they had called durable`, async () => {
    let found = 0;
    await twoAtOnce([...Array(DIRECTORIES).keys()], async (number) => {
      const directory = await freshDirectory();
      const truth = new LogTruth();
      for (let life = 0; life < LIVES; life++) {
        const epoch = `d${number}-life${life}`.padEnd(16, "x");
        truth.hear(
          await live(directory, epoch, 1 + ((number * 31 + life * 17 + (chosenSeed() - 1) * 7) % 23)),
        );
      }
      const { missing, faults, quarantined, found: events } = await inspect(directory, truth, "e".repeat(16));
      found += events;
      expect({ number, missing, faults, quarantined }).toEqual({
        number,
        missing: [],
        faults: [],
        quarantined: [],
      });
      tally(LIVES);
    });
    expect(found).toBeGreaterThan(DIRECTORIES * LIVES);
  }, 600_000);

  it("would find out a process that calls durable what only waits to be written (control)", async () => {
    const directory = await freshDirectory();
    const truth = new LogTruth();
    for (let life = 0; life < 3; life++) {
      truth.hear(await live(directory, `control-life${life}`.padEnd(16, "x"), 2 + life, "queued"));
    }
    const { missing } = await inspect(directory, truth, "e".repeat(16));
    expect(missing).not.toEqual([]);
  });
});
