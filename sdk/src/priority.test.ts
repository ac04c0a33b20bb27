import { describe, expect, it } from "vitest";
import type { EventPriority } from "./event.ts";
import { instance, undeclared } from "./testing/instance.ts";
import { MemoryDisk } from "./testing/memory-disk.ts";
import { accept, type ReceivedEvent, unreachable } from "./testing/scripted-transport.ts";

const TEXT = "x".repeat(300);
const MIXTURE: readonly EventPriority[] = ["bulk", "bulk", "normal", "bulk", "critical"];
const countOf = (received: readonly ReceivedEvent[], type: string) =>
  received.filter((event) => event.type === type).length;

describe("the priority of an event", () => {
  it.each(["high", "", 1, null])("is refused as %j, naming the type and what was expected", (priority) => {
    const { telemetry } = instance(undefined);
    const recording = () => telemetry.record("tick", {}, { priority: priority as never });
    if (priority === null) expect(recording).not.toThrow();
    else expect(recording).toThrow(/the priority of "tick" is .*, expected critical or normal or bulk/);
  });

  it("decides who is refused as the buffer fills: bulk first, then normal, critical last", async () => {
    const { telemetry, transport, clock } = instance(new MemoryDisk(), { bufferBytesMax: 262_144 });
    const taken = { bulk: 0, normal: 0, critical: 0 };
    for (const priority of ["bulk", "normal", "critical"] as const) {
      while (telemetry.record(priority, { TEXT }, { priority }).status === "recorded") taken[priority]++;
    }
    // Three quarters, an eighth and an eighth of what fits.
    expect(taken.bulk).toBeGreaterThan(500);
    expect(Math.round(taken.bulk / taken.normal)).toBe(6);
    expect(Math.round(taken.normal / taken.critical)).toBe(1);
    expect(telemetry.stats().dropped).toEqual({ buffer_full: 3 });
    const closed = telemetry.close();
    await clock.advance(10_000);
    expect(await closed).toMatchObject({ durable: true, delivered: true });
    for (const [type, count] of Object.entries(taken)) expect(countOf(transport.received, type)).toBe(count);
    expect(undeclared(transport.received, telemetry.epoch)).toEqual([]);
  });

  it.each([
    ["a file log", () => new MemoryDisk(), { segmentBytes: 65_536, storeBytesMax: 1_048_576 }],
    ["a file log with few events", () => new MemoryDisk(), { segmentBytes: 65_536, storeEventsMax: 3_000 }],
    ["memory", () => undefined, { segmentBytes: 65_536, storeBytesMax: 1_048_576 }],
    ["memory with few events", () => undefined, { segmentBytes: 65_536, storeEventsMax: 3_000 }],
  ])(
    "decides who goes first at the cap of %s, and few declarations account for all",
    async (_, disk, options) => {
      const { telemetry, transport, clock } = instance(disk(), options);
      transport.answer = unreachable;
      // The critical ones, a fifth, fit; the rest does not.
      for (let i = 0; i < 10_000; i++) {
        const priority = MIXTURE[i % MIXTURE.length]!;
        telemetry.record(priority, { i, TEXT }, { priority });
        if (i % 50 === 0) await clock.advance(20);
      }
      await clock.advance(2_000);
      const { dropped, storedBytes, storedEvents } = telemetry.stats();
      expect(dropped.store_full).toBeGreaterThan(5_000);
      expect(storedBytes).toBeLessThan(1_400_000);
      expect(storedEvents).toBeLessThan(8_000);
      transport.answer = accept;
      const closed = telemetry.close({ timeoutMs: 600_000 });
      await clock.advance(700_000);
      expect(await closed).toMatchObject({ delivered: true });
      expect(countOf(transport.received, "critical")).toBe(2_000);
      expect(countOf(transport.received, "bulk")).toBeLessThan(500);
      expect(countOf(transport.received, "$drop")).toBeLessThan(500);
      expect(undeclared(transport.received, telemetry.epoch)).toEqual([]);
    },
  );
});
