import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import type { Clock } from "../clock.ts";
import { NodeDisk } from "../file-log/node-disk.ts";
import type { CommonOptions } from "../options.ts";
import { instance } from "../testing/instance.ts";
import { ManualClock } from "../testing/manual-clock.ts";
import { MemoryDisk } from "../testing/memory-disk.ts";
import { accept } from "../testing/scripted-transport.ts";
import { createTelemetry } from "./create-telemetry.ts";
import { WearBudget } from "./wear-budget.ts";

const MIB = 1_048_576;
const HOUR_MS = 3_600_000;

/** An instance whose medium may be made to write so much, and what it is made to. */
function rationed(bytesPerDay: number, options: Partial<CommonOptions> = {}) {
  const clock = new ManualClock();
  const exits = new Set<() => void>();
  const wear = new WearBudget(bytesPerDay, clock, (callback) => {
    exits.add(callback);
    return () => exits.delete(callback);
  });
  const disk = new MemoryDisk();
  let syncs = 0;
  disk.onCall = (operation) => {
    if (operation === "sync" || operation === "syncDirectory") syncs++;
  };
  const made = instance(wear.meter(disk), options, 1, { clock, wear });
  const durable: number[] = [];
  made.telemetry.on("durable", ({ throughSeq }) => durable.push(throughSeq));
  return { ...made, wear, disk, durable, exits, syncs: () => syncs };
}

