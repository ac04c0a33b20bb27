import { describe, expect, it } from "vitest";
import { instance, undeclared } from "./testing/instance.ts";
import { MemoryDisk } from "./testing/memory-disk.ts";
import { accept, unreachable } from "./testing/scripted-transport.ts";

describe("an epoch in the stream", () => {
  it("begins with $open, ends with $close and has no holes", async () => {
    const { telemetry, transport, clock, released } = instance(new MemoryDisk());
    for (let i = 0; i < 120; i++) expect(telemetry.record("tick", { i }).status).toBe("recorded");
    const closed = telemetry.close();
    await clock.advance(10_000);
    expect(await closed).toEqual({ durable: true, delivered: true, pendingEvents: 0 });
    expect(transport.received.map(({ seq }) => seq)).toEqual(Array.from({ length: 122 }, (_, i) => i + 1));
    expect(transport.received[0]).toMatchObject({
      type: "$open",
      data: { previous_epoch: null, previous_last_seq: null },
    });
    expect(transport.received.at(-1)).toMatchObject({ type: "$close", data: { last_seq: 122 } });
    expect(transport.closed).toBe(true);
    expect(released()).toBe(1);
    expect(clock.timers).toBe(0);
  });

  it("names the epoch before and how much of it was durable", async () => {
    const disk = new MemoryDisk();
    const first = instance(disk);
    for (let i = 0; i < 60; i++) first.telemetry.record("tick", { i });
    await first.clock.advance(1_500);
    first.transport.answer = unreachable;
    const second = instance(disk.processKill(), {}, 2);
    await second.clock.advance(6_000);
    const open = second.transport.received.find(
      ({ type, epoch }) => type === "$open" && epoch === second.telemetry.epoch,
    );
    expect(open?.data).toEqual({ previous_epoch: first.telemetry.epoch, previous_last_seq: 61 });
    expect(second.transport.batches.map(({ epoch }) => epoch)).toEqual([
      first.telemetry.epoch,
      second.telemetry.epoch,
    ]);
  });

  it("tells what is durable, and only after the store has it", async () => {
    const disk = new MemoryDisk();
    const { telemetry, clock } = instance(disk);
    const durable: number[] = [];
    telemetry.on("durable", ({ throughSeq }) => durable.push(throughSeq));
    telemetry.record("tick", {});
    await clock.advance(900);
    expect(durable).toEqual([]);
    await clock.advance(200);
    expect(durable).toEqual([2]);
  });

  it("never calls anything durable with a store in memory", async () => {
    const { telemetry, clock, transport } = instance(undefined);
    telemetry.on("durable", () => expect.unreachable());
    telemetry.record("tick", {});
    const flushed = telemetry.flush();
    await clock.advance(10_000);
    expect(await flushed).toEqual({ durable: false, delivered: true, pendingEvents: 0 });
    expect(transport.received).toHaveLength(2);
    expect(await telemetry.ready).toEqual({ durable: false });
  });
});

describe("what record refuses", () => {
  const cyclic: Record<string, unknown> = {};
  cyclic.self = cyclic;

  it.each([
    ["reserved_key", { device: "another" }],
    ["unserializable", cyclic],
    ["unserializable", { n: 1n }],
    ["unserializable", { toJSON: () => "text" }],
    ["too_large", { text: "x".repeat(70_000) }],
  ])("is dropped as %s, never thrown, and declared", async (reason, data) => {
    const { telemetry, transport, clock } = instance(new MemoryDisk());
    const drops: string[] = [];
    telemetry.on("drop", (drop) => drops.push(drop.reason));
    telemetry.record("before", {});
    expect(telemetry.record("bad", data)).toMatchObject({ status: "dropped", reason });
    telemetry.record("after", {});
    const closed = telemetry.close();
    await clock.advance(10_000);
    await closed;
    expect(drops).toEqual([reason]);
    expect(transport.received.map(({ type }) => type)).toEqual([
      "$open",
      "before",
      "$drop",
      "after",
      "$close",
    ]);
    const drop = transport.received.find(({ type }) => type === "$drop");
    expect(drop?.data).toMatchObject({ from_seq: 3, to_seq: 3, count: 1, reason, dropped_total: 1 });
    expect(undeclared(transport.received, telemetry.epoch)).toEqual([]);
  });

  it.each([
    ["", {}, /event type is ""/],
    ["$open", {}, /event type is "\$open"/],
    ["two words", {}, /event type is "two words"/],
    ["ok", null, /data of "ok" is null, expected an object/],
    ["ok", [1], /data of "ok" is an array, expected an object/],
    ["ok", "text", /data of "ok" is "text", expected an object/],
  ])("throws for the type %j with data %j, naming the fault", (type, data, message) => {
    const { telemetry } = instance(undefined);
    expect(() => telemetry.record(type, data as never)).toThrow(message);
  });

  it("is dropped as closed after close, without a number", async () => {
    const { telemetry, clock } = instance(undefined);
    const closed = telemetry.close();
    await clock.advance(10_000);
    await closed;
    expect(telemetry.record("late", {})).toMatchObject({ status: "dropped", reason: "closed" });
  });

  it("overflows by number, and declares every number it could not keep", async () => {
    const { telemetry, transport, clock } = instance(new MemoryDisk(), { bufferBytesMax: 65_536 });
    let dropped = 0;
    for (let i = 0; i < 1_000; i++) {
      if (telemetry.record("burst", { text: "x".repeat(300) }).status === "dropped") dropped++;
    }
    expect(dropped).toBeGreaterThan(500);
    await clock.advance(1_500);
    expect(telemetry.record("after", {}).status).toBe("recorded");
    const closed = telemetry.close();
    await clock.advance(10_000);
    expect(await closed).toMatchObject({ delivered: true });
    expect(undeclared(transport.received, telemetry.epoch)).toEqual([]);
    expect(transport.received.filter(({ type }) => type === "burst")).toHaveLength(1_000 - dropped);
  });
});

