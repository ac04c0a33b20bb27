import { describe, expect, it } from "vitest";
import { instance, settled } from "./testing/instance.ts";
import { MemoryDisk } from "./testing/memory-disk.ts";
import { unreachable } from "./testing/scripted-transport.ts";

const never = () => new Promise<never>(() => undefined);

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
