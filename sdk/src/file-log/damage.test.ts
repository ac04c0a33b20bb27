import { describe, expect, it } from "vitest";
import { CONTROL, type SeqRange } from "../store.ts";
import { instance, undeclared } from "../testing/instance.ts";
import { smallLogOn } from "../testing/log-bench.ts";
import { MemoryDisk } from "../testing/memory-disk.ts";
import { unreachable } from "../testing/scripted-transport.ts";
import { DEVICE, EPOCH, entries } from "../testing/store-contract.ts";
import type { FileLog } from "./file-log.ts";

const NEXT_EPOCH = "b".repeat(16);
const WIDE = { eventsMax: 1_000, bytesMax: 1_000_000 };
const segments = (disk: MemoryDisk) => disk.names().filter((name) => name.startsWith("seg-"));

/** Commits of five events each, until a second file begins with `firstSeq`, and one more; `then` follows those before. */
async function filled(then: (log: FileLog, throughSeq: number) => Promise<void>) {
  const disk = new MemoryDisk();
  const log = smallLogOn(disk, () => undefined);
  await log.open(DEVICE, EPOCH);
  const commit = async (firstSeq: number) => log.append(entries(firstSeq, firstSeq + 4));
  for (let firstSeq = 1; ; firstSeq += 5) {
    await commit(firstSeq);
    if (segments(disk).at(-1)!.endsWith("1.log")) await then(log, firstSeq + 4);
    else {
      await commit(firstSeq + 5);
      return { disk, log, firstSeq };
    }
  }
}

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

it("a file goes when the acknowledgement is durable: after a power cut nothing is sent again that it covers", async () => {
  const { disk, log, firstSeq } = await filled(async () => undefined);
  await log.read(WIDE);
  await log.acknowledge(EPOCH, firstSeq + 1);
  expect(segments(disk)).toHaveLength(1);
  // A journal may write the removal at any moment.
  await disk.syncDirectory();
  const next = smallLogOn(disk.powerCut(), () => undefined);
  await next.open(DEVICE, NEXT_EPOCH);
  expect(await next.read(WIDE)).toMatchObject({ firstSeq: firstSeq + 2 });
});

describe("damage at the beginning of the oldest file", () => {
  /** The first commit of the file is damaged; what acknowledged all that came before it went with the file before. */
  async function rotten() {
    const { disk, firstSeq } = await filled(async (log, throughSeq) => {
      await log.read(WIDE);
      await log.acknowledge(EPOCH, throughSeq);
    });
    const left = disk.processKill();
    expect(segments(left)).toHaveLength(1);
    const bytes = left.bytesOf(segments(left)[0]!);
    bytes[Buffer.from(bytes).indexOf("frm") + 40]! ^= 1;
    const damage: SeqRange[] = [];
    const log = smallLogOn(left, (range) => damage.push(range));
    await log.open(DEVICE, NEXT_EPOCH);
    return { log, damage, firstSeq };
  }

  it("is not said to have taken what had been acknowledged before the file began", async () => {
    const { log, damage, firstSeq } = await rotten();
    expect(await log.read(WIDE)).toMatchObject({ firstSeq: firstSeq + 5 });
    expect(damage).toEqual([{ epoch: EPOCH, fromSeq: firstSeq, toSeq: firstSeq + 4 }]);
  });

  it("is not said to have taken it by a purge either", async () => {
    const { log, firstSeq } = await rotten();
    expect((await log.planPurge()).ranges).toEqual([
      { epoch: EPOCH, fromSeq: firstSeq, toSeq: firstSeq + 9 },
    ]);
  });
});

it("damage that goes on from one file into the next is one stretch", async () => {
  const { disk, firstSeq } = await filled(async () => undefined);
  const [first, second] = segments(disk).map((name) => disk.bytesOf(name));
  first!.fill(0, Buffer.from(first!).indexOf("frm"));
  second![Buffer.from(second!).indexOf("frm") + 40]! ^= 1;
  const damage: SeqRange[] = [];
  const log = smallLogOn(disk.processKill(), (range) => damage.push(range));
  await log.open(DEVICE, NEXT_EPOCH);
  expect(await log.read(WIDE)).toMatchObject({ firstSeq: firstSeq + 5 });
  expect(damage).toEqual([{ epoch: EPOCH, fromSeq: 1, toSeq: firstSeq + 4 }]);
});

it("damage in a file that is evicted before its turn takes nothing that is older, and is declared when its turn has come", async () => {
  const disk = new MemoryDisk();
  const first = smallLogOn(disk, () => undefined);
  await first.open(DEVICE, EPOCH);
  // Three files: what must stay, what may go, and again what must stay.
  await first.append(entries(1, 3, CONTROL, 200));
  await first.append(entries(4, 5, 2, 100));
  await first.append(entries(6, 7, 2, 100));
  await first.append(entries(8, 9, CONTROL));
  const left = disk.processKill();
  const bytes = left.bytesOf(segments(left)[1]!);
  bytes[Buffer.from(bytes).indexOf("event 5")]! ^= 1;
  const damage: SeqRange[] = [];
  const log = smallLogOn(left, (range) => damage.push(range));
  await log.open(DEVICE, NEXT_EPOCH);
  const eviction = await log.planEviction(1e9, 0);
  await eviction!.apply();
  expect(segments(left)).toHaveLength(3);
  expect(await log.read({ ...WIDE, eventsMax: 3 })).toMatchObject({ firstSeq: 1, events: { length: 3 } });
  expect(damage).toEqual([]);
  await log.acknowledge(EPOCH, 3);
  expect(await log.read(WIDE)).toMatchObject({ firstSeq: 8 });
  expect(damage).toEqual([{ epoch: EPOCH, fromSeq: 4, toSeq: 7 }]);
});
