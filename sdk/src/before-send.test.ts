import { describe, expect, it } from "vitest";
import type { BeforeSendResult } from "./before-send.ts";
import type { CommonOptions } from "./options.ts";
import type { PageControls } from "./ports.ts";
import { instance } from "./testing/instance.ts";
import { MemoryDisk } from "./testing/memory-disk.ts";
import { accept, unreachable } from "./testing/scripted-transport.ts";

describe("beforeSend", () => {
  it("sees every batch before it is sent, and adds headers to it", async () => {
    const seen: object[] = [];
    const { telemetry, transport, clock } = instance(new MemoryDisk(), {
      beforeSend: (batch) => {
        seen.push(batch);
        return { headers: { Authorization: `Bearer ${seen.length}` } };
      },
    });
    telemetry.record("tick", {});
    await clock.advance(10_000);
    expect(seen).toEqual([
      { epoch: telemetry.epoch, fromSeq: 1, throughSeq: 2, events: 2, bytes: expect.any(Number) },
    ]);
    expect(transport.headers).toEqual([{ authorization: "Bearer 1" }]);
  });

  it("may answer later, and sees a batch again when it is sent again", async () => {
    let key = 0;
    const { telemetry, transport, clock } = instance(new MemoryDisk(), {
      beforeSend: async () => ({ headers: { authorization: `Bearer ${++key}` } }),
    });
    transport.answer = unreachable;
    telemetry.record("tick", {});
    await clock.advance(10_000);
    transport.answer = accept;
    await clock.advance(61_000);
    expect(transport.received).toHaveLength(2);
    expect(transport.headers.length).toBeGreaterThan(2);
    expect(transport.headers.at(-1)).toEqual({ authorization: `Bearer ${key}` });
  });

  it("holds a batch back until the next interval by returning false, and loses nothing", async () => {
    let open = false;
    let asked = 0;
    const { telemetry, transport, clock } = instance(new MemoryDisk(), {
      beforeSend: () => {
        asked++;
        return open ? undefined : false;
      },
    });
    for (let i = 0; i < 1_000; i++) telemetry.record("tick", { i });
    await clock.advance(20_000);
    expect(transport.batches).toEqual([]);
    expect(asked).toBeLessThanOrEqual(5);
    expect(telemetry.stats()).toMatchObject({ delivery: "waiting", retries: 0, storedEvents: 1_001 });
    open = true;
    await clock.advance(10_000);
    expect(transport.received).toHaveLength(1_001);
  });

  it.each<[string, () => unknown, RegExp]>([
    [
      "throws",
      () => {
        throw new Error("mine");
      },
      /beforeSend failed \(mine\)/,
    ],
    ["rejects", () => Promise.reject(new Error("mine")), /beforeSend failed \(mine\)/],
    ["never answers", () => new Promise(() => undefined), /no answer within 30000 ms/],
    ["returns something else", () => "later", /it returned "later", expected headers, false or nothing/],
    [
      "names the body's header",
      () => ({ headers: { "Content-Type": "x" } }),
      /"Content-Type" was given, expected/,
    ],
    ["names no header", () => ({ headers: { "two words": "x" } }), /"two words" was given, expected/],
    [
      "breaks a header's line",
      () => ({ headers: { "x-a": "secret\r\nx-b: 1" } }),
      /value of header "x-a" is not/,
    ],
  ])("that %s holds the batch back, and the application is told once", async (_, beforeSend, message) => {
    let broken = true;
    const { telemetry, transport, clock, errors } = instance(new MemoryDisk(), {
      beforeSend: () => (broken ? beforeSend() : undefined) as BeforeSendResult,
    });
    telemetry.record("tick", {});
    await clock.advance(200_000);
    expect(transport.batches).toEqual([]);
    expect(errors.map(({ code }) => code)).toEqual(["hook_failed"]);
    expect(errors[0]!.message).toMatch(message);
    expect(errors[0]!.message).not.toContain("secret");
    broken = false;
    await clock.advance(40_000);
    expect(transport.received).toHaveLength(2);
  });

  it("that never answers holds up no end", async () => {
    const { telemetry, clock } = instance(new MemoryDisk(), {
      beforeSend: () => new Promise(() => undefined),
    });
    telemetry.record("tick", {});
    const closed = telemetry.close({ timeoutMs: 1_000 });
    await clock.advance(1_100);
    expect(await closed).toMatchObject({ durable: true, delivered: false });
    expect(clock.timers).toBe(0);
  });

  it.each([
    ["and waits for it", async (change: Promise<unknown>) => void (await change)],
    ["at once", () => undefined],
  ])("may withdraw consent %s: the batch is not sent", async (_, end) => {
    let change: Promise<unknown> | undefined;
    const { telemetry, transport, clock } = instance(new MemoryDisk(), {
      beforeSend: ({ throughSeq }): BeforeSendResult =>
        throughSeq === 2 ? (end(withdraw()) as never) : undefined,
    });
    const withdraw = () => (change ??= telemetry.setConsent("denied"));
    telemetry.record("tick", {});
    await clock.advance(6_000);
    expect(await change).toEqual({ complete: true });
    await clock.advance(6_000);
    expect(transport.received.map(({ type }) => type)).toEqual(["$open", "$purge"]);
  });
});

