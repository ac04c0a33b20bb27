import { expect, test } from "vitest";
import { type EventQueue, PlainQueue } from "../event-queue.ts";
import type { Packer } from "../packer.ts";
import type { Entry, Priority } from "../store.ts";
import { packer as realPacker } from "./compress.ts";
import { PackedQueue } from "./packed-queue.ts";

/** Bytes that name their event, of a length of their own. */
const entry = (seq: number, length = 1_000 + (seq % 7)): Entry => ({
  seq,
  priority: (seq % 4) as Priority,
  bytes: new Uint8Array(length).fill(seq % 251),
});

const pushAll = (queue: EventQueue, entries: readonly Entry[]) => {
  for (const one of entries) queue.push(one);
};

const KINDS: [string, () => EventQueue][] = [
  ["plain", () => new PlainQueue()],
  ["packed", () => new PackedQueue(realPacker)],
];

const entries = (fromSeq: number, toSeq: number) =>
  Array.from({ length: toSeq - fromSeq + 1 }, (_, i) => entry(fromSeq + i));

/** What a reader sees of entries, whatever they are. */
const seen = (shown: readonly Entry[]): Entry[] =>
  shown.map(({ seq, priority, bytes }) => ({ seq, priority, bytes }));

test.each(KINDS)(
  "what is pushed comes back in order, whole, with its number and priority: %s",
  (_name, make) => {
    const queue = make();
    const pushed = [...entries(2, 900), ...entries(905, 906), entry(907, 100_000), ...entries(950, 1_200)];
    pushAll(queue, pushed);
    queue.unshift(entry(1));
    expect(queue.events).toBe(pushed.length + 1);
    expect(seen(queue.peek(Infinity))).toEqual([entry(1), ...pushed]);
  },
);

test.each(KINDS)("a peek ends at the bound, and shows at least one event: %s", (_name, make) => {
  const queue = make();
  pushAll(queue, entries(2, 200));
  expect(queue.peek(10_050).map(({ seq }) => seq)).toEqual([2, 3, 4, 5, 6, 7, 8, 9, 10, 11]);
  expect(queue.peek(1)).toHaveLength(1);
});

test.each(KINDS)(
  "a release lets go of what it names and of nothing else, in the middle of a block too: %s",
  (_name, make) => {
    const queue = make();
    pushAll(queue, entries(2, 2_000));
    for (const throughSeq of [1, 2, 65, 66, 1_234, 1_999]) {
      queue.release(throughSeq);
      expect(queue.events).toBe(2_000 - Math.max(1, throughSeq));
      expect(seen(queue.peek(1))).toEqual([entry(Math.max(1, throughSeq) + 1)]);
    }
    queue.release(5_000);
    expect(seen(queue.peek(Infinity))).toEqual([]);
    expect(queue.bytes).toBe(0);
  },
);

test.each(KINDS)("events that were shown stay as they were while others are recorded: %s", (_name, make) => {
  const queue = make();
  pushAll(queue, entries(2, 50));
  const shown = queue.peek(Infinity);
  queue.release(50);
  pushAll(queue, entries(51, 300));
  expect(shown).toEqual(entries(2, 50));
});

test("a burst is packed beyond the first blocks; what waits for a moment only is not", () => {
  const packs: number[] = [];
  const packer: Packer = {
    pack: (bytes, headroom) => {
      packs.push(bytes.length);
      return realPacker.pack(bytes, headroom);
    },
    unpack: (bytes, lengthMax) => realPacker.unpack(bytes, lengthMax),
  };
  const queue = new PackedQueue(packer);
  pushAll(queue, entries(2, 500));
  expect(packs).toEqual([]);
  pushAll(queue, entries(501, 5_000));
  expect(packs.length).toBeGreaterThan(50);
  expect(queue.bytes).toBeLessThan(1_000_000);
});

test.each(KINDS)(
  "a purge leaves control records and nothing else, and shows what is pushed behind it: %s",
  (_name, make) => {
    const queue = make();
    pushAll(queue, entries(2, 2_000));
    queue.unshift({ ...entry(1), priority: 0 });
    const isControl = (seq: number) => seq % 4 === 0 || seq === 1;
    const kept = [{ ...entry(1), priority: 0 }, ...entries(2, 2_000).filter(({ seq }) => seq % 4 === 0)];
    expect(queue.purge().map(({ seq }) => seq)).toEqual(
      Array.from({ length: 2_000 }, (_, i) => i + 1).filter((seq) => !isControl(seq)),
    );
    expect(seen(queue.peek(Infinity))).toEqual(kept);
    expect(queue.events).toBe(kept.length);
    pushAll(queue, entries(2_001, 2_100));
    expect(seen(queue.peek(Infinity))).toEqual([...kept, ...entries(2_001, 2_100)]);
    expect(seen(queue.peek(Infinity, 2_001))).toEqual(kept);
    expect(queue.peek(Infinity, 1)).toEqual([]);
    queue.release(2_100);
    expect([queue.events, queue.bytes]).toEqual([0, 0]);
  },
);
