import * as fs from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Worker } from "node:worker_threads";
import { afterEach, describe, expect, it, vi } from "vitest";
import { TonearmError } from "../errors.ts";
import { NodeDisk } from "../file-log/node-disk.ts";
import { instance } from "../testing/instance.ts";
import { ManualClock } from "../testing/manual-clock.ts";
import { accept, unreachable } from "../testing/scripted-transport.ts";
import { type DirectoryLock, lockDirectory } from "./directory-lock.ts";

const { mkdtempSync, readdirSync, rmSync } = fs;

vi.mock("node:fs", async (original) => {
  const real = await original<typeof fs>();
  return { ...real, readlinkSync: vi.fn(real.readlinkSync) };
});

const directories: string[] = [];

function freshDirectory(): string {
  directories.push(mkdtempSync(join(tmpdir(), "tonearm-taken-")));
  return directories.at(-1)!;
}

afterEach(() => {
  for (const directory of directories.splice(0)) rmSync(directory, { recursive: true, force: true });
});

/** Moves time on, and lets the real disk keep up with it. */
async function pass(clock: ManualClock, ms: number, isOver: () => boolean = () => false): Promise<void> {
  for (let passed = 0; passed < ms && !isOver(); passed += 250) {
    await clock.advance(250);
    await new Promise((resolve) => setTimeout(resolve, 15));
  }
}

const LOCKED = expect.objectContaining({ code: "directory_locked" });

/** A lock from another container: processes have other ids there, so nobody can be looked for by his. */
function lockFromElsewhere(directory: string, clock: ManualClock): DirectoryLock {
  vi.mocked(fs.readlinkSync).mockReturnValue("pid:[1]");
  try {
    return lockDirectory(directory, clock);
  } finally {
    vi.mocked(fs.readlinkSync).mockReset();
  }
}

/** What becomes of a question, once it is answered or not. */
function outcome(lock: DirectoryLock) {
  const seen: { error?: unknown; isTaken?: true } = {};
  lock.check().then(
    () => (seen.isTaken = true),
    (error: unknown) => (seen.error = error),
  );
  return seen;
}

describe("a directory that somebody in another container has", () => {
  it("stays his as long as he answers, and is there for the next when he releases it", async () => {
    const directory = freshDirectory();
    const clock = new ManualClock();
    const first = lockDirectory(directory, clock);
    const second = lockFromElsewhere(directory, clock);
    const seen = outcome(second);
    await pass(clock, 20_000, () => "error" in seen);
    expect(seen.error).toEqual(LOCKED);
    await expect(first.check()).resolves.toBeUndefined();
    expect(readdirSync(directory)).toEqual(["lock"]);
    first.release();
    second.release();
    lockDirectory(directory, clock).release();
  });

  it("is taken when he does not answer, by one of those who ask; he finds out before anything is called durable", async () => {
    const directory = freshDirectory();
    const still = new ManualClock();
    const first = lockDirectory(directory, still);
    const disk = new NodeDisk(directory, () => first.check());
    const file = await disk.create("seg-0000000001.log");
    await file.sync();
    const clock = new ManualClock(2);
    const others = [lockFromElsewhere(directory, clock), lockFromElsewhere(directory, clock)];
    const seen = others.map(outcome);
    await clock.advance(4_000);
    expect(seen).toEqual([{}, {}]);
    await file.sync();
    await pass(clock, 20_000, () => seen.every((each) => "error" in each || each.isTaken));
    expect(seen.filter(({ isTaken }) => isTaken)).toHaveLength(1);
    expect(seen.filter(({ error }) => error)).toEqual([{ error: LOCKED }]);
    await expect(file.sync()).rejects.toEqual(LOCKED);
    await expect(disk.unlink("seg-0000000001.log")).rejects.toEqual(LOCKED);
    await expect(disk.create("seg-0000000002.log")).rejects.toEqual(LOCKED);
    await expect(disk.read("gone", 0, 1)).rejects.toEqual(LOCKED);
    await file.close();
    // Whoever has lost it neither answers for it nor takes it along.
    await still.advance(10_000);
    first.release();
    await others[seen[0]!.isTaken ? 0 : 1]!.check();
    for (const lock of others) lock.release();
    expect(readdirSync(directory)).toEqual(["seg-0000000001.log"]);
  });

  it("is taken at once when he releases it meanwhile", async () => {
    const directory = freshDirectory();
    const clock = new ManualClock();
    const first = lockDirectory(directory, clock);
    const second = lockFromElsewhere(directory, clock);
    const seen = outcome(second);
    first.release();
    await pass(clock, 1_000);
    expect(seen).toEqual({ isTaken: true });
    second.release();
  });
});

describe("a directory that a thread of this process has", () => {
  it("is free when the thread has ended without a word, and not before", async () => {
    const directory = freshDirectory();
    const script = `
      const { parentPort } = require("node:worker_threads");
      import(${JSON.stringify(new URL("./directory-lock.ts", import.meta.url).href)}).then(({ lockDirectory }) => {
        lockDirectory(${JSON.stringify(directory)});
        parentPort.postMessage("locked");
        setInterval(() => undefined, 1_000);
      });
    `;
    const worker = new Worker(script, { eval: true });
    await new Promise((resolve) => worker.once("message", resolve));
    expect(() => lockDirectory(directory)).toThrow(`is in use by process ${process.pid};`);
    await worker.terminate();
    lockDirectory(directory).release();
  });
});

describe("an instance", () => {
  /** One whose directory is somebody else's from the moment that `lose` is called. */
  async function losing() {
    const directory = freshDirectory();
    let isLost = false;
    const guard = async () => {
      if (isLost) throw new TonearmError("directory_locked", "it is somebody else's");
    };
    const made = instance(new NodeDisk(directory, guard));
    made.transport.answer = unreachable;
    made.telemetry.record("stored", {});
    await pass(made.clock, 100_000, () => made.telemetry.stats().storedEvents === 2);
    return { ...made, directory, lose: () => (isLost = true) };
  }

  it("that has lost its directory calls nothing durable, tells it, goes on from memory and declares nothing of what others send", async () => {
    const { telemetry, transport, clock, errors, directory, lose } = await losing();
    expect(telemetry.stats()).toMatchObject({ durable: true, storedEvents: 2 });
    lose();
    rmSync(directory, { recursive: true });
    telemetry.record("later", {});
    const flushed = telemetry.flush();
    await pass(clock, 11_000);
    expect(await flushed).toMatchObject({ durable: false });
    expect(telemetry.stats()).toMatchObject({ durable: false });
    expect(errors.map(({ code }) => code)).toContain("storage_degraded");
    transport.answer = accept;
    telemetry.record("last", {});
    const closed = telemetry.close({ timeoutMs: 100_000 });
    await pass(clock, 70_000, () => telemetry.stats().delivery === "stopped");
    expect(await closed).toEqual({ durable: false, delivered: true, pendingEvents: 0 });
    expect(transport.received.map(({ seq, type }) => [seq, type])).toEqual([
      [3, "later"],
      [4, "$open"],
      [5, "last"],
      [6, "$close"],
    ]);
  });

  it("whose files are removed calls nothing durable that nobody can find", async () => {
    const { telemetry, clock, directory } = await losing();
    for (const name of readdirSync(directory)) rmSync(join(directory, name));
    rmSync(directory, { recursive: true });
    telemetry.record("later", {});
    const flushed = telemetry.flush({ timeoutMs: 1_000 });
    await pass(clock, 1_500);
    expect(await flushed).toMatchObject({ durable: false });
  });
});
