import { expect, it } from "vitest";
import { MemoryStore } from "../memory-store.ts";
import { packer } from "../node/compress.ts";
import { discard } from "../node/discard.ts";
import { PackedQueue } from "../node/packed-queue.ts";
import type { Packer } from "../packer.ts";
import { NORMAL } from "../store.ts";
import { lengthOf } from "./packed-entries.ts";
import { entriesIn, payloadOf } from "./payload.ts";

const EVENTS = 4_000;
const LENGTH = 400;
const bytesOf = (seq: number) => new Uint8Array(LENGTH).fill(seq);

it("events of a payload show their bytes when they are asked for, and know their length when these are gone", () => {
  const given = [1, 2, 3].map((seq) => ({ seq, priority: NORMAL, bytes: bytesOf(seq) }));
  const payload = payloadOf(given).slice();
  const entries = entriesIn(payload, 1, 3)!;
  expect(entries.map(({ seq, priority, bytes }) => ({ seq, priority, bytes }))).toEqual(given);
  const [view] = entries.map(({ bytes }) => bytes);
  discard(payload.buffer);
  expect(view).toHaveLength(0);
  expect(entries.map(lengthOf)).toEqual([LENGTH, LENGTH, LENGTH]);
});

it("a payload that announces more events than it can hold has none, and no room is made for them", () => {
  expect(entriesIn(Uint8Array.of(1, 0), 1, 2)).toBeUndefined();
  expect(entriesIn(Uint8Array.of(1, 0, 1, 0), 1, 2)).toHaveLength(2);
  expect(entriesIn(Uint8Array.of(1, 0), 1, 2 ** 32 - 1)).toBeUndefined();
});

it("a burst that waits in memory stays packed there: only what is sent is unpacked, a block at a time", async () => {
  const lengths: number[] = [];
  const counting: Packer = {
    pack: packer.pack,
    unpack(bytes, lengthMax) {
      lengths.push(lengthMax);
      return packer.unpack(bytes, lengthMax);
    },
  };
  const queue = new PackedQueue(counting);
  for (let seq = 1; seq <= EVENTS; seq++) queue.push({ seq, priority: NORMAL, bytes: bytesOf(seq) });
  const store = new MemoryStore({ storeBytesMax: 2 ** 30, storeEventsMax: EVENTS - 1_000 }, lengthOf);
  await store.open("d", "e");
  await store.append(queue.peek(Number.POSITIVE_INFINITY));
  await store.planEviction(0, 0);
  expect(store.backlog()).toEqual({ events: EVENTS, bytes: EVENTS * LENGTH });
  expect(lengths).toEqual([]);
  let sent = 0;
  for (let run = await store.read({ eventsMax: 500, bytesMax: 2 ** 20 }); run; ) {
    expect(run.events.map((event) => event[0])).toEqual(run.events.map((_, i) => (sent + 1 + i) % 256));
    sent += run.events.length;
    await store.acknowledge("e", sent);
    expect(store.backlog()).toEqual({ events: EVENTS - sent, bytes: (EVENTS - sent) * LENGTH });
    run = await store.read({ eventsMax: 500, bytesMax: 2 ** 20 });
  }
  expect(sent).toBe(EVENTS);
  // A block that stands in two runs is unpacked for each, and no other twice.
  const unpacked = lengths.reduce((sum, length) => sum + length, 0);
  expect(lengths.length).toBeGreaterThan(5);
  expect(unpacked).toBeLessThan(1.5 * EVENTS * LENGTH);
});
