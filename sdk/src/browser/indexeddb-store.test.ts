import { IDBFactory, IDBKeyRange, IDBObjectStore } from "fake-indexeddb";
import { promisifyRequest } from "idb-keyval";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { NORMAL, type SeqRange, type StoreCaps } from "../store.ts";
import { ManualClock } from "../testing/manual-clock.ts";
import { DEVICE, describeStore, drain, EPOCH, entries } from "../testing/store-contract.ts";
import { IndexedDbStore } from "./indexeddb-store.ts";

interface Watched {
  readonly store: IndexedDbStore;
  readonly clock: ManualClock;
  readonly damage: SeqRange[];
  readonly ended: [string, number][];
}

/** @param closeSeq the number that the declaration of an end gets, if it gets one. */
function storeNamed(
  name: string | false,
  caps: StoreCaps = { storeBytesMax: 10_000_000, storeEventsMax: 1_000_000 },
  closeSeq?: number,
): Watched {
  const damage: SeqRange[] = [];
  const ended: [string, number][] = [];
  const clock = new ManualClock();
  const store = new IndexedDbStore({
    name,
    clock,
    ...caps,
    tell: {
      damage: (range) => damage.push(range),
      quarantined: () => undefined,
      ended: (epoch, lastSeq) => {
        ended.push([epoch, lastSeq]);
        return closeSeq;
      },
    },
  });
  return { store, clock, damage, ended };
}

const OTHER = "bbbbbbbbbbbbbbbb";

/** A store on which `open` was called. */
async function opened(epoch: string, name: string, closeSeq?: number): Promise<Watched> {
  const watched = storeNamed(name, undefined, closeSeq);
  await watched.store.open(DEVICE, epoch);
  return watched;
}

/** What stands in a database, by epoch and number: -1 says whose an epoch is, 0 how far it is acknowledged. */
async function contentOf(name: string): Promise<Map<string, Uint8Array>> {
  const db = await promisifyRequest(indexedDB.open(name));
  const frames = db.transaction("frames").objectStore("frames");
  const [keys, values] = await Promise.all([
    promisifyRequest(frames.getAllKeys()),
    promisifyRequest<Uint8Array[]>(frames.getAll()),
  ]);
  db.close();
  return new Map(keys.map((key, i) => [(key as unknown[]).slice(0, 2).join(), values[i]!]));
}

/** Changes what stands in a database. */
async function change(name: string, work: (frames: IDBObjectStore) => Promise<void>): Promise<void> {
  const db = await promisifyRequest(indexedDB.open(name));
  const transaction = db.transaction("frames", "readwrite");
  await work(transaction.objectStore("frames"));
  await promisifyRequest(transaction);
  db.close();
}

const until = (condition: () => boolean) => vi.waitFor(() => expect(condition()).toBe(true));

beforeEach(() => {
  vi.stubGlobal("indexedDB", new IDBFactory());
  vi.stubGlobal("IDBKeyRange", IDBKeyRange);
});

afterEach(() => {
  vi.unstubAllGlobals();
  vi.restoreAllMocks();
});

describeStore(
  "IndexedDbStore",
  (storeBytesMax, storeEventsMax) => storeNamed("contract", { storeBytesMax, storeEventsMax }).store,
);

describeStore(
  "IndexedDbStore in memory",
  (storeBytesMax, storeEventsMax) => storeNamed(false, { storeBytesMax, storeEventsMax }).store,
);