describe("a page that is left", () => {
  /** An instance that keeps its events in the memory of a page. */
  function inPage(options: Partial<CommonOptions> = {}) {
    let page: PageControls | undefined;
    const attach = (controls: PageControls) => {
      page = controls;
    };
    const made = instance(undefined, { flushIntervalMs: 60_000, ...options }, 1, { attach });
    return { ...made, page: page! };
  }

  it("gives its events to the transport before anything is waited for, whatever beforeSend answers at once", async () => {
    const { telemetry, transport, clock, page } = inPage({ beforeSend: () => ({}) });
    telemetry.record("tick", {});
    await clock.advance(2_000);
    telemetry.record("tick", {});
    page.hide(60_000);
    expect(transport.batches).toEqual([{ epoch: telemetry.epoch, firstSeq: 1, count: 3 }]);
  });

  it("gives what is in memory only to the transport while a request is under way, too: that may end with the page", async () => {
    const { telemetry, transport, clock, page } = inPage();
    transport.answer = () => new Promise(() => undefined);
    telemetry.record("tick", {});
    void telemetry.flush();
    await clock.advance(2_000);
    telemetry.record("tick", {});
    page.hide(60_000);
    expect(transport.batches.map(({ firstSeq, count }) => [firstSeq, count])).toEqual([
      [1, 2],
      [1, 3],
    ]);
  });

  it.each([
    ["before anything has begun", "granted"],
    ["while consent is missing", "pending"],
  ] as const)("gives nothing %s", async (_, consent) => {
    const { telemetry, transport, clock, page } = inPage({ consent });
    if (consent === "pending") await clock.advance(2_000);
    telemetry.record("tick", {});
    page.hide(60_000);
    expect(transport.batches).toEqual([]);
  });
});

describe("what the engineer is told", () => {
  it("are the epoch, each request, each refused event and each change of durability", async () => {
    const disk = new MemoryDisk();
    const { telemetry, transport, clock } = instance(disk);
    const told: unknown[] = [];
    telemetry.on("epoch", ({ epoch, previous }) => told.push(["epoch", epoch === telemetry.epoch, previous]));
    telemetry.on("sent", ({ fromSeq, throughSeq, bodyBytes, encoding }) =>
      told.push(["sent", fromSeq, throughSeq, bodyBytes, encoding]),
    );
    telemetry.on("reject", ({ seq, code }) => told.push(["reject", seq, code]));
    telemetry.on("drop", ({ fromSeq, reason }) => told.push(["drop", fromSeq, reason]));
    telemetry.on("degraded", ({ durable }) => told.push(["degraded", durable]));
    telemetry.record("tick", {});
    await clock.advance(6_000);
    transport.answer = (run) =>
      run.events.length === 1 && run.firstSeq === 3
        ? { kind: "rejected", code: "invalid_event", message: "scripted" }
        : accept(run);
    telemetry.record("bad", {});
    await clock.advance(12_000);
    disk.fail({ operation: "write", code: "EIO", times: 2 });
    telemetry.record("tick", {});
    await clock.advance(100_000);
    expect(told).toEqual([
      ["epoch", true, undefined],
      ["sent", 1, 2, 1, "identity"],
      ["sent", 3, 3, 1, "identity"],
      ["reject", 3, "invalid_event"],
      ["drop", 3, "rejected"],
      ["sent", 4, 4, 1, "identity"],
      ["degraded", false],
      ["degraded", true],
      ["sent", 5, 5, 1, "identity"],
    ]);
  });

  it("stands in stats, with the age of the oldest event that waits", async () => {
    const disk = new MemoryDisk();
    const { telemetry, transport, clock } = instance(disk);
    await clock.advance(6_000);
    expect(telemetry.stats()).toMatchObject({ oldestPendingMs: 0, durableEvents: 1, acceptedEvents: 1 });
    let answer: (() => void) | undefined;
    transport.answer = (run) => new Promise((resolve) => (answer = () => resolve(accept(run))));
    for (let i = 0; i < 10; i++) telemetry.record("tick", { i });
    telemetry.record("bad", { seq: 1 });
    clock.wall -= 1e12;
    await clock.advance(30_000);
    expect(telemetry.stats()).toMatchObject({
      recorded: 10,
      durableEvents: 12,
      inFlightEvents: 11,
      acceptedEvents: 1,
      storedEvents: 11,
      oldestPendingMs: 30_000,
      delivery: "sending",
      sentBytes: 2,
      dropped: { reserved_key: 1 },
    });
    transport.answer = unreachable;
    const second = instance(disk.processKill(), {}, 2);
    second.transport.answer = unreachable;
    await second.clock.advance(7_000);
    expect(second.telemetry.stats()).toMatchObject({ oldestPendingMs: 7_000 });
    transport.answer = accept;
    answer!();
    await clock.advance(20_000);
    expect(telemetry.stats()).toMatchObject({ oldestPendingMs: 0, inFlightEvents: 0 });
  });

  it("is the life of each batch, a line for each step, when debug is on", async () => {
    const lines: string[] = [];
    const { telemetry, transport, clock } = instance(new MemoryDisk(), { debug: (line) => lines.push(line) });
    let tries = 0;
    transport.answer = async (run) => (tries++ === 0 ? unreachable() : accept(run));
    telemetry.record("tick", {});
    await clock.advance(70_000);
    const batch = `${telemetry.epoch} 1-2: `;
    expect(lines.map((line) => line.replace(/\d+ (bytes|ms)/g, "N $1"))).toEqual([
      `${batch}cut, 2 events in N bytes`,
      `${batch}sent, N bytes of identity`,
      `${batch}retry after N ms`,
      `${batch}again in N ms, because scripted`,
      `${batch}cut, 2 events in N bytes`,
      `${batch}sent, N bytes of identity`,
      `${batch}accepted after N ms`,
      `${batch}acknowledged through 2, it is in the stream`,
    ]);
  });
});
