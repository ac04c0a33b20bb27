/** The promises of the `Store` port as tests. Every implementation runs them. */
import { describe, expect, it } from "vitest";
import { CONTROL, type Entry, NORMAL, type Priority, type Run, type Store } from "../store.ts";

/** A fresh store, with room for about `bytesMax` bytes and `eventsMax` events. */
export type MakeStore = (bytesMax: number, eventsMax: number) => Promise<Store> | Store;

export const DEVICE = "speaker-1";
export const EPOCH = "aaaaaaaaaaaaaaaa";
const WIDE = { eventsMax: 1_000, bytesMax: 1_000_000 };

/** Events that say their own number. */
export function entries(fromSeq: number, toSeq: number, priority: Priority = NORMAL, size = 20): Entry[] {
  return Array.from({ length: toSeq - fromSeq + 1 }, (_, i) => {
    const text = `event ${fromSeq + i}`.padEnd(size, ".");
    return { seq: fromSeq + i, priority, bytes: new TextEncoder().encode(text) };
  });
}

/** The sequence numbers of a run; the content is checked on the way. */
export function seqsOf(run: Run | undefined): number[] {
  return (run?.events ?? []).flatMap((bytes, i) => {
    const seq = run!.firstSeq + i;
    if (bytes.length === 0) return [];
    expect(new TextDecoder().decode(bytes)).toMatch(new RegExp(`^event ${seq}\\.*$`));
    return seq;
  });
}

/** Reads and acknowledges until nothing is left. */
export async function drain(store: Store): Promise<{ epoch: string; seqs: number[] }[]> {
  const drained: { epoch: string; seqs: number[] }[] = [];
  for (let run = await store.read(WIDE); run; run = await store.read(WIDE)) {
    drained.push({ epoch: run.epoch, seqs: seqsOf(run) });
    await store.acknowledge(run.epoch, run.firstSeq + run.events.length - 1);
  }
  return drained;
}

const range = (from: number, to: number) => Array.from({ length: to - from + 1 }, (_, i) => from + i);

