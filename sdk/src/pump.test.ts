import { describe, expect, it } from "vitest";
import { type CommonOptions, checkOptions } from "./options.ts";
import { Pump } from "./pump.ts";
import type { PumpSource } from "./pump-source.ts";
import type { Run } from "./store.ts";
import { instance, settled } from "./testing/instance.ts";
import { ManualClock } from "./testing/manual-clock.ts";
import { MemoryDisk } from "./testing/memory-disk.ts";
import { accept, unreachable } from "./testing/scripted-transport.ts";
import type { Answer } from "./transport.ts";

describe("a batch is sent", () => {
  it("when its bytes are enough, without waiting for the flush interval", async () => {
    const { telemetry, transport, clock } = await settled({ batchBytesMax: 50_000, commitBytesMax: 10_000 });
    const text = "x".repeat(1_000);
    for (let i = 0; i < 45; i++) telemetry.record("tick", { text });
    await clock.advance(1_100);
    expect(transport.batches).toHaveLength(0);
    for (let i = 0; i < 10; i++) telemetry.record("tick", { text });
    await clock.advance(1);
    expect(transport.batches).toHaveLength(1);
    // What is left is less than a batch again, and waits.
    await clock.advance(4_000);
    expect(transport.batches).toHaveLength(1);
    await clock.advance(2_000);
    expect(transport.batches.map(({ count }) => count)).toEqual([48, 7]);
  });

  it("when the oldest event has waited for the flush interval", async () => {
    const { telemetry, transport, clock } = await settled();
    telemetry.record("tick", {});
    await clock.advance(5_900);
    expect(transport.batches).toHaveLength(0);
    await clock.advance(200);
    expect(transport.batches).toHaveLength(1);
  });
});

describe("the flush interval", () => {
  /** Time between two batches of a device that records all the time, while the relay asks for `askedMs`. */
  async function intervalMs(askedMs: number | undefined, options: Partial<CommonOptions> = {}) {
    const { telemetry, transport, clock } = await settled(options);
    const sentMs: number[] = [];
    transport.answer = (run) => {
      sentMs.push(clock.now);
      return { ...accept(run), flushIntervalMs: askedMs } as Answer;
    };
    while (sentMs.length < 4) {
      telemetry.record("tick", {});
      await clock.advance(500);
    }
    return sentMs[3]! - sentMs[2]!;
  }

  it.each([
    ["is the application's own while the relay asks for nothing", undefined, {}, 5_000],
    ["is the relay's when that is longer", 20_000, {}, 20_000],
    ["is never shorter than the application's own", 1_000, {}, 5_000],
    ["is never longer than the application allows", 3_600_000, { flushIntervalMaxMs: 30_000 }, 30_000],
    ["is at most a minute where the application says nothing", 3_600_000, {}, 60_000],
    [
      "is the application's own when that is longer than all limits",
      90_000,
      { flushIntervalMs: 70_000 },
      70_000,
    ],
  ])("%s", async (_, askedMs, options, expectedMs) => {
    expect(await intervalMs(askedMs, options)).toBe(expectedMs);
  });

  it("returns to the application's own when the relay stops asking, and never keeps a full batch", async () => {
    const { telemetry, transport, clock } = await settled({ batchEventsMax: 100 });
    transport.answer = (run) => ({ ...accept(run), flushIntervalMs: 30_000 }) as Answer;
    telemetry.record("tick", {});
    await clock.advance(10_000);
    expect(transport.batches).toHaveLength(1);
    for (let i = 0; i < 100; i++) telemetry.record("tick", {});
    await clock.advance(1_100);
    expect(transport.batches).toHaveLength(2);
    transport.answer = accept;
    for (let i = 0; i < 100; i++) telemetry.record("tick", {});
    await clock.advance(1_100);
    telemetry.record("tick", {});
    await clock.advance(6_100);
    expect(transport.batches).toHaveLength(4);
  });
});

