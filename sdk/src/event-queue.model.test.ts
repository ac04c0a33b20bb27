import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { type EventQueue, PlainQueue } from "./event-queue.ts";
import { PackedQueue } from "./node/packed-queue.ts";
import type { Packer } from "./packer.ts";
import { CONTROL, type Entry, type Priority } from "./store.ts";
import { holds } from "./testing/model-runs.ts";

/** A peek of a queue that packs may end so much earlier: what is packed goes as a whole. */
const BLOCK_BYTES = 65_536;
/** Makes nothing smaller, so that a hundred thousand runs take seconds. */
const idlePacker: Packer = {
  pack: (bytes, headroom) => {
    const packed = new Uint8Array(headroom + bytes.length);
    packed.set(bytes, headroom);
    return packed;
  },
  unpack: (bytes) => bytes.slice(),
};

interface Expected {
  readonly seq: number;
  readonly priority: Priority;
  readonly length: number;
}

const sum = (entries: readonly Expected[]): number =>
  entries.reduce((bytes, { length }) => bytes + length, 0);
/** The first byte of an event's bytes and all others. */
const fillOf = (seq: number): number => seq % 251;

/** What a queue must be: a list. */
class Model {
  entries: Expected[] = [];
  lastSeq = 10;
  /** What was shown at some time, and was right then. */
  readonly shown: { readonly entries: readonly Entry[]; readonly expected: readonly Expected[] }[] = [];

  next(gap: number, priority: Priority, length: number): Expected {
    this.lastSeq += gap + 1;
    return { seq: this.lastSeq, priority, length };
  }
}

type Act = (model: Model, queue: EventQueue) => void;

class Command implements fc.Command<Model, EventQueue> {
  readonly #name: string;
  readonly #act: Act;

  constructor(name: string, act: Act) {
    this.#name = name;
    this.#act = act;
  }

  check = () => true;

  run(model: Model, queue: EventQueue): void {
    this.#act(model, queue);
    demand(queue.events === model.entries.length, `${queue.events} events, ${model.entries.length} expected`);
    if (queue instanceof PlainQueue) demand(queue.bytes === sum(model.entries), `${queue.bytes} bytes`);
    if (model.entries.length === 0) demand(queue.bytes === 0, `${queue.bytes} bytes of an empty queue`);
  }

  toString(): string {
    return this.#name;
  }
}

function demand(isKept: boolean, broken: string): void {
  if (!isKept) throw new Error(broken);
}

function checkEntries(shown: readonly Entry[], expected: readonly Expected[]): void {
  for (const [i, { seq, priority, bytes }] of shown.entries()) {
    const wanted = expected[i];
    demand(seq === wanted?.seq && priority === wanted.priority, `${seq} is shown, not ${wanted?.seq}`);
    const isWhole =
      bytes.length === wanted!.length && bytes[0] === fillOf(seq) && bytes.at(-1) === fillOf(seq);
    demand(isWhole, `${seq} is not what was pushed`);
  }
}

/** @param reused the room that a codec makes its bytes in, one event after the other; undefined where each has its own. */
const push = (model: Model, queue: EventQueue, event: Expected, reused: Uint8Array | undefined): void => {
  const bytes = reused?.subarray(0, event.length) ?? new Uint8Array(event.length);
  queue.push({ seq: event.seq, priority: event.priority, bytes: bytes.fill(fillOf(event.seq)) });
  model.entries.push(event);
};

function peek(model: Model, queue: EventQueue, bytesMax: number, beforeSeq: number): void {
  const shown = queue.peek(bytesMax, beforeSeq);
  const before = model.entries.filter(({ seq }) => seq < beforeSeq);
  checkEntries(shown, before);
  const bytes = sum(before.slice(0, shown.length));
  demand(shown.length > 0 || before.length === 0, "nothing is shown, and something waits");
  demand(shown.length < 2 || bytes <= bytesMax, `${bytes} bytes are shown, ${bytesMax} are wanted`);
  const next = before[shown.length];
  const slack = queue instanceof PlainQueue ? 0 : BLOCK_BYTES;
  demand(!next || bytes + next.length > bytesMax - slack, `only ${bytes} bytes of ${bytesMax} are shown`);
  model.shown.push({ entries: shown, expected: before });
}

function release(model: Model, queue: EventQueue, throughSeq: number): void {
  const gone = model.entries.filter(({ seq }) => seq <= throughSeq);
  model.entries = model.entries.filter(({ seq }) => seq > throughSeq);
  const bytes = queue.release(throughSeq);
  demand(bytes === sum(gone), `${bytes} bytes are said to go, ${sum(gone)} do`);
}

function purge(model: Model, queue: EventQueue): void {
  const gone = model.entries.filter(({ priority }) => priority !== CONTROL);
  model.entries = model.entries.filter(({ priority }) => priority === CONTROL);
  const said = queue.purge().map(({ seq }) => seq);
  demand(said.join() === gone.map(({ seq }) => seq).join(), "a purge names others than it takes");
}

const { integer, constantFrom, tuple, constant } = fc;
const priorities = integer({ min: 0, max: 3 }).map((priority) => priority as Priority);

