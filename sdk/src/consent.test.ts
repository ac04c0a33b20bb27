import { describe, expect, it } from "vitest";
import { instance, undeclared } from "./testing/instance.ts";
import { MemoryDisk } from "./testing/memory-disk.ts";
import { accept, type ReceivedEvent, unreachable } from "./testing/scripted-transport.ts";

const CANARY = "canary-7f3a";
const typesOf = (received: readonly ReceivedEvent[]) => received.map(({ type }) => type);
const purgesOf = (received: readonly ReceivedEvent[]) =>
  received.filter(({ type }) => type === "$purge").map(({ data }) => data);

describe("while consent is pending", () => {
  it("nothing is written and nothing sent, and all of it is once it is granted", async () => {
    const disk = new MemoryDisk();
    const { telemetry, transport, clock } = instance(disk, { consent: "pending" });
    for (let i = 0; i < 200; i++) expect(telemetry.record("tick", { i }).status).toBe("recorded");
    await clock.advance(60_000);
    expect(disk.names()).toEqual([]);
    expect(transport.batches).toEqual([]);
    expect(await telemetry.flush()).toEqual({ durable: false, delivered: false, pendingEvents: 200 });
    expect(telemetry.stats()).toMatchObject({ consent: "pending", waitingEvents: 200, durableEvents: 0 });
    expect(await telemetry.setConsent("granted")).toEqual({ complete: true });
    expect(await telemetry.ready).toEqual({ durable: true });
    await clock.advance(10_000);
    expect(transport.received.map(({ seq }) => seq)).toEqual(Array.from({ length: 201 }, (_, i) => i + 1));
  });

  it("memory is bounded, and what did not fit is declared once it is granted", async () => {
    const { telemetry, transport, clock } = instance(new MemoryDisk(), {
      consent: "pending",
      bufferBytesMax: 65_536,
    });
    for (let i = 0; i < 1_000; i++) telemetry.record("burst", { text: "x".repeat(300) });
    expect(telemetry.stats().waitingBytes).toBeLessThan(70_000);
    await telemetry.setConsent("granted");
    const closed = telemetry.close();
    await clock.advance(10_000);
    expect(await closed).toMatchObject({ delivered: true });
    expect(transport.received.find(({ type }) => type === "$drop")?.data).toMatchObject({
      reason: "buffer_full",
    });
    expect(undeclared(transport.received, telemetry.epoch)).toEqual([]);
  });

  it("what earlier runs left is neither sent nor touched", async () => {
    const disk = new MemoryDisk();
    const first = instance(disk);
    first.transport.answer = unreachable;
    first.telemetry.record("tick", {});
    await first.clock.advance(2_000);
    const next = disk.processKill();
    const { transport, clock, telemetry } = instance(next, { consent: "pending" }, 2);
    await clock.advance(60_000);
    expect(next.calls).toEqual([]);
    expect(transport.batches).toEqual([]);
    await telemetry.setConsent("granted");
    await clock.advance(10_000);
    expect(transport.received.map(({ epoch }) => epoch)).toContain(first.telemetry.epoch);
  });

  it("closing forgets what waits, tells the application, and leaves nothing behind", async () => {
    const disk = new MemoryDisk();
    const { telemetry, transport, clock, released } = instance(disk, { consent: "pending" });
    const drops: unknown[] = [];
    telemetry.on("drop", ({ fromSeq, toSeq, reason }) => drops.push([fromSeq, toSeq, reason]));
    for (let i = 0; i < 10; i++) telemetry.record("tick", { i });
    expect(await telemetry.close()).toEqual({ durable: false, delivered: true, pendingEvents: 0 });
    expect(drops).toEqual([[2, 11, "consent"]]);
    expect([disk.names(), transport.batches, clock.timers, released()]).toEqual([[], [], 0, 1]);
    expect(await telemetry.ready).toEqual({ durable: false });
    expect(await telemetry.setConsent("granted")).toEqual({ complete: false });
  });

  it("again, after it was granted, what is recorded from then on stays in memory", async () => {
    const disk = new MemoryDisk();
    const { telemetry, transport, clock } = instance(disk);
    telemetry.record("tick", {});
    await clock.advance(10_000);
    const before = transport.batches.length;
    for (let i = 0; i < 49; i++) telemetry.record("before", { i });
    // The fiftieth event makes a commit due: it is under way when consent becomes pending.
    telemetry.record("before", { i: 49 });
    const held = telemetry.setConsent("pending");
    for (let i = 0; i < 500; i++) telemetry.record("after", { i, text: CANARY });
    const flushed = telemetry.flush();
    await held;
    await clock.advance(60_000);
    expect(await flushed).toMatchObject({ delivered: false });
    expect(disk.holds(CANARY)).toBe(false);
    expect(transport.batches).toHaveLength(before);
    await telemetry.setConsent("granted");
    await clock.advance(10_000);
    expect(transport.received).toHaveLength(552);
    expect(undeclared(transport.received, telemetry.epoch)).toEqual([]);
  });

  it("again, and then closed: what waited in memory is declared, durable, and sent by the next run", async () => {
    const disk = new MemoryDisk();
    const { telemetry, clock } = instance(disk);
    telemetry.record("tick", {});
    await clock.advance(10_000);
    await telemetry.setConsent("pending");
    for (let i = 0; i < 10; i++) telemetry.record("held", { text: CANARY });
    expect(await telemetry.close()).toMatchObject({ durable: true, delivered: false });
    expect(disk.holds(CANARY)).toBe(false);
    const next = instance(disk.processKill(), {}, 2);
    await next.clock.advance(10_000);
    expect(typesOf(next.transport.received)).toEqual(["$purge", "$close", "$open"]);
    expect(purgesOf(next.transport.received)).toMatchObject([{ from_seq: 3, to_seq: 12, count: 10 }]);
  });

  it("breaks off the request under way, which is no failure", async () => {
    const { telemetry, transport, clock, errors } = instance(new MemoryDisk());
    transport.answer = () => new Promise(() => undefined);
    telemetry.record("tick", {});
    await clock.advance(6_000);
    expect(telemetry.stats().inFlightEvents).toBe(2);
    await telemetry.setConsent("pending");
    expect(telemetry.stats()).toMatchObject({ delivery: "idle", inFlightEvents: 0, retries: 0 });
    transport.answer = accept;
    await telemetry.setConsent("granted");
    await clock.advance(10);
    expect(transport.received).toHaveLength(2);
    expect(errors).toEqual([]);
  });
});

