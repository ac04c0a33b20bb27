import { describe, expect, it } from "vitest";
import { MemoryStore } from "./memory-store.ts";
import { instance, undeclared } from "./testing/instance.ts";
import { MemoryDisk } from "./testing/memory-disk.ts";
import { accept, unreachable } from "./testing/scripted-transport.ts";

it("a buffer half full is stored at once, however long the interval: nothing is given up for want of room", async () => {
  const { telemetry, clock } = instance(new MemoryDisk(), { bufferBytesMax: 65_536 });
  await clock.advance(1);
  for (let i = 0; i < 300; i++) {
    telemetry.record("tick", { text: "x".repeat(1_000) });
    await clock.advance(1);
  }
  expect(telemetry.stats().dropped).toEqual({});
});

describe("the cap of a store of small segments", () => {
  it("is kept while bursts are larger than a segment, by giving up as much as each of them needs", async () => {
    const disk = new MemoryDisk();
    const { telemetry, transport, clock } = instance(disk, {
      storeBytesMax: 1_048_576,
      segmentBytes: 16_384,
    });
    transport.answer = unreachable;
    let most = 0;
    disk.onCall = () => {
      most = Math.max(most, telemetry.stats().storedBytes);
    };
    const text = "x".repeat(300);
    for (let i = 0; i < 100; i++) {
      for (let j = 0; j < 30; j++) telemetry.record("few", { text });
      await clock.advance(1_100);
    }
    for (let i = 0; i < 20; i++) {
      for (let j = 0; j < 2_000; j++) telemetry.record("burst", { text });
      await clock.advance(1_100);
    }
    // What waits in memory is stored before the declaration of what it drives out: one burst of 700 KB.
    expect(most).toBeLessThan(1_048_576 + 800_000);
    expect(telemetry.stats().storedBytes).toBeLessThan(1_048_576 + 16_384);
    expect(telemetry.stats().dropped).toEqual({ store_full: expect.any(Number) });
    transport.answer = accept;
    const closed = telemetry.close({ timeoutMs: 200_000 });
    await clock.advance(300_000);
    expect(await closed).toMatchObject({ delivered: true });
    expect(undeclared(transport.received, telemetry.epoch)).toEqual([]);
  });
});

describe("the cap after a burst that is larger than the store", () => {
  it.each([
    ["on a disk", () => new MemoryDisk()],
    ["in memory", () => undefined],
  ])("%s is kept again as soon as the burst is stored, though nothing more is recorded", async (_, disk) => {
    const { telemetry, transport, clock } = instance(disk(), { storeBytesMax: 1_048_576 });
    transport.answer = unreachable;
    for (let j = 0; j < 5_000; j++) telemetry.record("burst", { text: "x".repeat(900) });
    await clock.advance(5_000);
    const { storedBytes, dropped, lastSeq } = telemetry.stats();
    expect(storedBytes).toBeLessThan(1_048_576 + 16_384);
    expect(storedBytes).toBeGreaterThan(524_288);
    expect(dropped).toEqual({ store_full: expect.any(Number) });
    // It goes in a few steps, and then no further.
    expect(lastSeq).toBeLessThan(5_020);
    transport.answer = accept;
    const closed = telemetry.close({ timeoutMs: 200_000 });
    await clock.advance(300_000);
    expect(await closed).toMatchObject({ delivered: true });
    expect(undeclared(transport.received, telemetry.epoch)).toEqual([]);
  });

  it("stays exceeded, and nothing goes round, while evictions free nothing", async () => {
    const store = new MemoryStore({ storeBytesMax: 1_048_576, storeEventsMax: 1_000_000 });
    const plan = store.planEviction.bind(store);
    store.planEviction = async (...incoming) => {
      const eviction = await plan(...incoming);
      return eviction && { ...eviction, apply: () => Promise.resolve() };
    };
    const { telemetry, transport, clock } = instance(undefined, {}, 1, { makeStore: () => store });
    transport.answer = unreachable;
    for (let j = 0; j < 5_000; j++) telemetry.record("burst", { text: "x".repeat(900) });
    await clock.advance(5_000);
    expect(telemetry.stats()).toMatchObject({ lastSeq: 5_002, storedEvents: 5_002 });
  });
});
