import { describe, expect, it } from "vitest";
import { instance, undeclared } from "./testing/instance.ts";
import { MemoryDisk } from "./testing/memory-disk.ts";
import { accept, readRun, unreachable } from "./testing/scripted-transport.ts";

describe("delivery", () => {
  it("waits for the flush interval, or for a full batch", async () => {
    const { telemetry, transport, clock } = instance(new MemoryDisk(), {
      batchEventsMax: 100,
      commitEventsMax: 50,
    });
    await clock.advance(20_000);
    const before = transport.batches.length;
    telemetry.record("tick", {});
    await clock.advance(1_100);
    expect(transport.batches).toHaveLength(before);
    await clock.advance(5_000);
    expect(transport.batches).toHaveLength(before + 1);
    for (let i = 0; i < 100; i++) telemetry.record("tick", {});
    await clock.advance(1);
    expect(transport.batches).toHaveLength(before + 2);
  });

  it("retries for ever, with growing random waits, and then delivers everything once", async () => {
    const { telemetry, transport, clock, errors } = instance(new MemoryDisk());
    transport.answer = unreachable;
    for (let i = 0; i < 10; i++) telemetry.record("tick", { i });
    await clock.advance(600_000);
    const attempts = transport.batches.length;
    expect(attempts).toBeGreaterThan(8);
    expect(attempts).toBeLessThan(80);
    expect(errors.map(({ code }) => code)).toEqual(["relay_unreachable"]);
    expect(telemetry.stats()).toMatchObject({ delivery: "waiting", storedEvents: 11 });
    transport.answer = accept;
    await clock.advance(61_000);
    expect(transport.received.map(({ seq }) => seq)).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11]);
  });

  it("honours the wait a relay asks for, and does not stretch it", async () => {
    const { telemetry, transport, clock } = instance(new MemoryDisk());
    transport.answer = () => ({ kind: "retry", afterMs: 30_000, fault: { kind: "busy", message: "" } });
    telemetry.record("tick", {});
    await clock.advance(10_000);
    const { length } = transport.batches;
    transport.answer = accept;
    await clock.advance(15_000);
    expect(transport.batches).toHaveLength(length);
    await clock.advance(12_000);
    expect(transport.received).toHaveLength(2);
  });

  it("halves a refused batch until the bad event stands alone, drops it, declares it, keeps the others", async () => {
    const { telemetry, transport, clock } = instance(new MemoryDisk());
    const bad = new Set([37, 38, 222]);
    transport.answer = (run) =>
      readRun(run).some(({ type, data }) => type === "tick" && bad.has(data.i as number))
        ? { kind: "rejected", code: "invalid_event", message: "scripted" }
        : accept(run);
    for (let i = 0; i < 300; i++) telemetry.record("tick", { i });
    await clock.advance(60_000);
    const closed = telemetry.close();
    await clock.advance(10_000);
    expect(await closed).toMatchObject({ delivered: true });
    expect(undeclared(transport.received, telemetry.epoch)).toEqual([]);
    expect(transport.received.filter(({ type }) => type === "tick")).toHaveLength(297);
    const drops = transport.received.filter(({ type }) => type === "$drop").map(({ data }) => data);
    expect(drops.map(({ reason, count }) => [reason, count])).toEqual(
      bad.size === 3 ? Array(3).fill(["rejected", 1]) : [],
    );
    expect(telemetry.stats().dropped).toEqual({ rejected: 3 });
  });

  it("acknowledges by sequence: a partial acknowledgement keeps the rest", async () => {
    const { telemetry, transport, clock } = instance(new MemoryDisk());
    transport.answer = (run) => ({ ...accept(run), throughSeq: run.firstSeq + 2 }) as never;
    for (let i = 0; i < 10; i++) telemetry.record("tick", { i });
    await clock.advance(60_000);
    expect(transport.received.map(({ seq }) => seq)).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11]);
  });

  it("keeps everything when the answer acknowledges nothing of the batch", async () => {
    const { telemetry, transport, clock, errors } = instance(new MemoryDisk());
    transport.answer = (run) => ({ ...accept(run), throughSeq: run.firstSeq - 1 }) as never;
    telemetry.record("tick", {});
    await clock.advance(60_000);
    expect(telemetry.stats().storedEvents).toBe(2);
    expect(errors.map(({ code }) => code)).toEqual(["relay_refused"]);
  });

  it("flush resolves within its time when the relay is away, and says that events wait", async () => {
    const { telemetry, transport, clock } = instance(new MemoryDisk());
    transport.answer = unreachable;
    telemetry.record("tick", {});
    const flushed = telemetry.flush({ timeoutMs: 3_000 });
    await clock.advance(3_100);
    expect(await flushed).toEqual({ durable: true, delivered: false, pendingEvents: 2 });
  });

  it("close ends a request that hangs, and the next instance delivers", async () => {
    const disk = new MemoryDisk();
    const { telemetry, transport, clock } = instance(disk);
    transport.answer = () => new Promise(() => undefined);
    telemetry.record("tick", {});
    const closed = telemetry.close({ timeoutMs: 1_000 });
    await clock.advance(1_100);
    expect(await closed).toEqual({ durable: true, delivered: false, pendingEvents: 3 });
    const next = instance(disk, {}, 2);
    await next.clock.advance(6_000);
    expect(next.transport.received.filter(({ epoch }) => epoch === telemetry.epoch)).toHaveLength(3);
  });

  it("learns the relay's time and stamps its offset on later events", async () => {
    const { telemetry, transport, clock } = instance(new MemoryDisk());
    transport.answer = (run) => ({ ...accept(run), serverTimeMs: clock.wall + 3_600_000 }) as never;
    telemetry.record("tick", {});
    await clock.advance(10_000);
    telemetry.record("tock", {});
    transport.answer = (run) => {
      expect(readRun(run)).toHaveLength(1);
      return accept(run);
    };
    await clock.advance(10_000);
    expect(transport.received.at(-1)?.type).toBe("tock");
  });
});
