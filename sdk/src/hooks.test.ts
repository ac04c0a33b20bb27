import { describe, expect, it } from "vitest";
import { authorization } from "./key.ts";
import type { CommonOptions } from "./options.ts";
import { instance } from "./testing/instance.ts";
import { MemoryDisk } from "./testing/memory-disk.ts";

/** What an application's function may do that its type does not allow, or that TypeScript lets pass. */
const throws = (): never => {
  throw new Error("mine");
};
const rejects = (): unknown => Promise.reject(new Error("mine"));

describe("a debug function", () => {
  it.each([
    ["throws", throws],
    ["rejects", rejects],
  ])("that %s is told of once, and delivery goes on", async (_, debug) => {
    const { telemetry, transport, clock, errors } = instance(new MemoryDisk(), { debug });
    telemetry.record("tick", {});
    await clock.advance(10_000);
    telemetry.record("tick", {});
    await clock.advance(10_000);
    expect(transport.received.map(({ type }) => type)).toEqual(["$open", "tick", "tick"]);
    expect(errors.map(({ code, message }) => [code, message])).toEqual([
      ["hook_failed", "debug failed (mine); nothing depends on it"],
    ]);
  });
});

it("a failure in the middle of delivery is told, and delivery goes on", async () => {
  const { telemetry, transport, clock, errors } = instance(new MemoryDisk());
  transport.answer = throws;
  telemetry.record("tick", {});
  await clock.advance(10_000);
  expect(errors[0]?.message).toBe("delivery failed (mine); it is tried again");
  expect(telemetry.stats().delivery).toBe("waiting");
  const { answer } = instance(new MemoryDisk()).transport;
  transport.answer = answer;
  await clock.advance(100_000);
  expect(transport.received).toHaveLength(2);
  expect(errors).toHaveLength(1);
});

describe("an asynchronous function where an answer is expected at once", () => {
  it.each<[string, Partial<CommonOptions>, RegExp]>([
    ["redact", { redact: rejects as never }, /redact failed \(it returned a promise/],
    ["holdBack", { holdBack: rejects as never }, /holdBack failed \(it returned a promise, expected true or/],
    ["holdBack", { holdBack: (async () => false) as never }, /holdBack failed \(it returned a promise/],
  ])("is told of, and its rejection ends nobody: %s", async (_, options, expected) => {
    const { telemetry, transport, clock, errors } = instance(new MemoryDisk(), options);
    telemetry.record("tick", {});
    await clock.advance(10_000);
    expect(errors.map(({ message }) => message)).toEqual([expect.stringMatching(expected)]);
    expect(transport.batches).toHaveLength(1);
  });

  it("is no key", () => {
    expect(() => authorization(rejects as never)).toThrow("the function of option key gave none");
  });
});

describe("an asynchronous listener", () => {
  it("that rejects is told of as an error", async () => {
    const { telemetry, clock, errors } = instance(new MemoryDisk());
    telemetry.on("sent", rejects);
    telemetry.record("tick", {});
    await clock.advance(10_000);
    expect(errors.map(({ code, message }) => [code, message])).toEqual([
      ["listener_failed", "a listener threw: mine"],
    ]);
  });
});

describe("what a listener of drops records", () => {
  it.each([1, 2])("and is dropped as well is told no more: %i a time", async (times) => {
    const { telemetry, transport, clock } = instance(new MemoryDisk(), { bufferBytesMax: 65_536 });
    let told = 0;
    telemetry.on("drop", ({ reason }) => {
      told++;
      for (let i = 0; i < times; i++) telemetry.record("dropped", { reason });
    });
    for (let i = 0; i < 200; i++) telemetry.record("tick", { text: "x".repeat(1_000) });
    expect(told).toBeLessThanOrEqual(200);
    expect(telemetry.stats().dropped.buffer_full).toBe(told * (times + 1));
    await clock.advance(100_000);
    const declared = transport.received.filter(({ type }) => type === "$drop");
    expect(declared.reduce((sum, { data }) => sum + Number(data.count), 0)).toBe(told * (times + 1));
  });
});
