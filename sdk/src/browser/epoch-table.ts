/**
 * What stands in the database, beside each other for every epoch:
 *
 *   [epoch, -1, index, device]                        whose it is; without a value
 *   [epoch, 0]                                        how far it is acknowledged
 *   [epoch, first, last, bytes, set of priorities]    events from number `first` to number `last`
 *
 * So an epoch is looked through by its keys alone. For the values see `sealed.ts`.
 */
import { promisifyRequest } from "idb-keyval";
import type { Entry, Priority } from "../store.ts";
import { encodeText } from "../wire/ndjson.ts";
import type { Database } from "./database.ts";
import { seal, unseal } from "./sealed.ts";
import { type Frame, StoredEpoch } from "./stored-epoch.ts";

const OWNER = -1;
const ACKNOWLEDGED = 0;

type Key = readonly [epoch: string, at: number, ...rest: unknown[]];

/** Reads and writes epochs. Everything rejects with the browser's error, and can be repeated. */
export class EpochTable {
  readonly #use: Database["use"];
  /** The connection over which our epoch's owner was written; over another one the database may be another. */
  #ownerOn: IDBDatabase | undefined;

  constructor({ use }: Database) {
    this.#use = use;
  }

  /** All epochs of which anybody can tell whose they are, one short look-up for each. */
  epochs(): Promise<StoredEpoch[]> {
    return this.#use("readonly", async (store) => {
      const epochs: StoredEpoch[] = [];
      for (let id = ""; ; ) {
        const key = (await promisifyRequest(store.getKey(IDBKeyRange.lowerBound(behind(id))))) as
          | Key
          | undefined;
        if (!key) return epochs;
        const epoch = epochOf(key);
        if (epoch) epochs.push(epoch);
        [id] = key;
      }
    });
  }

  /** Looks through an epoch; undefined when nobody can tell whose it is. */
  async read(id: string): Promise<StoredEpoch | undefined> {
    const [keys, ack] = await this.#use("readonly", (store) =>
      Promise.all([
        promisifyRequest(store.getAllKeys(within(id, OWNER))) as unknown as Promise<Key[]>,
        promisifyRequest<Uint8Array | undefined>(store.get([id, ACKNOWLEDGED])),
      ]),
    );
    const epoch = keys[0] && epochOf(keys[0]);
    if (!epoch) return undefined;
    epoch.add(keys.filter(([, at]) => at > 0).map(frameOfKey));
    const [line] = (ack && unseal(id, ack)) ?? [];
    epoch.acknowledged = Number(new TextDecoder().decode(line));
    return epoch;
  }

  /**
   * Stores frames of our own epoch, durably, all or none.
   * @param always whether its owner is written each time, because somebody may clear up behind us.
   */
  async append(epoch: StoredEpoch, frames: readonly Frame[], always: boolean): Promise<void> {
    const { id, index, device } = epoch;
    this.#ownerOn = await this.#write("strict", (store) => {
      const { db } = store.transaction;
      if (always || db !== this.#ownerOn) store.put(undefined, [id, OWNER, index, device]);
      put(store, epoch, frames);
      return db;
    });
  }

  /** Reads events into frames; returns those of them that are missing (`false`) or damaged (`true`). */
  async load(epoch: StoredEpoch, frames: readonly Frame[]): Promise<Map<Frame, boolean>> {
    const absent = frames.filter(({ entries }) => !entries);
    const bad = new Map<Frame, boolean>();
    if (absent.length === 0) return bad;
    const values = await this.#use("readonly", (store) =>
      Promise.all(absent.map((frame) => promisifyRequest(store.get(keyOf(epoch, frame))))),
    );
    for (const [i, frame] of absent.entries()) {
      frame.entries = entriesIn(epoch, frame, values[i]);
      if (!frame.entries) bad.set(frame, values[i] !== undefined);
    }
    return bad;
  }

  /** Notes how far an epoch is acknowledged, and deletes frames up to the one that begins with number `gone`. */
  async acknowledge({ id, acknowledged }: StoredEpoch, gone: number): Promise<void> {
    const forget = (store: IDBObjectStore) => void (gone > 0 && store.delete(within(id, 1, gone)));
    const note = (store: IDBObjectStore) => {
      forget(store);
      store.put(seal(id, [encodeText(`${acknowledged}`)]), [id, ACKNOWLEDGED]);
    };
    // An acknowledgement lost costs a duplicate at worst. A full disk takes nothing, but it can forget.
    await this.#write("relaxed", note).catch(() => this.#write("relaxed", forget));
  }

  /** Puts what must stay of frames into their place, durably. */
  replace(
    frames: readonly (readonly [epoch: StoredEpoch, gone: Frame, left: readonly Frame[]])[],
  ): Promise<void> {
    return this.#write("strict", (store) => {
      for (const [epoch, gone, left] of frames) {
        store.delete(keyOf(epoch, gone));
        put(store, epoch, left);
      }
    });
  }

  /** Deletes an epoch; when its owner has gone on writing behind our back, only what we know of it. */
  remove({ id, lastSeq }: StoredEpoch): Promise<void> {
    return this.#write("relaxed", async (store) => {
      const newer = await promisifyRequest(store.getKey(within(id, lastSeq + 1)));
      store.delete(within(id, newer ? 1 : OWNER, lastSeq));
    });
  }

  #write<T>(
    durability: IDBTransactionDurability,
    work: (store: IDBObjectStore) => T | Promise<T>,
  ): Promise<T> {
    return this.#use(
      "readwrite",
      async (store) => {
        const result = await work(store);
        // It is not to wait for a page that may be gone by then.
        store.transaction.commit();
        await promisifyRequest(store.transaction);
        return result;
      },
      durability,
    );
  }
}

