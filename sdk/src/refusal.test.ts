import { describe, expect, it } from "vitest";
import { instance, settled, undeclared } from "./testing/instance.ts";
import { MemoryDisk } from "./testing/memory-disk.ts";
import { accept, readRun, unreachable } from "./testing/scripted-transport.ts";
import type { Answer } from "./transport.ts";

const refused = (code: string): Answer => ({ kind: "rejected", code, message: "scripted" });

describe("a refusal that meets every batch", () => {
  it.each(["http_413", "malformed_body", "body_too_large"])(
    "of %s costs no event while it lasts for minutes, and is told",
    async (code) => {
      const { telemetry, transport, clock, errors } = instance(new MemoryDisk());
      for (let i = 0; i < 50; i++) telemetry.record("tick", { i });
      await clock.advance(1_100);
      transport.answer = () => refused(code);
      await clock.advance(180_000);
      expect(telemetry.stats().dropped).toEqual({});
      expect(errors.map((error) => error.code)).toContain("relay_refused");
      // It waits between attempts, and longer each time.
      expect(transport.batches.length).toBeLessThan(60);
      transport.answer = accept;
      await clock.advance(180_000);
      expect(undeclared(transport.received, telemetry.epoch)).toEqual([]);
      expect(transport.received.filter(({ type }) => type === "tick")).toHaveLength(50);
    },
  );

  it("costs one event in minutes at the most when it lasts and nothing is ever accepted, each declared", async () => {
    const { telemetry, transport, clock } = instance(new MemoryDisk());
    await clock.advance(6_000);
    expect(transport.received.map(({ type }) => type)).toEqual(["$open"]);
    for (let i = 0; i < 50; i++) telemetry.record("tick", { i });
    transport.answer = () => refused("http_413");
    await clock.advance(1_800_000);
    expect(telemetry.stats().dropped.rejected).toBeGreaterThan(0);
    expect(telemetry.stats().dropped.rejected).toBeLessThan(20);
    transport.answer = accept;
    await clock.advance(180_000);
    expect(undeclared(transport.received, telemetry.epoch)).toEqual([]);
  });

  it("never costs a control record, which would have to be declared by another", async () => {
    const { telemetry, transport, clock } = instance(new MemoryDisk());
    telemetry.record("tick", {});
    transport.answer = () => refused("invalid_event");
    await clock.advance(3_600_000);
    expect(telemetry.stats()).toMatchObject({ dropped: {}, lastSeq: 2 });
  });
});

describe("a refusal beyond doubt that meets every event", () => {
  it.each(["invalid_event", "batch_too_large"])(
    "of %s is asked for one event at a time, with longer and longer pauses, each event declared",
    async (code) => {
      const { telemetry, transport, clock, errors } = await settled();
      for (let i = 0; i < 400; i++) telemetry.record("tick", { i });
      transport.answer = () => refused(code);
      await clock.advance(120_000);
      const { rejected } = telemetry.stats().dropped;
      expect(rejected).toBeGreaterThanOrEqual(5);
      expect(rejected).toBeLessThan(100);
      // Halving was needed once, to find out that nothing passes.
      expect(transport.batches.length).toBeLessThan(rejected! + 15);
      expect(errors.map((error) => error.code)).toContain("relay_refused");
      transport.answer = accept;
      await clock.advance(300_000);
      expect(undeclared(transport.received, telemetry.epoch)).toEqual([]);
      expect(transport.received.filter(({ type }) => type === "tick")).toHaveLength(400 - rejected!);
    },
  );

  it("is no longer believed of all once one event is accepted: the others go in full batches at once", async () => {
    const { telemetry, transport, clock, errors } = await settled();
    transport.answer = (run) =>
      readRun(run).some(({ type, data }) => type === "tick" && (data.i as number) < 4)
        ? refused("invalid_event")
        : accept(run);
    for (let i = 0; i < 300; i++) telemetry.record("tick", { i });
    await clock.advance(20_000);
    expect(telemetry.stats().dropped).toEqual({ rejected: 4 });
    expect(errors.map(({ code }) => code)).not.toContain("relay_refused");
    expect(transport.received.filter(({ type }) => type === "tick")).toHaveLength(296);
    expect(transport.batches.length).toBeLessThan(18);
  });
});

