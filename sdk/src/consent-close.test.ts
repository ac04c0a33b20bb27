import { describe, expect, it } from "vitest";
import { instance } from "./testing/instance.ts";
import { MemoryDisk } from "./testing/memory-disk.ts";

const CANARY = "canary-7f3a";

describe("an instance that is closed while consent is pending", () => {
  it("records nothing any more for a listener that is told of the purge", async () => {
    const disk = new MemoryDisk();
    const { telemetry, clock } = instance(disk);
    await clock.advance(10_000);
    await telemetry.setConsent("pending");
    telemetry.record("held", {});
    telemetry.on("drop", () => telemetry.record("lost", { text: CANARY }));
    await telemetry.close();
    expect(disk.holds(CANARY)).toBe(false);
    const next = instance(disk.processKill(), {}, 2);
    await next.clock.advance(10_000);
    expect(next.transport.received.map(({ type }) => type)).toEqual(["$purge", "$close", "$open"]);
  });

  it("records nothing any more when it was pending from the start", async () => {
    const { telemetry } = instance(new MemoryDisk(), { consent: "pending" });
    telemetry.record("held", {});
    const closed = telemetry.close();
    const refused = { status: "dropped", reason: "closed" };
    expect(telemetry.record("late", {})).toMatchObject(refused);
    await closed;
    expect(telemetry.record("late", {})).toMatchObject(refused);
  });
});