describe("when the store reaches its cap", () => {
  it("drops the oldest, declares every one, and keeps the proof", async () => {
    const { telemetry, transport, clock } = instance(new MemoryDisk(), {
      storeBytesMax: 1_048_576,
      segmentBytes: 65_536,
    });
    transport.answer = unreachable;
    for (let i = 0; i < 8_000; i++) {
      telemetry.record("tick", { i, text: "x".repeat(200) });
      if (i % 50 === 0) await clock.advance(20);
    }
    await clock.advance(2_000);
    expect(telemetry.stats().storedBytes).toBeLessThan(1_400_000);
    expect(telemetry.stats().dropped.store_full).toBeGreaterThan(1_000);
    transport.answer = accept;
    const closed = telemetry.close({ timeoutMs: 120_000 });
    await clock.advance(200_000);
    expect(await closed).toMatchObject({ delivered: true });
    expect(transport.received[0]).toMatchObject({ seq: 1, type: "$open" });
    expect(undeclared(transport.received, telemetry.epoch)).toEqual([]);
    expect(transport.received.filter(({ type }) => type === "tick").at(-1)?.data.i).toBe(7_999);
  });
});

describe("closing while the store makes room", () => {
  it("gives nothing up that could not be declared any more", async () => {
    const disk = new MemoryDisk();
    const { telemetry, transport, clock } = instance(disk, {
      storeBytesMax: 1_048_576,
      segmentBytes: 65_536,
    });
    transport.answer = unreachable;
    let closed: Promise<unknown> | undefined;
    // The store reads a file to see what would have to go; at that very moment the application closes.
    disk.onCall = (operation) => {
      if (operation === "read") closed ??= telemetry.close({ timeoutMs: 100_000 });
    };
    for (let i = 0; i < 8_000 && !closed; i++) {
      telemetry.record("tick", { i, text: "x".repeat(200) });
      if (i % 50 === 0) await clock.advance(20);
    }
    transport.answer = accept;
    await clock.advance(200_000);
    expect(await closed).toMatchObject({ delivered: true });
    expect(undeclared(transport.received, telemetry.epoch)).toEqual([]);
  });
});

describe("when the medium fails", () => {
  it("says so once, goes on from memory, and is durable again when the medium is back", async () => {
    const disk = new MemoryDisk();
    const { telemetry, transport, clock, errors } = instance(disk);
    await clock.advance(10);
    const durable: number[] = [];
    telemetry.on("durable", ({ throughSeq }) => durable.push(throughSeq));
    disk.fail({ operation: "write", code: "EIO", times: 100_000 });
    for (let i = 0; i < 100; i++) telemetry.record("tick", { i });
    await clock.advance(20_000);
    expect(errors.map(({ code }) => code)).toEqual(["storage_degraded"]);
    expect(errors[0]?.message).toMatch(/events cannot be stored \(EIO/);
    expect(durable).toEqual([]);
    expect(transport.received.filter(({ type }) => type === "tick")).toHaveLength(100);
    disk.clearFaults();
    telemetry.record("tock", {});
    await clock.advance(120_000);
    expect(durable.length).toBeGreaterThan(0);
    expect(new Set(transport.received.map(({ seq }) => seq)).size).toBe(transport.received.length);
  });

  it("goes on in memory when the directory cannot be read at all", async () => {
    const disk = new MemoryDisk();
    disk.fail({ operation: "list", code: "EIO", times: 100 });
    const { telemetry, transport, clock, errors } = instance(disk);
    telemetry.record("tick", {});
    const flushed = telemetry.flush();
    await clock.advance(10_000);
    expect(await flushed).toMatchObject({ durable: false, delivered: true });
    expect(await telemetry.ready).toEqual({ durable: false });
    expect(errors.map(({ code }) => code)).toEqual(["storage_degraded"]);
    expect(transport.received).toHaveLength(2);
  });

  it("declares what damage took", async () => {
    const disk = new MemoryDisk();
    const first = instance(disk);
    first.transport.answer = unreachable;
    const ends: number[] = [];
    await first.clock.advance(1_500);
    const name = disk.names().find((each) => each.startsWith("seg-"))!;
    for (let i = 0; i < 3; i++) {
      ends.push(disk.bytesOf(name).length);
      for (let j = 0; j < 50; j++) first.telemetry.record("tick", { i, j });
      await first.clock.advance(1_500);
    }
    const after = disk.processKill();
    after.bytesOf(name)[ends[1]! + 100]! ^= 0xff;
    const second = instance(after, {}, 2);
    await second.clock.advance(20_000);
    expect(second.transport.received.find(({ type }) => type === "$drop")?.data).toMatchObject({
      drop_epoch: first.telemetry.epoch,
      count: 50,
      reason: "corrupt",
    });
    expect(undeclared(second.transport.received, first.telemetry.epoch)).toEqual([]);
  });
});

it("a listener that throws keeps nobody from recording", () => {
  const { telemetry, errors } = instance(undefined);
  telemetry.on("drop", () => {
    throw new Error("mine");
  });
  telemetry.record("bad", { seq: 1 });
  expect(errors.map(({ code }) => code)).toEqual(["listener_failed"]);
});
