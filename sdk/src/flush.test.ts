import { describe, expect, it } from "vitest";
import { instance, settled } from "./testing/instance.ts";
import { MemoryDisk } from "./testing/memory-disk.ts";
import { unreachable } from "./testing/scripted-transport.ts";

const never = () => new Promise<never>(() => undefined);

describe("flush and close", () => {
  it.each([Infinity, Number.NaN, 2 ** 31, 1e300])("take a time of %d ms, and wait", async (timeoutMs) => {
    const { telemetry, transport, clock } = await settled();
    transport.answer = unreachable;
    telemetry.record("tick", {});
    let isOver = false;
    void telemetry.flush({ timeoutMs }).then(() => (isOver = true));
    void telemetry.close({ timeoutMs }).then(() => (isOver = true));
    await clock.advance(4_000);
    expect(isOver).toBe(false);
    expect(clock.longestMs).toBeLessThan(2 ** 31);
  });

  it.each([null, { timeoutMs: null }, { timeoutMs: "x" }, { timeoutMs: -5 }])(
    "resolve whatever they are given: %j",
    async (options) => {
      const { telemetry, clock } = instance(new MemoryDisk());
      telemetry.record("tick", {});
      const flushed = telemetry.flush(options as never);
      await clock.advance(10_000);
      expect(await flushed).toMatchObject({ pendingEvents: expect.any(Number) });
      const closed = telemetry.close(options as never);
      await clock.advance(10_000);
      expect(await closed).toMatchObject({ durable: true });
    },
  );
});

describe("flush", () => {
  it("resolves within its time when the medium never answers to being opened", async () => {
    const disk = new MemoryDisk();
    disk.list = never;
    const { telemetry, clock } = instance(disk);
    telemetry.record("tick", {});
    const flushed = telemetry.flush({ timeoutMs: 1_000 });
    await clock.advance(1_000);
    expect(await flushed).toMatchObject({ durable: false, delivered: false });
    expect(clock.timers).toBe(0);
  });

  it("resolves within its time when the medium never answers to a commit", async () => {
    const disk = new MemoryDisk();
    const { telemetry, clock } = instance(disk);
    await clock.advance(2_000);
    disk.freeBytes = never;
    disk.create = never;
    // A failed write goes into a new file, and that is never made.
    disk.fail({ operation: "write", code: "EIO" });
    telemetry.record("tick", {});
    const flushed = telemetry.flush({ timeoutMs: 1_000 });
    await clock.advance(1_000);
    expect(await flushed).toMatchObject({ durable: false, delivered: false });
  });

  it("waits for all of its time together, not for each step anew", async () => {
    const { telemetry, transport, clock } = await settled();
    transport.answer = unreachable;
    telemetry.record("tick", {});
    let result: unknown;
    void telemetry.flush({ timeoutMs: 1_000 }).then((flushed) => (result = flushed));
    await clock.advance(1_000);
    expect(result).toMatchObject({ durable: true, delivered: false, pendingEvents: 1 });
  });

  it("of a close in a hurry takes no time from storing", async () => {
    const disk = new MemoryDisk();
    const { telemetry, transport, clock } = instance(disk);
    transport.answer = unreachable;
    await clock.advance(2_000);
    // A failed write goes into a new file, and to make that takes half a second.
    const create = disk.create.bind(disk);
    disk.create = (name) => new Promise((resolve) => clock.after(500, () => resolve(create(name))));
    disk.fail({ operation: "write", code: "EIO" });
    telemetry.record("tick", {});
    const closed = telemetry.close({ timeoutMs: 1 });
    await clock.advance(2_000);
    expect(await closed).toMatchObject({ durable: true, delivered: false });
  });

  it("is part of a close that ends although the medium never answers, and lets go of what was taken", async () => {
    for (const dead of ["list", "create"] as const) {
      const disk = new MemoryDisk();
      disk[dead] = never;
      const { telemetry, clock, released } = instance(disk);
      telemetry.record("tick", {});
      const closed = telemetry.close({ timeoutMs: 1_000 });
      await clock.advance(60_000);
      expect(await closed).toMatchObject({ durable: false, delivered: false });
      expect(released()).toBe(1);
    }
  });

  it("resolves at once after a close that delivered nothing", async () => {
    const { telemetry, transport, clock } = instance(new MemoryDisk());
    transport.answer = unreachable;
    telemetry.record("tick", {});
    const closed = telemetry.close({ timeoutMs: 100 });
    await clock.advance(100);
    expect(await closed).toMatchObject({ durable: true, delivered: false });
    const nowMs = clock.now;
    expect(await telemetry.flush({ timeoutMs: 100_000 })).toMatchObject({ durable: true, delivered: false });
    expect(clock.now).toBe(nowMs);
  });
});
