import { describe, expect, it } from "vitest";
import { TonearmError } from "./errors.ts";
import { instance, undeclared } from "./testing/instance.ts";
import { MemoryDisk } from "./testing/memory-disk.ts";
import { msgpackCodec } from "./wire/msgpack.ts";

/** A proxy of which every use throws something that cannot even be put into words. */
function trap(): Record<string, unknown> {
  const refuse = () => {
    throw Object.create(null);
  };
  const handler = { get: refuse, has: refuse, ownKeys: refuse, getOwnPropertyDescriptor: refuse };
  return new Proxy({}, handler);
}

function revoked(): Record<string, unknown> {
  const { proxy, revoke } = Proxy.revocable({}, {});
  revoke();
  return proxy;
}

it("a name of the relay's is found in what toJSON returns", () => {
  const { telemetry } = instance(new MemoryDisk());
  expect(telemetry.record("tick", { toJSON: () => ({ device: "other" }) })).toMatchObject({
    status: "dropped",
    reason: "reserved_key",
  });
  expect(telemetry.record("tick", { toJSON: () => ({ inside: { device: "other" } }) }).status).toBe(
    "recorded",
  );
});

describe("data that throws when it is looked at", () => {
  it.each([
    ["a toJSON that throws no error", () => ({ toJSON: () => trap().any })],
    ["an error whose message throws", () => ({ toJSON: () => thrown(new Proxy(new Error(), trap())) })],
    ["a revoked proxy that is thrown", () => ({ toJSON: () => thrown(revoked()) })],
    ["a proxy whose traps throw", trap],
    ["a revoked proxy", revoked],
    ["a revoked proxy deeper inside", () => ({ inside: revoked() })],
  ])("is dropped as unserializable and declared: %s", async (_, make) => {
    const { telemetry, transport, clock } = instance(new MemoryDisk());
    expect(telemetry.record("bad", make())).toMatchObject({ status: "dropped", reason: "unserializable" });
    const closed = telemetry.close();
    await clock.advance(10_000);
    expect(await closed).toMatchObject({ delivered: true });
    expect(undeclared(transport.received, telemetry.epoch)).toEqual([]);
  });

  function thrown(what: unknown): never {
    throw what;
  }
});

describe("arguments that can never become an event", () => {
  it.each([
    ["play(null)", () => instance(undefined).telemetry.play(null as never)],
    ["source(undefined)", () => instance(undefined).telemetry.source(undefined as never)],
    ["a play that is a revoked proxy", () => instance(undefined).telemetry.play(revoked() as never)],
    ["a play whose traps throw", () => instance(undefined).telemetry.play(trap() as never)],
    [
      "a type that is a symbol",
      () => instance(undefined).telemetry.record(Symbol("x") as never, {} as never),
    ],
    ["options whose traps throw", () => instance(undefined).telemetry.record("ok", {}, trap())],
    ["data that is a revoked function", () => instance(undefined).telemetry.record("ok", revokedFunction())],
  ])("are refused with a TonearmError: %s", (_, call) => {
    const refused = (() => {
      try {
        return call();
      } catch (error) {
        return error;
      }
    })();
    expect(refused).toBeInstanceOf(TonearmError);
    expect(refused).toMatchObject({ code: "invalid_argument" });
  });

  function revokedFunction(): Record<string, unknown> {
    const { proxy, revoke } = Proxy.revocable(() => undefined, {});
    revoke();
    return proxy as unknown as Record<string, unknown>;
  }
});

it("an event that is far too large is refused before anything is made room for", () => {
  const encoded: number[] = [];
  const codec: typeof msgpackCodec = {
    ...msgpackCodec,
    encodeEvent: (event) => {
      encoded.push(event.json.length);
      return msgpackCodec.encodeEvent(event);
    },
  };
  const { telemetry } = instance(undefined, {}, 1, { codec });
  const text = "x".repeat(10_000_000);
  expect(telemetry.record("huge", { text })).toMatchObject({ status: "dropped", reason: "too_large" });
  expect(Math.max(0, ...encoded)).toBeLessThan(1_000);
});