describe("a refusal that meets one event", () => {
  it("though it may be somebody else's doing, gives that event up after five tries, declared, and goes on", async () => {
    const { telemetry, transport, clock } = instance(new MemoryDisk());
    for (let i = 0; i < 50; i++) telemetry.record("tick", { i });
    transport.answer = (run) =>
      readRun(run).some(({ data }) => data.i === 17) ? refused("malformed_body") : accept(run);
    await clock.advance(180_000);
    expect(telemetry.stats().dropped).toEqual({ rejected: 1 });
    expect(transport.batches.filter(({ firstSeq, count }) => firstSeq === 19 && count === 1)).toHaveLength(5);
    expect(transport.received.filter(({ type }) => type === "tick")).toHaveLength(49);
    expect(undeclared(transport.received, telemetry.epoch)).toEqual([]);
  });
});

describe("an event that is given up", () => {
  /** What crashes at every call of the disk leave while the relay refuses three events of ten, and what had arrived by then. */
  async function crashes(leave: (disk: MemoryDisk) => MemoryDisk) {
    const disk = new MemoryDisk();
    const { telemetry, transport, clock } = instance(disk);
    transport.answer = unreachable;
    for (let i = 0; i < 10; i++) telemetry.record("tick", { i });
    await clock.advance(10_000);
    const cuts: { readonly disk: MemoryDisk; readonly received: number }[] = [];
    disk.onCall = () => cuts.push({ disk: leave(disk), received: transport.received.length });
    transport.answer = (run) =>
      readRun(run).some(({ data }) => [2, 5, 6].includes(data.i as number))
        ? refused("invalid_event")
        : accept(run);
    await clock.advance(60_000);
    expect(telemetry.stats().dropped).toEqual({ rejected: 3 });
    return { cuts, received: transport.received, epoch: telemetry.epoch };
  }

  it.each([
    ["a kill", (disk: MemoryDisk) => disk.processKill()],
    ["a power cut", (disk: MemoryDisk) => disk.powerCut()],
  ])(
    "is forgotten when it has been declared durably, and not before: %s at any moment loses nothing",
    async (_, leave) => {
      const { cuts, received, epoch } = await crashes(leave);
      expect(cuts.length).toBeGreaterThan(10);
      for (const [i, cut] of cuts.entries()) {
        const next = instance(cut.disk, {}, 2 + i);
        await next.clock.advance(10_000);
        expect(undeclared([...received.slice(0, cut.received), ...next.transport.received], epoch)).toEqual(
          [],
        );
      }
    },
  );

  it("is kept while its declaration cannot be stored, whatever else is acknowledged, and goes once that is", async () => {
    const disk = new MemoryDisk();
    const { telemetry, transport, clock } = instance(disk, { segmentBytes: 16_384 });
    transport.answer = unreachable;
    for (let i = 0; i < 300; i++) {
      telemetry.record("tick", { i, text: "x".repeat(200) });
      if (i % 20 === 0) await clock.advance(1_100);
    }
    await clock.advance(2_000);
    transport.answer = (run) => {
      if (!readRun(run).some(({ data }) => data.i === 5)) return accept(run);
      if (run.events.length === 1) disk.fail({ operation: "write", code: "EIO", times: 1_000 });
      return refused("invalid_event");
    };
    const cuts: { readonly disk: MemoryDisk; readonly received: number }[] = [];
    disk.onCall = () => cuts.push({ disk: disk.processKill(), received: transport.received.length });
    await clock.advance(120_000);
    for (const [i, cut] of cuts.entries()) {
      const next = instance(cut.disk, {}, 2 + i);
      await next.clock.advance(10_000);
      const received = [...transport.received.slice(0, cut.received), ...next.transport.received];
      expect(undeclared(received, telemetry.epoch)).toEqual([]);
    }
    disk.clearFaults();
    transport.answer = (run) =>
      readRun(run).some(({ data }) => data.i === 5) ? refused("invalid_event") : accept(run);
    await clock.advance(300_000);
    expect(undeclared(transport.received, telemetry.epoch)).toEqual([]);
    expect(telemetry.stats()).toMatchObject({ dropped: { rejected: 1 }, storedEvents: 0 });
  });
});