describe("holding back", () => {
  it("sends nothing but for flush, and asks again every flush interval", async () => {
    let metered = true;
    let asked = 0;
    const holdBack = () => {
      asked++;
      return metered;
    };
    const { telemetry, transport, clock } = instance(new MemoryDisk(), { holdBack, batchEventsMax: 10 });
    for (let i = 0; i < 40; i++) telemetry.record("tick", {});
    await clock.advance(60_000);
    expect(transport.batches).toHaveLength(0);
    expect(asked).toBeGreaterThan(10);
    expect(asked).toBeLessThan(15);
    expect(telemetry.stats()).toMatchObject({ delivery: "scheduled", storedEvents: 41 });
    const flushed = telemetry.flush();
    await clock.advance(10);
    expect(await flushed).toMatchObject({ delivered: true, pendingEvents: 0 });
    telemetry.record("tick", {});
    await clock.advance(60_000);
    expect(telemetry.stats().storedEvents).toBe(1);
    metered = false;
    await clock.advance(5_000);
    expect(telemetry.stats().storedEvents).toBe(0);
  });

  it("keeps close from nothing", async () => {
    const { telemetry, clock } = instance(new MemoryDisk(), { holdBack: () => true });
    telemetry.record("tick", {});
    const closed = telemetry.close();
    await clock.advance(100);
    expect(await closed).toEqual({ durable: true, delivered: true, pendingEvents: 0 });
  });

  it.each([
    ["bytes", { storeBytesMax: 1_048_576, segmentBytes: 65_536 }, 524_288],
    ["events", { storeEventsMax: 3_000 }, 1_500 * 330],
  ])("ends when the store is half full of %s, before anything is given up", async (_, caps, bytes) => {
    const { telemetry, transport, clock } = instance(new MemoryDisk(), { holdBack: () => true, ...caps });
    const record = async (count: number) => {
      for (let i = 0; i < count; i++) telemetry.record("tick", { text: "x".repeat(300) });
      await clock.advance(20_000);
    };
    await record(1_000);
    expect(transport.batches).toHaveLength(0);
    for (let i = 0; i < 20; i++) await record(500);
    expect(transport.received.length).toBeGreaterThan(9_000);
    expect(telemetry.stats()).toMatchObject({ dropped: {} });
    expect(telemetry.stats().storedBytes).toBeLessThan(bytes + 300_000);
  });

  it("is not done by a function that throws, which is told once", async () => {
    const { telemetry, clock, errors } = instance(new MemoryDisk(), {
      holdBack: () => {
        throw new Error("mine");
      },
      beforeSend: () => undefined,
    });
    for (let i = 0; i < 5; i++) {
      telemetry.record("tick", {});
      await clock.advance(10_000);
    }
    expect(telemetry.stats().storedEvents).toBe(0);
    expect(errors.map(({ code, message }) => [code, message])).toEqual([
      ["hook_failed", "holdBack failed (mine); nothing is held back by it"],
    ]);
  });
});

/** A pump on a source that shows and sends what the test says. */
function bare() {
  const clock = new ManualClock();
  const state = { waiting: 0, heldBack: false, runs: [] as Run[], fresh: undefined as Run | undefined };
  const sent: { readonly run: Run; answer(answer: Answer): void }[] = [];
  const source: PumpSource = {
    epoch: EPOCH,
    read: async () => state.runs.shift(),
    peek: () => state.fresh,
    send: (run) => new Promise((answer) => sent.push({ run, answer })),
    acknowledge: async () => undefined,
    reject: async () => true,
    faulted: () => undefined,
    broke: () => undefined,
    waiting: () => state.waiting,
    heldBack: () => state.heldBack,
  };
  const pump = new Pump(source, clock, checkOptions({ endpoint: "http://127.0.0.1:9", device: "d1" }, []));
  return { pump, clock, state, sent };
}

const EPOCH = "a".repeat(16);
const runOf = (firstSeq: number): Run => ({
  device: "d1",
  epoch: EPOCH,
  firstSeq,
  events: [Uint8Array.of(1)],
});

describe("what comes while somebody waits for it", () => {
  it("is sent at once, however little it is, and what cannot be read yet is not", async () => {
    const { pump, clock, state, sent } = bare();
    const reached = pump.reaches(1, 10_000);
    await clock.settle();
    pump.notify(1);
    await clock.settle();
    expect([pump.state, sent.length]).toEqual(["idle", 0]);
    Object.assign(state, { waiting: 1, runs: [runOf(1)] });
    pump.notify(1);
    await clock.settle();
    expect(sent.length).toBe(1);
    state.waiting = 0;
    sent[0]!.answer(accept(runOf(1)));
    expect(await reached).toBe(true);
  });
});

describe("a pump whose process may end at any moment", () => {
  it("gives what can be had without waiting to the transport before it returns", () => {
    const { pump, state, sent } = bare();
    state.fresh = runOf(1);
    pump.leave(1_000, false);
    expect(sent.map(({ run }) => run.firstSeq)).toEqual([1]);
  });

  it("sends nothing when there is nothing, or the application holds it back", () => {
    const { pump, state, sent } = bare();
    pump.leave(1_000, false);
    Object.assign(state, { fresh: runOf(1), heldBack: true });
    pump.leave(1_000, false);
    expect([pump.state, sent.length]).toEqual(["idle", 0]);
  });

  it("overtakes a request under way only when it is told to", async () => {
    const { pump, clock, state, sent } = bare();
    state.runs = [runOf(1)];
    pump.sendNow();
    await clock.settle();
    state.fresh = runOf(2);
    pump.leave(1_000, false);
    expect(sent.length).toBe(1);
    pump.leave(1_000, true);
    expect(sent.map(({ run }) => run.firstSeq)).toEqual([1, 2]);
  });
});

describe("a network that may be back", () => {
  it.each([
    ["ends a wait that a failure imposed", unreachable(), 2],
    ["leaves one that the relay asked for", { ...unreachable(), afterMs: 10_000 } as Answer, 1],
    ["begins nothing where nothing waits", accept(runOf(1)), 1],
  ])("%s", async (_, answer, requests) => {
    const { pump, clock, state, sent } = bare();
    state.runs = [runOf(1), runOf(1)];
    pump.sendNow();
    await clock.settle();
    if (answer.kind === "accepted") state.runs = [];
    sent[0]!.answer(answer);
    await clock.settle();
    pump.tryNow();
    await clock.settle();
    expect(sent.length).toBe(requests);
  });
});
