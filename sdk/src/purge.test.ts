import { afterEach, describe, expect, it, vi } from "vitest";
import { FileLog } from "./file-log/file-log.ts";
import { instance, undeclared } from "./testing/instance.ts";
import { MemoryDisk } from "./testing/memory-disk.ts";
import { accept, unreachable } from "./testing/scripted-transport.ts";

const CANARY = "canary-7f3a";
type Survive = (disk: MemoryDisk) => MemoryDisk;

afterEach(() => void vi.restoreAllMocks());

/** A life whose disk is copied at call number `at` of a purge; undefined when the purge ends before. */
async function purgeUntil(at: number, survive: Survive) {
  const disk = new MemoryDisk();
  const { telemetry, transport, clock } = instance(disk, { segmentBytes: 16_384 }, at + 1);
  transport.answer = (run) => ({ ...accept(run), throughSeq: 40 }) as never;
  for (let i = 0; i < 120; i++) telemetry.record("tick", { i, text: CANARY.padEnd(200) });
  await clock.advance(1_500);
  transport.answer = unreachable;
  for (let i = 0; i < 30; i++) telemetry.record("tick", { i, text: CANARY });
  let left: MemoryDisk | undefined;
  let calls = 0;
  disk.onCall = () => {
    if (calls++ === at) left = survive(disk);
  };
  await telemetry.setConsent("denied");
  return left && { left, epoch: telemetry.epoch, received: transport.received };
}

/** Cuts a purge at every call of the disk; the numbers that nobody can account for after a restart without consent. */
async function hiddenByCuts(survive: Survive): Promise<{ cuts: number; hidden: number }> {
  let hidden = 0;
  for (let at = 0; ; at++) {
    const cut = await purgeUntil(at, survive);
    if (!cut) return { cuts: at, hidden };
    const { left, epoch, received } = cut;
    const next = instance(left, { consent: "denied" }, 1_000 + at);
    await next.telemetry.ready;
    expect(left.holds(CANARY)).toBe(false);
    expect(left.powerCut().holds(CANARY)).toBe(false);
    const closed = next.telemetry.close({ timeoutMs: 10_000 });
    await next.clock.advance(10_000);
    expect(await closed).toMatchObject({ delivered: true });
    expect(next.transport.received.filter(({ type }) => type === "tick")).toEqual([]);
    const open = next.transport.received.find(
      (event) => event.epoch === next.telemetry.epoch && event.type === "$open",
    )!;
    // The next epoch names the one that was cut, and where it ended: at 121 or later, which had been durable. Where a file
    // without a byte is left it cannot say so, and 121 has to be accounted for all the same.
    expect(open.data.previous_epoch).toBe(epoch);
    const end = (open.data.previous_last_seq ?? 121) as number;
    const missing = undeclared([...received, ...next.transport.received], epoch);
    hidden += missing.filter((seq) => seq <= end).length + Math.max(0, 121 - end);
  }
}

const CUTS: [string, Survive][] = [
  ["a killed process", (disk) => disk.processKill()],
  ["a power cut", (disk) => disk.powerCut()],
];

describe("a purge cut short", () => {
  it.each(CUTS)(
    "by %s, at any call, hides no number, and a restart without consent purges the rest",
    async (_, survive) => {
      const { cuts, hidden } = await hiddenByCuts(survive);
      expect(cuts).toBeGreaterThan(15);
      expect(hidden).toBe(0);
    },
  );

  it.each(CUTS)(
    "by %s would hide numbers if events went before they were declared (control)",
    async (_, survive) => {
      const { planPurge } = FileLog.prototype;
      vi.spyOn(FileLog.prototype, "planPurge").mockImplementation(async function (this: FileLog) {
        const { ranges, apply } = await planPurge.call(this);
        const complete = await apply();
        return { ranges, apply: async () => complete };
      });
      expect((await hiddenByCuts(survive)).hidden).toBeGreaterThan(100);
    },
  );
});

it("a purge says so when the medium keeps something; nothing of it is sent, and the next change removes it first", async () => {
  const disk = new MemoryDisk();
  const { telemetry, transport, clock, errors } = instance(disk);
  transport.answer = unreachable;
  for (let i = 0; i < 100; i++) telemetry.record("tick", { text: CANARY });
  await clock.advance(2_000);
  disk.fail({ operation: "unlink", code: "EIO", times: 1_000 });
  disk.fail({ operation: "create", code: "EIO", times: 1_000 });
  expect(await telemetry.setConsent("denied")).toEqual({ complete: false });
  expect(errors.map(({ message }) => message)).toContainEqual(
    expect.stringMatching(/^not every event could be removed/),
  );
  transport.answer = accept;
  await clock.advance(100_000);
  // Not even when it is allowed again: these are the events that were denied.
  expect(await telemetry.setConsent("granted")).toEqual({ complete: false });
  expect(telemetry.record("tick", {}).status).toBe("dropped");
  await clock.advance(100_000);
  expect(transport.received).toEqual([]);
  disk.clearFaults();
  expect(await telemetry.setConsent("granted")).toEqual({ complete: true });
  expect(disk.holds(CANARY)).toBe(false);
  expect(telemetry.record("tock", {}).status).toBe("recorded");
  const closed = telemetry.close();
  await clock.advance(100_000);
  await closed;
  const types = transport.received.map(({ type }) => type);
  expect(types.filter((type) => !type.startsWith("$"))).toEqual(["tock"]);
  expect(undeclared(transport.received, telemetry.epoch)).toEqual([]);
});

it("a purge of a directory that cannot be opened is not called complete", async () => {
  const disk = new MemoryDisk();
  disk.fail({ operation: "list", code: "EIO", times: 100 });
  const { telemetry } = instance(disk, { consent: "denied" });
  expect(await telemetry.ready).toEqual({ durable: false });
  expect(await telemetry.setConsent("denied")).toEqual({ complete: false });
  expect(await telemetry.setConsent("granted")).toEqual({ complete: true });
  expect(telemetry.record("tick", {}).status).toBe("recorded");
});