describe("when consent is denied", () => {
  it("nothing of the user is left anywhere, and the stream is told which numbers are gone", async () => {
    const disk = new MemoryDisk();
    const { telemetry, transport, clock } = instance(disk, { segmentBytes: 16_384 });
    telemetry.record("tick", { text: CANARY });
    await clock.advance(10_000);
    transport.answer = unreachable;
    for (let i = 0; i < 500; i++) telemetry.record("tick", { i, text: CANARY });
    await clock.advance(2_000);
    for (let i = 0; i < 20; i++) telemetry.record("tick", { i, text: CANARY });
    expect(disk.holds(CANARY)).toBe(true);
    const changed = telemetry.setConsent("denied");
    expect(telemetry.record("late", { text: CANARY })).toEqual({
      status: "dropped",
      reason: "consent",
      message: "consent is denied",
    });
    expect(await changed).toEqual({ complete: true });
    expect(disk.holds(CANARY)).toBe(false);
    expect(disk.powerCut().holds(CANARY)).toBe(false);
    transport.answer = accept;
    const closed = telemetry.close({ timeoutMs: 100_000 });
    await clock.advance(100_000);
    expect(await closed).toEqual({ durable: true, delivered: true, pendingEvents: 0 });
    expect(typesOf(transport.received)).toEqual(["$open", "tick", "$purge", "$close"]);
    expect(purgesOf(transport.received)).toEqual([
      {
        drop_epoch: telemetry.epoch,
        from_seq: 3,
        to_seq: 522,
        count: 520,
        reason: "consent",
        dropped_total: 520,
      },
    ]);
    expect(undeclared(transport.received, telemetry.epoch)).toEqual([]);
    expect(telemetry.stats().dropped).toEqual({ consent: 520 });
  });

  it("what earlier runs left is purged too, quarantine included, and their proof stays", async () => {
    const disk = new MemoryDisk();
    const epochs: string[] = [];
    for (let life = 0; life < 3; life++) {
      const { telemetry, transport, clock } = instance(
        disk,
        { segmentBytes: 16_384, commitEventsMax: 50 },
        life + 1,
      );
      transport.answer = unreachable;
      for (let i = 0; i < 800; i++) {
        telemetry.record("tick", { i, text: CANARY });
        if (i % 50 === 0) await clock.advance(1);
      }
      await clock.advance(3_000);
      epochs.push(telemetry.epoch);
      const closed = telemetry.close({ timeoutMs: 1_000 });
      await clock.advance(2_000);
      await closed;
    }
    // A file in the middle of the first life; its end and what followed it are whole.
    const spoilt = disk.names().filter((name) => name.startsWith("seg-"))[1]!;
    disk.bytesOf(spoilt).fill(0x58, 0, 256);
    const { telemetry, transport, clock } = instance(disk, { consent: "denied" }, 9);
    expect(await telemetry.ready).toEqual({ durable: true });
    expect(disk.holds(CANARY)).toBe(false);
    expect(disk.quarantined.size).toBe(0);
    const closed = telemetry.close({ timeoutMs: 10_000 });
    await clock.advance(10_000);
    expect(await closed).toMatchObject({ delivered: true });
    expect(transport.received.filter(({ type }) => !type.startsWith("$"))).toEqual([]);
    for (const epoch of [...epochs, telemetry.epoch]) {
      expect(undeclared(transport.received, epoch)).toEqual([]);
      expect(typesOf(transport.received.filter((event) => event.epoch === epoch))).toContain("$close");
    }
  });

  it("and granted again, the same epoch goes on", async () => {
    const { telemetry, transport, clock } = instance(new MemoryDisk());
    const { epoch } = telemetry;
    telemetry.record("before", {});
    const denied = telemetry.setConsent("denied");
    const granted = telemetry.setConsent("granted");
    // The purge is under way: what is recorded now could be mistaken for what it removes.
    expect(telemetry.record("during", {}).status).toBe("dropped");
    expect([await denied, await granted]).toEqual([{ complete: true }, { complete: true }]);
    expect(telemetry.record("after", {})).toMatchObject({ status: "recorded", epoch });
    const closed = telemetry.close();
    await clock.advance(10_000);
    await closed;
    expect(typesOf(transport.received)).toEqual(["$open", "$purge", "after", "$close"]);
    expect(undeclared(transport.received, epoch)).toEqual([]);
  });

  it("from the beginning, an instance with nothing to tell tells nobody that it exists", async () => {
    const disk = new MemoryDisk();
    const { telemetry, transport, clock } = instance(disk, { consent: "denied" });
    expect(telemetry.record("tick", { text: CANARY }).status).toBe("dropped");
    await clock.advance(60_000);
    expect(await telemetry.close()).toEqual({ durable: false, delivered: true, pendingEvents: 0 });
    expect(transport.batches).toEqual([]);
    expect(disk.holds(CANARY)).toBe(false);
  });

  it("after it was pending, what waited in memory is declared and never written", async () => {
    const disk = new MemoryDisk();
    const { telemetry, transport, clock } = instance(disk, { consent: "pending" });
    for (let i = 0; i < 20; i++) telemetry.record("tick", { text: CANARY });
    await telemetry.setConsent("denied");
    await clock.advance(10_000);
    expect(disk.holds(CANARY)).toBe(false);
    expect(typesOf(transport.received)).toEqual(["$open", "$purge"]);
    expect(purgesOf(transport.received)).toMatchObject([{ from_seq: 2, to_seq: 21, count: 20 }]);
  });

  it("while the first epochs are being looked for, none of them is sent", async () => {
    const disk = new MemoryDisk();
    const first = instance(disk);
    first.transport.answer = unreachable;
    first.telemetry.record("tick", { text: CANARY });
    await first.clock.advance(2_000);
    const next = instance(disk.processKill(), {}, 2);
    await next.telemetry.setConsent("denied");
    await next.clock.advance(10_000);
    expect(next.transport.received.map(({ type }) => type)).not.toContain("tick");
    expect(undeclared(next.transport.received, first.telemetry.epoch)).toEqual([]);
  });

  it("in memory only, everything is gone as well", async () => {
    const { telemetry, transport, clock } = instance(undefined);
    transport.answer = unreachable;
    for (let i = 0; i < 200; i++) telemetry.record("tick", { i });
    await clock.advance(2_000);
    expect(await telemetry.setConsent("denied")).toEqual({ complete: true });
    expect(telemetry.stats().storedEvents).toBe(2);
    transport.answer = accept;
    await clock.advance(100_000);
    expect(typesOf(transport.received)).toEqual(["$open", "$purge"]);
  });

  it("a request under way is broken off", async () => {
    const { telemetry, transport, clock } = instance(new MemoryDisk());
    let aborted = false;
    const send = transport.send.bind(transport);
    transport.send = (run, signal, sending) => {
      signal.addEventListener("abort", () => (aborted = true));
      return send(run, signal, sending);
    };
    transport.answer = () => new Promise(() => undefined);
    telemetry.record("tick", {});
    await clock.advance(6_000);
    await telemetry.setConsent("denied");
    expect(aborted).toBe(true);
  });

  it("is refused when it is something else", async () => {
    const { telemetry } = instance(undefined);
    expect(() => telemetry.setConsent("maybe" as never)).toThrow(
      'consent is "maybe", expected granted or pending or denied',
    );
    expect(() => instance(undefined, { consent: true as never })).toThrow(
      "consent is true, expected granted",
    );
  });
});
