import { describe, expect, it } from "vitest";
import { instance } from "./testing/instance.ts";
import { MemoryDisk } from "./testing/memory-disk.ts";
import type { ReceivedEvent } from "./testing/scripted-transport.ts";

const CANARY = "canary-7f3a";
const typesOf = (received: readonly ReceivedEvent[]) => received.map(({ type }) => type);

describe("redact", () => {
  it("sees every event before it is encoded, and what it returns is recorded", async () => {
    const seen: unknown[] = [];
    const { telemetry, transport, clock } = instance(new MemoryDisk(), {
      redact: ({ type, data }) => {
        seen.push([type, Object.keys(data)]);
        const { email, ...rest } = data;
        return rest;
      },
    });
    telemetry.record("login", { email: CANARY, ok: true });
    telemetry.source({
      occurred_at: "2026-11-22T19:00:00Z",
      player_id: "p1",
      from: { source_type: "tv" },
      to: { source_type: "idle" },
    });
    await clock.advance(10_000);
    expect(seen).toMatchObject([
      ["login", ["email", "ok"]],
      ["source", expect.arrayContaining(["trigger", "player_id"])],
    ]);
    expect(transport.received[1]).toMatchObject({ type: "login", data: { ok: true } });
    expect(JSON.stringify(transport.received)).not.toContain(CANARY);
  });

  it("sees what toJSON makes of the data, at the top and deeper inside", async () => {
    const { telemetry, transport, clock } = instance(new MemoryDisk(), {
      redact: ({ data: { email, user, ...rest } }) => ({ ...rest, isKnown: user !== undefined }),
    });
    telemetry.record("login", { toJSON: () => ({ email: CANARY, ok: true }) });
    telemetry.record("login", { user: { toJSON: () => ({ email: CANARY }) } });
    telemetry.record("login", { when: new Date(0) });
    await clock.advance(10_000);
    expect(transport.received.slice(1).map(({ data }) => data)).toEqual([
      { ok: true, isKnown: false },
      { isKnown: true },
      { when: "1970-01-01T00:00:00.000Z", isKnown: false },
    ]);
  });

  it("may rename what has a name of the relay's, and is not asked about what cannot be spelled", () => {
    let asked = 0;
    const { telemetry } = instance(new MemoryDisk(), {
      redact: ({ data: { device, ...rest } }) => {
        asked++;
        return { ...rest, from: device };
      },
    });
    expect(telemetry.record("tick", { device: "a" }).status).toBe("recorded");
    expect(telemetry.record("tick", { n: 1n })).toMatchObject({ reason: "unserializable" });
    expect(asked).toBe(1);
  });

  it("drops an event by returning null, declared", async () => {
    const { telemetry, transport, clock, errors } = instance(new MemoryDisk(), {
      redact: ({ type, data }) => (type === "secret" ? null : data),
    });
    telemetry.record("plain", {});
    expect(telemetry.record("secret", { text: CANARY })).toMatchObject({
      status: "dropped",
      reason: "redacted",
    });
    const closed = telemetry.close();
    await clock.advance(10_000);
    await closed;
    expect(typesOf(transport.received)).toEqual(["$open", "plain", "$drop", "$close"]);
    expect(transport.received[2]!.data).toMatchObject({ from_seq: 3, count: 1, reason: "redacted" });
    expect(errors).toEqual([]);
  });

  it.each<[string, () => unknown, RegExp]>([
    [
      "throws",
      () => {
        throw new Error("mine");
      },
      /redact failed \(mine\)/,
    ],
    ["returns nothing", () => undefined, /it returned missing, expected plain data or null/],
    ["returns text", () => "text", /it returned "text"/],
    ["is asynchronous", async () => ({}), /it returned a promise/],
  ])(
    "that %s drops the event, declared, never sends it as it was, and tells once",
    async (_, redact, message) => {
      const { telemetry, transport, clock, errors } = instance(new MemoryDisk(), { redact: redact as never });
      for (let i = 0; i < 3; i++) {
        expect(telemetry.record("tick", { text: CANARY })).toMatchObject({
          status: "dropped",
          reason: "redacted",
        });
      }
      const closed = telemetry.close();
      await clock.advance(10_000);
      await closed;
      expect(typesOf(transport.received)).toEqual(["$open", "$drop", "$close"]);
      expect(errors.map(({ code }) => code)).toEqual(["hook_failed"]);
      expect(errors[0]!.message).toMatch(message);
    },
  );
});

it("no identifier is made up: an event's bytes hold what was given, control records nothing but epochs and numbers", async () => {
  const { telemetry, transport, clock } = instance(new MemoryDisk());
  telemetry.record("tick", { given: 1 });
  telemetry.record("bad", { seq: 1 });
  const closed = telemetry.close();
  await clock.advance(10_000);
  await closed;
  const data = Object.fromEntries(transport.received.map((event) => [event.type, event.data]));
  expect(data).toEqual({
    $open: { previous_epoch: null, previous_last_seq: null },
    tick: { given: 1 },
    $drop: {
      drop_epoch: telemetry.epoch,
      from_seq: 3,
      to_seq: 3,
      count: 1,
      reason: "reserved_key",
      dropped_total: 1,
    },
    $close: { last_seq: 4 + 1 },
  });
});
