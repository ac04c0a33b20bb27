import { describe, expect, it } from "vitest";
import { interpret } from "./answer.ts";
import type { CommonOptions } from "./options.ts";
import { Pump } from "./pump.ts";
import type { Run } from "./store.ts";
import { instance, settled, undeclared } from "./testing/instance.ts";
import { ManualClock } from "./testing/manual-clock.ts";
import { MemoryDisk } from "./testing/memory-disk.ts";
import { accept, unreachable } from "./testing/scripted-transport.ts";
import type { Answer } from "./transport.ts";

describe("a relay that is down", () => {
  it.each([20, 120])("for %i s costs no event, and no event comes twice", async (seconds) => {
    const { telemetry, transport, clock } = instance(new MemoryDisk());
    let count = 0;
    const record = async (forSeconds: number) => {
      for (let i = 0; i < forSeconds * 20; i++) {
        telemetry.record("tick", { i: count++ });
        await clock.advance(50);
      }
    };
    await record(10);
    transport.answer = unreachable;
    await record(seconds);
    transport.answer = accept;
    await record(10);
    await clock.advance(180_000);
    const ticks = transport.received.filter(({ type }) => type === "tick");
    expect(ticks.map(({ data }) => data.i)).toEqual(Array.from({ length: count }, (_, i) => i));
    expect(telemetry.stats().dropped).toEqual({});
  });

  const DATE = "Tue, 24 Nov 2026 10:00:00 GMT";
  it.each([
    [503, "30", undefined],
    [429, "30", undefined],
    [503, "Tue, 24 Nov 2026 10:00:30 GMT", DATE],
    [429, "Tue, 24 Nov 2026 10:00:30 GMT", DATE],
  ])(
    "and answers %i with Retry-After %j is left alone for 30 s, and then has all 50 events once",
    async (...given) => {
      const [status, retryAfter, date] = given;
      const { telemetry, transport, clock } = await settled();
      const attemptsMs: number[] = [];
      transport.answer = () => {
        attemptsMs.push(clock.now);
        return interpret({ status, retryAfter, date, body: "" }, 1);
      };
      for (let i = 0; i < 50; i++) telemetry.record("tick", { i });
      const flushed = telemetry.flush({ timeoutMs: 200_000 });
      await clock.advance(95_000);
      expect(attemptsMs).toHaveLength(4);
      for (let i = 1; i < attemptsMs.length; i++) {
        expect(attemptsMs[i]! - attemptsMs[i - 1]!).toBeGreaterThanOrEqual(30_000);
        expect(attemptsMs[i]! - attemptsMs[i - 1]!).toBeLessThan(31_000);
      }
      transport.answer = accept;
      await clock.advance(31_000);
      expect(await flushed).toMatchObject({ delivered: true, pendingEvents: 0 });
      expect(transport.received.filter(({ type }) => type === "tick").map(({ data }) => data.i)).toEqual(
        Array.from({ length: 50 }, (_, i) => i),
      );
      expect(undeclared(transport.received, telemetry.epoch)).toEqual([]);
    },
  );
});

it.each(["0", "-5", "Tue, 24 Nov 2026 09:59:00 GMT"])(
  "a relay that answers 503 with Retry-After %j is asked again with exponential backoff",
  async (retryAfter) => {
    const { telemetry, transport, clock } = await settled();
    let attempts = 0;
    transport.answer = () => {
      attempts++;
      const date = "Tue, 24 Nov 2026 10:00:00 GMT";
      return interpret({ status: 503, retryAfter, date, body: "" }, 1);
    };
    telemetry.record("tick", {});
    await clock.advance(600_000);
    expect(attempts).toBeGreaterThan(10);
    expect(attempts).toBeLessThan(50);
  },
);

it("a request that is never answered whole is given up and sent again", async () => {
  const { telemetry, transport, clock, errors } = await settled({ requestTimeoutMs: 1_000 });
  let attempts = 0;
  transport.answer = (run) => (attempts++ === 0 ? new Promise(() => undefined) : accept(run));
  telemetry.record("tick", {});
  const flushed = telemetry.flush();
  await clock.advance(1_000);
  expect(errors.map(({ code }) => code)).toEqual(["relay_unreachable"]);
  await clock.advance(1_000);
  expect(await flushed).toMatchObject({ delivered: true });
});

it("a relay that does not know what a number given up looks like costs requests, and no event", async () => {
  const { telemetry, transport, clock } = await settled();
  transport.answer = (run) =>
    run.events.some(({ length }) => length === 0)
      ? { kind: "rejected", code: "malformed_body", message: "expected an array" }
      : accept(run);
  for (let i = 0; i < 60; i++) telemetry.record("tick", i % 3 === 0 ? { i } : { i, device: "reserved" });
  const closed = telemetry.close({ timeoutMs: 60_000 });
  await clock.advance(60_000);
  expect(await closed).toMatchObject({ delivered: true });
  expect(telemetry.stats().dropped).toEqual({ reserved_key: 40 });
  expect(transport.received.filter(({ type }) => type === "tick")).toHaveLength(20);
  expect(undeclared(transport.received, telemetry.epoch)).toEqual([]);
});

