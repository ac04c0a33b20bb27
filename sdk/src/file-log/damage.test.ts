import { describe, expect, it } from "vitest";
import { instance, undeclared } from "../testing/instance.ts";
import { MemoryDisk } from "../testing/memory-disk.ts";
import { unreachable } from "../testing/scripted-transport.ts";

/** What a process leaves that was killed after 600 events in several segments, one commit of which is damaged then. */
async function damaged() {
  const disk = new MemoryDisk();
  const { telemetry, transport, clock } = instance(disk, { segmentBytes: 16_384 });
  transport.answer = unreachable;
  for (let i = 0; i < 30; i++) {
    for (let j = 0; j < 20; j++) telemetry.record("tick", { text: "x".repeat(200) });
    await clock.advance(1_100);
  }
  const left = disk.processKill();
  const names = left.names().filter((name) => name.startsWith("seg-"));
  expect(names.length).toBeGreaterThan(4);
  left.bytesOf(names[2]!)[5_000]! ^= 0xff;
  return { left, epoch: telemetry.epoch };
}

describe("what damage took", () => {
  it("is declared durably before a file goes that told of it, wherever the next process is killed", async () => {
    const { left, epoch } = await damaged();
    const cuts: { disk: MemoryDisk; received: number }[] = [];
    const second = instance(left, { segmentBytes: 16_384 }, 2);
    left.onCall = () => cuts.push({ disk: left.powerCut(), received: second.transport.received.length });
    await second.clock.advance(500);
    left.onCall = () => undefined;
    expect(second.transport.received.length).toBeGreaterThan(500);
    for (const [i, cut] of cuts.entries()) {
      const third = instance(cut.disk, { segmentBytes: 16_384 }, 3 + i);
      await third.clock.advance(10_000);
      const received = [...second.transport.received.slice(0, cut.received), ...third.transport.received];
      expect(undeclared(received, epoch)).toEqual([]);
    }
  });

  it("is left to the next process, with what lies behind it, by one that is closing already", async () => {
    const { left, epoch } = await damaged();
    const second = instance(left, { segmentBytes: 16_384 }, 2);
    const closed = second.telemetry.close({ timeoutMs: 1_000 });
    await second.clock.advance(1_000);
    await closed;
    const third = instance(left.processKill(), { segmentBytes: 16_384 }, 3);
    await third.clock.advance(10_000);
    const received = [...second.transport.received, ...third.transport.received];
    expect(received.filter(({ type }) => type === "$drop")).toHaveLength(1);
    expect(undeclared(received, epoch)).toEqual([]);
  });
});