function put(store: IDBObjectStore, epoch: StoredEpoch, frames: readonly Frame[]): void {
  for (const frame of frames) store.put(sealedOf(epoch, frame), keyOf(epoch, frame));
}

/** An array sorts behind every number and every text, so this is behind all keys that begin with `parts`. */
const behind = (...parts: (string | number)[]) => [...parts, []];

/** The keys of an epoch from number `from` on, up to number `to` where one is given. */
const within = (id: string, from: number, ...to: number[]): IDBKeyRange =>
  IDBKeyRange.bound([id, from], behind(id, ...to));

function epochOf([id, at, index, device]: Key): StoredEpoch | undefined {
  return at === OWNER ? new StoredEpoch(id, index as number, device as string) : undefined;
}

const keyOf = ({ id }: StoredEpoch, { firstSeq, lastSeq, bytes, priorities }: Frame) => [
  id,
  firstSeq,
  lastSeq,
  bytes,
  priorities,
];

const frameOfKey = ([, firstSeq, lastSeq, bytes, priorities]: Key) =>
  ({ firstSeq, lastSeq, bytes, priorities }) as Frame;

/** What a value is sealed with: no other frame, and none of another device, opens it. */
const nameOf = (epoch: StoredEpoch, frame: Frame): string => [epoch.device, ...keyOf(epoch, frame)].join();

const sealedOf = (epoch: StoredEpoch, frame: Frame): Uint8Array => {
  const entries = frame.entries!;
  const priorities = encodeText(entries.map(({ priority }) => priority).join(""));
  return seal(nameOf(epoch, frame), [priorities, ...entries.map(({ bytes }) => bytes)]);
};

/** The events of a stored value; undefined when it is missing or damaged. */
function entriesIn(epoch: StoredEpoch, frame: Frame, value: Uint8Array | undefined): Entry[] | undefined {
  const [priorities, ...events] = (value && unseal(nameOf(epoch, frame), value)) ?? [];
  return (
    priorities &&
    events.map((bytes, i) => {
      return { seq: frame.firstSeq + i, priority: (priorities[i]! & 3) as Priority, bytes };
    })
  );
}
