import { IDBFactory, IDBKeyRange } from "fake-indexeddb";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import type { SeqRange, StoreCaps } from "../store.ts";
import { systemClock } from "../system-clock.ts";
import { DEVICE, describeStore, drain, EPOCH, entries } from "../testing/store-contract.ts";
import { IndexedDbStore } from "./indexeddb-store.ts";

interface Watched {
  readonly store: IndexedDbStore;
  readonly damage: SeqRange[];
  readonly ended: [string, number][];
}

function storeNamed(
  name: string,
  caps: StoreCaps = { storeBytesMax: 10_000_000, storeEventsMax: 1_000_000 },
): Watched {
  const damage: SeqRange[] = [];
  const ended: [string, number][] = [];
  const store = new IndexedDbStore({
    name,
    clock: systemClock,
    ...caps,
    tell: {
      damage: (range) => damage.push(range),
      quarantined: () => undefined,
      ended: (epoch, lastSeq) => {
        ended.push([epoch, lastSeq]);
        return undefined;
      },
    },
  });
  return { store, damage, ended };
}

beforeEach(() => {
  vi.stubGlobal("indexedDB", new IDBFactory());
  vi.stubGlobal("IDBKeyRange", IDBKeyRange);
});

describeStore(
  "IndexedDbStore",
  (storeBytesMax, storeEventsMax) => storeNamed("contract", { storeBytesMax, storeEventsMax }).store,
);

afterEach(() => {
  vi.unstubAllGlobals();
});

describe("IndexedDbStore without Web Locks", () => {
  it("sends what it finds when it opens, declares nobody dead, and clears it up", async () => {
    vi.stubGlobal("navigator", undefined);
    const first = storeNamed("tonearm").store;
    await first.open(DEVICE, "bbbbbbbbbbbbbbbb");
    await first.append(entries(1, 30));
    const second = storeNamed("tonearm");
    await second.store.open(DEVICE, EPOCH);
    expect(second.store.backlog().events).toBe(30);
    expect((await drain(second.store)).map(({ epoch, seqs }) => [epoch, seqs.length])).toEqual([
      ["bbbbbbbbbbbbbbbb", 30],
    ]);
    expect(second.ended).toEqual([]);
    const third = storeNamed("tonearm").store;
    await third.open(DEVICE, "cccccccccccccccc");
    expect(third.backlog().events).toBe(0);
  });
});