export function describeStore(name: string, make: MakeStore): void {
  describe(`${name} keeps the promises of a store`, () => {
    const opened = async (bytesMax = 10_000_000, eventsMax = 1_000_000) => {
      const store = await make(bytesMax, eventsMax);
      expect((await store.open(DEVICE, EPOCH)).previous).toBeUndefined();
      return store;
    };

    it("shows nothing while it is empty", async () => {
      const store = await opened();
      expect(await store.read(WIDE)).toBeUndefined();
      expect(store.backlog().events).toBe(0);
      await store.close();
    });

    it("shows the same events again until they are acknowledged", async () => {
      const store = await opened();
      expect(await store.append(entries(1, 5))).toEqual({ ok: true });
      expect(seqsOf(await store.read(WIDE))).toEqual([1, 2, 3, 4, 5]);
      expect(seqsOf(await store.read(WIDE))).toEqual([1, 2, 3, 4, 5]);
      await store.acknowledge(EPOCH, 3);
      expect(seqsOf(await store.read(WIDE))).toEqual([4, 5]);
      expect(store.backlog().events).toBe(2);
      await store.close();
    });

    it("names device and epoch of a run", async () => {
      const store = await opened();
      await store.append(entries(1, 1));
      expect(await store.read(WIDE)).toMatchObject({ device: DEVICE, epoch: EPOCH, firstSeq: 1 });
      await store.close();
    });

    it("ends a run at a hole and goes on behind it", async () => {
      const store = await opened();
      await store.append([...entries(1, 2), ...entries(5, 6)]);
      expect(seqsOf(await store.read(WIDE))).toEqual([1, 2]);
      await store.acknowledge(EPOCH, 2);
      expect(seqsOf(await store.read(WIDE))).toEqual([5, 6]);
      await store.close();
    });

    it("goes on behind a hole that is not wider than is wished, and shows it as empty", async () => {
      const store = await opened();
      await store.append([...entries(1, 2), ...entries(5, 6), ...entries(10, 11)]);
      const run = await store.read({ ...WIDE, gapMax: 2 });
      expect(seqsOf(run)).toEqual([1, 2, 5, 6]);
      expect(run!.events.map(({ length }) => length > 0)).toEqual([true, true, false, false, true, true]);
      expect(seqsOf(await store.read({ ...WIDE, gapMax: 3 }))).toEqual([1, 2, 5, 6, 10, 11]);
      // A hole counts as so many numbers, and no run ends with one.
      expect(seqsOf(await store.read({ ...WIDE, gapMax: 2, eventsMax: 4 }))).toEqual([1, 2]);
      await store.acknowledge(EPOCH, 5);
      expect(seqsOf(await store.read({ ...WIDE, gapMax: 2 }))).toEqual([6]);
      await store.close();
    });

    it("keeps a run within its limits, but shows at least one event", async () => {
      const store = await opened();
      await store.append(entries(1, 10));
      expect(seqsOf(await store.read({ eventsMax: 4, bytesMax: 1_000_000 }))).toEqual([1, 2, 3, 4]);
      expect(seqsOf(await store.read({ eventsMax: 100, bytesMax: 65 }))).toEqual([1, 2, 3]);
      expect(seqsOf(await store.read({ eventsMax: 100, bytesMax: 1 }))).toEqual([1]);
      await store.close();
    });

    it("joins commits into one run", async () => {
      const store = await opened();
      for (let seq = 1; seq <= 30; seq++) await store.append(entries(seq, seq));
      expect(seqsOf(await store.read(WIDE))).toEqual(range(1, 30));
      await store.close();
    });

    it("ignores an acknowledgement of another epoch", async () => {
      const store = await opened();
      await store.append(entries(1, 3));
      await store.acknowledge("bbbbbbbbbbbbbbbb", 3);
      expect(seqsOf(await store.read(WIDE))).toEqual([1, 2, 3]);
      await store.close();
    });

    it("proposes nothing to evict while it is within its caps", async () => {
      const store = await opened();
      await store.append(entries(1, 10));
      expect(await store.planEviction(1_000, 10)).toBeUndefined();
      await store.close();
    });

    it("gives up the oldest of the least important, exactly what it declared, and only when told to", async () => {
      const store = await opened(100_000);
      await store.append(entries(1, 1, CONTROL));
      let seq = 2;
      let plan = await store.planEviction(2_000, 10);
      for (; !plan; plan = await store.planEviction(2_000, 10)) {
        await store.append(entries(seq, seq + 9, seq % 3 === 0 ? 3 : NORMAL, 200));
        seq += 10;
      }
      const before = store.backlog().events;
      const declared = plan.ranges.flatMap(({ fromSeq, toSeq }) => range(fromSeq, toSeq));
      expect(declared.length).toBeGreaterThan(0);
      expect(store.backlog().events).toBe(before);
      await plan.apply();
      expect(store.backlog().events).toBe(before - declared.length);
      const left = (await drain(store)).flatMap((run) => run.seqs);
      expect(left).toEqual(range(1, seq - 1).filter((each) => !declared.includes(each)));
      expect(declared).not.toContain(1);
      await store.close();
    });

    it("never gives up a control record, whatever its caps: without it the others' drops would be undeclared", async () => {
      const store = await opened(1_000, 5);
      await store.append(entries(1, 10, CONTROL, 2_000));
      await store.append(entries(11, 20, NORMAL, 2_000));
      await store.append(entries(21, 30, CONTROL, 2_000));
      for (let round = 0; round < 20; round++) await (await store.planEviction(10_000, 10))?.apply();
      const left = (await drain(store)).flatMap((run) => run.seqs);
      expect(left.filter((seq) => seq <= 10 || seq > 20)).toEqual([...range(1, 10), ...range(21, 30)]);
      await store.close();
    });

    it.each([
      ["bytes", 240_000, 1_000_000],
      ["events", 10_000_000, 1_000],
    ])(
      "gives up bulk first and critical last at its cap of %s, declared by count",
      async (_, bytesMax, eventsMax) => {
        const store = await opened(bytesMax, eventsMax);
        let lastSeq = 0;
        let declared = 0;
        /** Appends as a committer does: what has to go is declared first, and goes afterwards. */
        const fill = async (count: number, priorityOf: (seq: number) => Priority) => {
          for (const end = lastSeq + count; lastSeq < end; lastSeq += 20) {
            const plan = await store.planEviction(4_400, 20);
            const seqs = range(lastSeq + 1, lastSeq + 20);
            await store.append(seqs.flatMap((seq) => entries(seq, seq, priorityOf(seq), 200)));
            for (const { fromSeq, toSeq, count: given = toSeq - fromSeq + 1 } of plan?.ranges ?? [])
              declared += given;
            await plan?.apply();
          }
        };
        // Of ten events one is critical, three are normal, six are bulk.
        const mixed = (seq: number): Priority => (seq % 10 === 0 ? 1 : seq % 10 < 4 ? 2 : 3);
        await fill(2_000, mixed);
        expect(store.backlog().events).toBe(2_000 - declared);
        await fill(700, () => 1);
        expect(store.backlog().events).toBe(2_700 - declared);
        const left = (await drain(store)).flatMap(({ seqs }) => seqs);
        const leftOf = (priority: Priority) => left.filter((seq) => seq <= 2_000 && mixed(seq) === priority);
        expect(left.length).toBe(2_700 - declared);
        expect(left.filter((seq) => seq > 2_000)).toHaveLength(700);
        expect(leftOf(1)).toHaveLength(200);
        expect(leftOf(3)).toEqual([]);
        // What is left of the normal ones is the newest of them.
        const normal = range(1, 2_000).filter((seq) => mixed(seq) === 2);
        expect(leftOf(2)).toEqual(normal.slice(normal.length - leftOf(2).length));
        await store.close();
      },
    );

    it("gives up nothing but bulk while that is enough", async () => {
      const store = await opened(10_000_000, 1_000);
      for (let seq = 1; seq < 3_000; seq += 20) {
        const plan = await store.planEviction(4_400, 20);
        const priorityOf = (each: number): Priority => (each % 4 === 0 ? NORMAL : 3);
        await store.append(
          range(seq, seq + 19).flatMap((each) => entries(each, each, priorityOf(each), 200)),
        );
        await plan?.apply();
      }
      const left = (await drain(store)).flatMap(({ seqs }) => seqs);
      expect(left.filter((seq) => seq % 4 === 0)).toHaveLength(750);
      expect(left.length).toBeLessThanOrEqual(1_000);
      await store.close();
    });

    it("purges everything but control records, exactly what it declared, and only when told to", async () => {
      const store = await opened();
      await store.append([...entries(1, 1, CONTROL), ...entries(2, 9, 1)]);
      await store.append([...entries(10, 10, CONTROL), ...entries(11, 20), ...entries(23, 30, 3)]);
      await store.acknowledge(EPOCH, 4);
      const { ranges, apply } = await store.planPurge();
      expect(ranges.flatMap(({ fromSeq, toSeq }) => range(fromSeq, toSeq))).toEqual([
        ...range(5, 9),
        ...range(11, 20),
        ...range(23, 30),
      ]);
      expect(seqsOf(await store.read(WIDE))).toEqual(range(5, 20));
      await store.append(entries(31, 32, CONTROL));
      expect(await apply()).toBe(true);
      expect(store.backlog().events).toBe(3);
      await store.append(entries(33, 40));
      expect((await drain(store)).map(({ seqs }) => seqs)).toEqual([[10], range(31, 40)]);
      expect(store.backlog().events).toBe(0);
      await store.close();
    });

    it("purges what it has read already, and nothing twice", async () => {
      const store = await opened();
      for (let seq = 1; seq <= 50; seq += 10) await store.append(entries(seq, seq + 9));
      await store.read(WIDE);
      await store.acknowledge(EPOCH, 25);
      const first = await store.planPurge();
      expect(first.ranges).toMatchObject([{ epoch: EPOCH, fromSeq: 26 }]);
      await first.apply();
      expect(await store.read(WIDE)).toBeUndefined();
      const second = await store.planPurge();
      expect(second.ranges).toEqual([]);
      expect(await second.apply()).toBe(true);
      await store.append(entries(51, 60));
      expect((await drain(store)).map(({ seqs }) => seqs)).toEqual([range(51, 60)]);
      await store.close();
    });
  });
}