describe("IndexedDbStore and the epochs of others", () => {
  it("leaves one alone whose owner lives, and takes it over when the owner is gone", async () => {
    const first = await opened(OTHER, "living");
    await first.store.append(entries(1, 30));
    const second = await opened(EPOCH, "living", 2);
    await second.clock.settle();
    expect(second.ended).toEqual([]);
    expect(second.store.backlog().events).toBe(0);
    // A page that is frozen gives its locks back, as a process does that dies.
    await first.store.suspend();
    await until(() => second.ended.length > 0);
    expect(second.ended).toEqual([[OTHER, 30]]);
    expect(await drain(second.store)).toEqual([
      { epoch: OTHER, seqs: Array.from({ length: 30 }, (_, i) => i + 1) },
    ]);
  });

  it("deletes one when it is delivered and its end is durably declared, not before", async () => {
    const first = await opened(OTHER, "ending");
    await first.store.append(entries(1, 30));
    await first.store.suspend();
    const second = await opened(EPOCH, "ending", 2);
    await until(() => second.ended.length > 0);
    await drain(second.store);
    expect([...(await contentOf("ending")).keys()]).toEqual([`${OTHER},-1`, `${OTHER},0`, `${OTHER},1`]);
    await second.store.append(entries(1, 1));
    expect([...(await contentOf("ending")).keys()]).toContain(`${OTHER},1`);
    await second.store.append(entries(2, 2));
    expect([...(await contentOf("ending")).keys()]).toEqual([`${EPOCH},-1`, `${EPOCH},1`, `${EPOCH},2`]);
  });

  it("keeps one whose end cannot be declared any more, for somebody else", async () => {
    const first = await opened(OTHER, "undeclared");
    await first.store.append(entries(1, 30));
    await first.store.suspend();
    const second = await opened(EPOCH, "undeclared");
    await until(() => second.ended.length > 0);
    await drain(second.store);
    await second.store.append(entries(1, 5));
    await drain(second.store);
    await second.store.close();
    const third = await opened("cccccccccccccccc", "undeclared", 2);
    await until(() => third.ended.length > 0);
    expect(third.ended).toEqual([[OTHER, 30]]);
    expect(third.store.backlog().events).toBe(0);
  });

  it("deletes only what it knew of when the owner came back and wrote on", async () => {
    const first = await opened(OTHER, "returned");
    await first.store.append(entries(1, 30));
    await first.store.suspend();
    const second = await opened(EPOCH, "returned", 1);
    await until(() => second.ended.length > 0);
    await first.store.resume();
    await first.store.append(entries(31, 40));
    await drain(second.store);
    await second.store.append(entries(1, 1));
    const left = await contentOf("returned");
    expect([...left.keys()]).toEqual(expect.arrayContaining([`${OTHER},-1`, `${OTHER},31`]));
    expect([...left.keys()]).not.toContain(`${OTHER},1`);
    expect((await drain(first.store)).at(-1)?.seqs.at(-1)).toBe(40);
    expect(first.damage).toEqual([]);
  });

  it("sends older ones first", async () => {
    for (const epoch of ["zzzzzzzzzzzzzzzz", "mmmmmmmmmmmmmmmm", OTHER]) {
      const { store } = await opened(epoch, "order");
      await store.append(entries(1, 3));
      await store.suspend();
    }
    const last = await opened(EPOCH, "order", 99);
    await until(() => last.ended.length === 3);
    await last.store.append(entries(1, 3));
    expect((await drain(last.store)).map(({ epoch }) => epoch)).toEqual([
      "zzzzzzzzzzzzzzzz",
      "mmmmmmmmmmmmmmmm",
      OTHER,
      EPOCH,
    ]);
  });

  it("gives an old one up before its own, and declares under its name", async () => {
    const first = await opened(OTHER, "caps");
    for (let seq = 1; seq <= 100; seq += 10) await first.store.append(entries(seq, seq + 9, NORMAL, 1_000));
    await first.store.suspend();
    const second = storeNamed("caps", { storeBytesMax: 150_000, storeEventsMax: 1_000_000 }, 999);
    await second.store.open(DEVICE, EPOCH);
    await until(() => second.ended.length > 0);
    await second.store.append(entries(1, 20, NORMAL, 1_000));
    const plan = await second.store.planEviction(40_000, 20);
    expect(plan?.ranges).toEqual([{ epoch: OTHER, fromSeq: 1, toSeq: 20 }]);
    await plan?.apply();
    expect((await drain(second.store)).map(({ epoch, seqs }) => [epoch, seqs[0], seqs.at(-1)])).toEqual([
      [OTHER, 21, 100],
      [EPOCH, 1, 20],
    ]);
  });
});