describe("the end of an outage", () => {
  async function afterOutage(outageMs: number, options: Partial<CommonOptions> = {}) {
    const made = await settled(options);
    made.transport.answer = unreachable;
    for (let i = 0; i < 2_000; i++) made.telemetry.record("tick", { i });
    await made.clock.advance(outageMs);
    made.transport.batches.length = 0;
    made.transport.answer = accept;
    return made;
  }

  it("is asked for with one small batch, and the rest waits a random part of a minute", async () => {
    const { telemetry, transport, clock } = await afterOutage(600_000);
    while (transport.received.length < 50) await clock.advance(1_000);
    expect(transport.batches.map(({ count }) => count)).toEqual([50]);
    expect(telemetry.stats()).toMatchObject({ delivery: "scheduled" });
    // Not even new events, or a full batch of them, cut it short.
    for (let i = 0; i < 600; i++) telemetry.record("tick", { i });
    await clock.advance(1_500);
    expect(transport.batches).toHaveLength(1);
    await clock.advance(60_000);
    expect(telemetry.stats().storedEvents).toBe(0);
  });

  it("is waited for by nobody who flushes", async () => {
    const { telemetry, transport, clock } = await afterOutage(600_000);
    while (transport.received.length < 50) await clock.advance(1_000);
    const flushed = telemetry.flush();
    await clock.advance(10);
    expect(await flushed).toMatchObject({ delivered: true, pendingEvents: 0 });
  });

  it.each([
    ["after ten seconds", 10_000, {}],
    ["when the application wants no spread", 600_000, { recoverySpreadMs: 0 }],
  ])("is followed by everything at once %s", async (_, outageMs, options) => {
    const { telemetry, transport, clock } = await afterOutage(outageMs, options);
    while (transport.received.length < 50) await clock.advance(100);
    await clock.advance(100);
    // What does not fill a batch waits for the flush interval.
    expect(telemetry.stats().storedEvents).toBeLessThan(500);
  });

  /** A thousand devices that are told to come again at the same moment; when each drains, in ms behind its probe. */
  async function returnOfAFleet(recoverySpreadMs: number) {
    const clock = new ManualClock(7);
    const spreadMs: number[] = [];
    let isDown = true;
    let concurrent = 0;
    const device = (): Pump => {
      let left = 200;
      let inFlight = 0;
      let probedMs: number | undefined;
      const send = async (run: Run): Promise<Answer> => {
        concurrent = Math.max(concurrent, ++inFlight);
        await Promise.resolve();
        inFlight--;
        if (isDown) return { kind: "retry", afterMs: 90_000, fault: { kind: "busy", message: "" } };
        if (probedMs === undefined) {
          probedMs = clock.now;
          expect(run.events.length).toBeLessThanOrEqual(50);
        } else if (left === 150) {
          spreadMs.push(clock.now - probedMs);
        }
        return accept(run);
      };
      const event = Uint8Array.of(0);
      const source = {
        epoch: "e",
        read: async ({ eventsMax }: { eventsMax: number }) =>
          left === 0
            ? undefined
            : { device: "d", epoch: "e", firstSeq: 1, events: Array(Math.min(left, eventsMax)).fill(event) },
        send,
        faulted: () => undefined,
        acknowledge: async (run: Run) => {
          left -= run.events.length;
        },
        reject: async () => true,
        waiting: () => left,
        heldBack: () => false,
        peek: () => undefined,
        broke: () => undefined,
      };
      const options = {
        flushIntervalMs: 5_000,
        flushIntervalMaxMs: 60_000,
        batchEventsMax: 100,
        batchBytesMax: 100_000,
        backoffBaseMs: 500,
        backoffMaxMs: 60_000,
        recoverySpreadMs,
      };
      return new Pump(source, clock, options);
    };
    const fleet = Array.from({ length: 1_000 }, device);
    for (const pump of fleet) pump.sendNow();
    await clock.advance(60_000);
    isDown = false;
    await clock.advance(200_000);
    expect(concurrent).toBe(1);
    expect(spreadMs).toHaveLength(1_000);
    return spreadMs;
  }

  it("is spread over a minute by a fleet, which without the spread returns within one second", async () => {
    const perTenSeconds = [0, 0, 0, 0, 0, 0];
    for (const ms of await returnOfAFleet(60_000)) perTenSeconds[Math.floor(ms / 10_000)]!++;
    expect(perTenSeconds.reduce((sum, count) => sum + count)).toBe(1_000);
    for (const count of perTenSeconds) expect(Math.abs(count - 1_000 / 6)).toBeLessThan(40);
    expect(Math.max(...(await returnOfAFleet(0)))).toBeLessThan(1_000);
  });
});