describe("a wear budget", () => {
  it("lets an hour's share be spent at once, and the rest come back steadily", () => {
    const clock = new ManualClock();
    const budget = new WearBudget(24 * MIB, clock);
    const waitsMs: number[] = [];
    const after = clock.after.bind(clock);
    clock.after = (delayMs, callback) => {
      waitsMs.push(delayMs);
      return after(delayMs, callback);
    };
    let commits = 0;
    for (; !budget.wait(4_096, () => undefined); commits++) budget.spend(4_096);
    expect(commits).toBe(MIB / 32_768);
    // Empty, it can bear the next commit when 32,768 of 23 MiB a day are back.
    expect(waitsMs[0]).toBeCloseTo((32_768 / (23 * MIB)) * 86_400_000, 3);
  });

  it("bears a commit dearer than the purse when the purse is full", () => {
    const budget = new WearBudget(MIB, new ManualClock());
    expect(budget.wait(200_000, () => undefined)).toBeUndefined();
    budget.spend(200_000);
    expect(budget.wait(1, () => undefined)).toBeDefined();
  });

  it.each([8, 32])(
    "of %i MiB keeps what a device that never stops is made to write within it",
    async (mib) => {
      const { telemetry, clock, durable, syncs, disk } = rationed(mib * MIB);
      const twoDays = 48;
      // A second of events each minute: without a budget a commit each.
      for (let minute = 0; minute < twoDays * 60; minute++) {
        telemetry.record("tick", { minute, text: "x".repeat(300) });
        await clock.advance(60_000);
      }
      const written = disk.used + syncs() * 28_672;
      expect(written).toBeLessThan(2 * mib * MIB + MIB);
      expect(written).toBeGreaterThan(mib * MIB);
      // Nothing is lost by it, and what is told to be durable has been synced.
      expect(telemetry.stats().dropped).toEqual({});
      expect(durable.at(-1)).toBeGreaterThan(twoDays * 60 - 60);
    },
  );

  it("stretches the interval, and calls nothing durable before it is", async () => {
    const { telemetry, transport, clock, durable, disk } = rationed(MIB);
    await clock.advance(10 * HOUR_MS);
    telemetry.record("tick", {});
    await clock.advance(1_500);
    expect(durable.at(-1)).toBe(2);
    telemetry.record("tick", {});
    await clock.advance(60_000);
    expect(durable.at(-1)).toBe(2);
    expect(transport.received.at(-1)?.seq).toBe(2);
    // A crash now costs it, and nobody has said otherwise.
    const after = instance(disk.processKill(), {}, 2);
    await after.clock.advance(10_000);
    const open = after.transport.received.find(({ type }) => type === "$open");
    expect(open?.data.previous_last_seq).toBe(2);
    await clock.advance(2 * HOUR_MS);
    expect(durable.at(-1)).toBe(3);
  });

  it.each(["flush", "close"] as const)("is exceeded by %s, which is durable at once", async (call) => {
    const { telemetry, clock } = rationed(MIB);
    await clock.advance(2_000);
    for (let i = 0; i < 5; i++) {
      telemetry.record("tick", {});
      await clock.advance(2_000);
    }
    expect(telemetry.stats().waitingEvents).toBeGreaterThan(0);
    const done = telemetry[call]();
    await clock.advance(100);
    expect(await done).toEqual({ durable: true, delivered: true, pendingEvents: 0 });
  });

  it("is exceeded by a buffer half full", async () => {
    const { telemetry, clock } = rationed(MIB, { bufferBytesMax: 65_536 });
    await clock.advance(2_000);
    for (let i = 0; i < 80; i++) {
      telemetry.record("tick", { text: "x".repeat(400) });
      await clock.advance(10);
    }
    expect(telemetry.stats().waitingBytes).toBeLessThan(33_000);
    expect(telemetry.stats().storedEvents).toBeGreaterThan(0);
    expect(telemetry.stats().dropped).toEqual({});
  });

  it("is exceeded when the process is about to end, and keeps no process alive", async () => {
    const { telemetry, clock, exits, durable } = rationed(MIB);
    const held: boolean[] = [];
    const after = clock.after.bind(clock);
    await clock.advance(2_000);
    telemetry.record("tick", {});
    (clock as Clock).after = (delayMs, callback, hold = false) => {
      held.push(hold);
      return after(delayMs, callback);
    };
    await clock.advance(2_000);
    expect(held).not.toContain(true);
    expect(telemetry.stats().waitingEvents).toBe(2);
    expect(exits.size).toBe(1);
    for (const exit of exits) exit();
    await clock.advance(1);
    expect(durable.at(-1)).toBe(2);
    expect(exits.size).toBe(0);
  });

  it("lets a real process end at once, with everything stored that it recorded", async () => {
    const directory = mkdtempSync(join(tmpdir(), "tonearm-wear-"));
    const script = `
      import { createTelemetry } from ${JSON.stringify(new URL("./create-telemetry.ts", import.meta.url).href)};
      const telemetry = createTelemetry({
        endpoint: "http://127.0.0.1:9", device: "d1", directory: ${JSON.stringify(directory)}, freeBytesMin: 0,
        flashBytesPerDayMax: ${MIB},
      });
      telemetry.on("error", () => undefined);
      await telemetry.ready;
      telemetry.record("tick", {});
    `;
    const { status, stderr } = spawnSync(process.execPath, ["--input-type=module", "-e", script], {
      encoding: "utf8",
      timeout: 60_000,
    });
    expect([status, stderr]).toEqual([0, ""]);
    const { telemetry, transport, clock } = instance(new NodeDisk(directory));
    // The disk is a real one, and needs time that this clock knows nothing of.
    await telemetry.ready;
    const closed = telemetry.close({ timeoutMs: 86_400_000 });
    while (transport.received.at(-1)?.type !== "$close") await clock.advance(100);
    await closed;
    expect(transport.received.map(({ type }) => type)).toEqual(["$open", "tick", "$open", "$close"]);
    rmSync(directory, { recursive: true });
  });

  it("is an option of Node's, checked like the others", () => {
    const create = (flashBytesPerDayMax: never) =>
      createTelemetry({
        endpoint: "http://127.0.0.1:9",
        device: "d1",
        directory: false,
        flashBytesPerDayMax,
      });
    expect(() => create(1_000 as never)).toThrow(
      "option flashBytesPerDayMax is 1000, expected a whole number from 1048576 to",
    );
    expect(() => create("1 GB" as never)).toThrow('option flashBytesPerDayMax is "1 GB"');
  });
});

it("without a budget a commit comes within its interval", async () => {
  const { telemetry, transport, clock } = instance(new MemoryDisk());
  transport.answer = accept;
  const durable: number[] = [];
  telemetry.on("durable", ({ throughSeq }) => durable.push(throughSeq));
  await clock.advance(2_000);
  for (let i = 0; i < 5; i++) {
    telemetry.record("tick", {});
    await clock.advance(1_100);
  }
  expect(durable).toEqual([1, 2, 3, 4, 5, 6]);
});