describe("IndexedDbStore on a medium that fails", () => {
  it("declares a damaged frame, goes on behind it, and shows nothing of it", async () => {
    const first = await opened(OTHER, "damage");
    for (let seq = 1; seq <= 40; seq += 10) await first.store.append(entries(seq, seq + 9));
    await first.store.suspend();
    const value = (await contentOf("damage")).get(`${OTHER},11`)!;
    value[40]! ^= 0xff;
    await change("damage", async (frames) => {
      const key = (await promisifyRequest(frames.getKey(IDBKeyRange.lowerBound([OTHER, 11]))))!;
      frames.put(value, key);
    });
    const second = await opened(EPOCH, "damage", 99);
    await until(() => second.ended.length > 0);
    const seqs = (await drain(second.store)).flatMap((run) => run.seqs);
    expect(seqs).toEqual([...entries(1, 10), ...entries(21, 40)].map(({ seq }) => seq));
    expect(second.damage).toEqual([{ epoch: OTHER, fromSeq: 11, toSeq: 20 }]);
  });

  it("writes over a new connection, header included, when the old one is dead", async () => {
    const handles: IDBDatabase[] = [];
    const open = indexedDB.open.bind(indexedDB);
    vi.spyOn(indexedDB, "open").mockImplementation((name) => {
      const request = open(name);
      request.addEventListener("success", () => handles.push(request.result));
      return request;
    });
    const { store } = await opened(EPOCH, "dead");
    await store.append(entries(1, 10));
    for (const handle of handles) handle.close();
    expect(await store.append(entries(11, 20))).toEqual({ ok: true });
    expect(handles).toHaveLength(2);
    expect([...(await contentOf("dead")).keys()]).toEqual([`${EPOCH},-1`, `${EPOCH},1`, `${EPOCH},11`]);
  });

  it("says in its answer that there is no room, keeps what it has, and takes more when there is", async () => {
    const { store } = await opened(EPOCH, "full");
    await store.append(entries(1, 10));
    const put = vi.spyOn(IDBObjectStore.prototype, "put").mockImplementation(() => {
      throw new DOMException("full", "QuotaExceededError");
    });
    expect(await store.append(entries(11, 20))).toMatchObject({
      ok: false,
      error: { name: "QuotaExceededError" },
    });
    expect(put).toHaveBeenCalledTimes(1);
    // Forgetting needs no room.
    await store.acknowledge(EPOCH, 5);
    put.mockRestore();
    expect(await store.append(entries(11, 20))).toEqual({ ok: true });
    expect((await drain(store)).map(({ seqs }) => [seqs[0], seqs.at(-1)])).toEqual([[6, 20]]);
  });

  it("gives an opening up that is never answered", async () => {
    const { store, clock } = storeNamed("silent");
    vi.spyOn(indexedDB, "open").mockImplementation(() => new EventTarget() as unknown as IDBOpenDBRequest);
    const opening = store.open(DEVICE, EPOCH).catch((error: Error) => error.message);
    await clock.advance(20_000);
    expect(await opening).toBe("IndexedDB did not answer within 5000 ms");
    expect(clock.timers).toBe(0);
  });
});

describe("IndexedDbStore without Web Locks", () => {
  it("sends what it finds when it opens, declares nobody dead, and clears it up", async () => {
    vi.stubGlobal("navigator", undefined);
    const first = storeNamed("tonearm").store;
    await first.open(DEVICE, OTHER);
    await first.append(entries(1, 30));
    const second = storeNamed("tonearm");
    await second.store.open(DEVICE, EPOCH);
    expect(second.store.backlog().events).toBe(30);
    expect((await drain(second.store)).map(({ epoch, seqs }) => [epoch, seqs.length])).toEqual([[OTHER, 30]]);
    expect(second.ended).toEqual([]);
    const third = storeNamed("tonearm").store;
    await third.open(DEVICE, "cccccccccccccccc");
    expect(third.backlog().events).toBe(0);
  });
});