/** @param sizes of events, in bytes. @param most events pushed at once. */
function commandsFor(sizes: fc.Arbitrary<number>, most: number, reused: Uint8Array | undefined) {
  const pushes = tuple(integer({ min: 1, max: most }), constantFrom(0, 0, 0, 3), priorities, sizes);
  return [
    ...[1, 2, 3].map(() =>
      pushes.map(
        ([count, gap, priority, size]) =>
          new Command(`push(${[count, gap, priority, size]})`, (model, queue) => {
            for (let i = 0; i < count; i++)
              push(model, queue, model.next(i === 0 ? gap : 0, priority, size + (i % 7)), reused);
          }),
      ),
    ),
    constant(
      new Command("unshift()", (model, queue) => {
        const seq = (model.entries[0]?.seq ?? model.lastSeq + 1) - 1;
        if (seq < 1 || (model.entries.length === 0 && model.lastSeq !== 10)) return;
        const event = { seq, priority: CONTROL, length: 30 };
        queue.unshift({ ...event, bytes: new Uint8Array(30).fill(fillOf(seq)) });
        model.entries.unshift(event);
      }),
    ),
    tuple(constantFrom(1, 100, 5_000, 100_000, Infinity), constantFrom(Infinity, Infinity, 12, 40)).map(
      ([bytesMax, beforeSeq]) =>
        new Command(`peek(${[bytesMax, beforeSeq]})`, (model, queue) =>
          peek(model, queue, bytesMax, beforeSeq),
        ),
    ),
    constantFrom(0, 0.3, 0.6, 1, 1.2).map(
      (part) =>
        new Command(`release(${part})`, (model, queue) => {
          const from = (model.entries[0]?.seq ?? model.lastSeq) - 1;
          release(model, queue, from + Math.ceil((model.lastSeq - from) * part));
        }),
    ),
    constant(new Command("purge()", purge)),
  ];
}

const ROOM = new Uint8Array(100_000);
const small = integer({ min: 1, max: 300 });
const large = constantFrom(1, 5_000, 30_000, 65_536, 70_000);

/** What `make` makes is a list, whatever is done to it. */
const lists = (make: () => EventQueue, commands: fc.Arbitrary<Command>[], maxCommands: number) =>
  fc.property(fc.commands(commands, { maxCommands, size: "max" }), (course) => {
    const model = new Model();
    const queue = make();
    fc.modelRun(() => ({ model, real: queue }), course);
    for (const { entries, expected } of model.shown) checkEntries(entries, expected);
    peek(model, queue, Infinity, Infinity);
    release(model, queue, Infinity);
    demand(queue.events === 0 && queue.bytes === 0, "something is left of an empty queue");
  });

const packed = () => new PackedQueue(idlePacker);
const FILE = "event-queue.model";
const COURSES = {
  "a plain queue": {
    runs: 19_000,
    property: lists(() => new PlainQueue(), commandsFor(small, 5, undefined), 24),
  },
  "a packed queue": { runs: 20_000, property: lists(packed, commandsFor(small, 5, ROOM), 24) },
  "a packed queue in a burst": { runs: 2_000, property: lists(packed, commandsFor(large, 12, ROOM), 16) },
};

describe("a queue is a list: what is pushed is shown in order, stays as it was, and goes when it is released", () => {
  it.each(Object.entries(COURSES))("%s", { timeout: 600_000 }, async (name, { runs, property }) => {
    expect(await holds(property, runs, FILE, `${FILE}.${name.replaceAll(" ", "-")}`)).toBeGreaterThan(0);
  });

  it.each<[string, (queue: PackedQueue) => Partial<EventQueue>]>([
    ["a release takes one too many", (queue) => ({ release: (through) => queue.release(through + 1) })],
    ["a release takes none of a block before its end", (queue) => ({ release: () => queue.release(0) })],
    ["a peek shows what is held back", (queue) => ({ peek: (bytesMax) => queue.peek(bytesMax) })],
    ["a peek shows more than is wanted", (queue) => ({ peek: (_, before) => queue.peek(Infinity, before) })],
    [
      "a peek begins behind the oldest",
      (queue) => ({ peek: (most, before) => queue.peek(most, before).slice(1) }),
    ],
    ["a purge takes control records, too", (queue) => ({ purge: () => queue.peek(queue.release(Infinity)) })],
    ["a purge leaves everything", () => ({ purge: () => [] })],
    ["what goes first is put last", (queue) => ({ unshift: (entry) => queue.push(entry) })],
    [
      "a push is lost",
      (queue) => ({ push: (entry) => (entry.seq % 50 > 0 ? queue.push(entry) : undefined) }),
    ],
  ])("finds it when %s (control)", (_, change) => {
    const broken = () => {
      const queue = packed();
      const whole: EventQueue = {
        get events() {
          return queue.events;
        },
        get bytes() {
          return queue.bytes;
        },
        push: (entry) => queue.push(entry),
        unshift: (entry) => queue.unshift(entry),
        peek: (bytesMax, beforeSeq) => queue.peek(bytesMax, beforeSeq),
        release: (throughSeq) => queue.release(throughSeq),
        purge: () => queue.purge(),
      };
      return Object.defineProperties(whole, Object.getOwnPropertyDescriptors(change(queue)));
    };
    const { failed } = fc.check(lists(broken, commandsFor(small, 5, ROOM), 24), { seed: 1, numRuns: 500 });
    expect(failed).toBe(true);
  });

  it("finds it when bytes are kept that the codec makes the next ones in (control)", () => {
    const property = lists(() => new PlainQueue(), commandsFor(small, 5, ROOM), 24);
    expect(fc.check(property, { seed: 1, numRuns: 500 }).failed).toBe(true);
  });
});
