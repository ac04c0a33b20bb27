/**
 * What stands in the database, beside each other for every epoch:
 *
 *   [epoch, -1]  how far it is acknowledged: an ACK frame
 *   [epoch, 0]   whose it is: the header of a segment
 *   [epoch, n]   events from number n on: an EVENTS frame
 *
 * Headers and frames are those of the file log, see `segment-format.ts`.
 */
import { getMany, promisifyRequest, type UseStore } from "idb-keyval";
import {
  decodeFrame,
  decodeHeader,
  encodeAckFrame,
  encodeEventsFrame,
  encodeHeader,
  entriesOf,
  type SegmentHeader,
} from "../file-log/segment-format.ts";
import { stretchesOf } from "../run.ts";
import type { Entry } from "../store.ts";
import type { Database } from "./database.ts";
import type { Sacrifice } from "./eviction.ts";
import { type Frame, frameOf, StoredEpoch } from "./stored-epoch.ts";

const ACKNOWLEDGED = -1;
const HEADER = 0;

/** Frames read at once while an epoch is looked through; each is at most a commit long. */
const FRAMES_AT_ONCE = 16;

/** Reads and writes epochs. Everything rejects with the browser's error, and can be repeated. */
export class EpochTable {
  readonly #strict: UseStore;
  /** For what may be lost: an acknowledgement lost costs a duplicate at worst. */
  readonly #relaxed: UseStore;
  /** The connection over which our header was written; over another one the database may be another. */
  #headerOn: IDBDatabase | undefined;

  constructor(database: Database) {
    this.#strict = database.use("strict");
    this.#relaxed = database.use("relaxed");
  }

  /** The ids of all epochs, one short look-up for each. */
  ids(): Promise<string[]> {
    return this.#relaxed("readonly", async (store) => {
      const ids: string[] = [];
      for (;;) {
        // An array sorts behind every number, so this is behind all keys of the last epoch.
        const behind = IDBKeyRange.lowerBound([ids.at(-1) ?? "", []]);
        const key = (await promisifyRequest(store.getKey(behind))) as [string] | undefined;
        if (!key) return ids;
        ids.push(key[0]);
      }
    });
  }

  /** Headers of epochs, those that can be read. */
  async headers(ids: readonly string[]): Promise<SegmentHeader[]> {
    const keys = ids.map((id) => [id, HEADER]);
    const values = await getMany<Uint8Array>(keys, this.#relaxed);
    return values.map((value) => value && decodeHeader(value)).filter((header) => header !== undefined);
  }

  /** Looks through an epoch; undefined when nobody can tell whose it is. */
  async read(id: string): Promise<StoredEpoch | undefined> {
    const [header] = await this.headers([id]);
    if (!header) return undefined;
    const epoch = new StoredEpoch(header);
    const [ack] = await getMany<Uint8Array>([[id, ACKNOWLEDGED]], this.#relaxed);
    const frame = ack && decodeFrame(ack, 0, header.salt);
    if (typeof frame === "object") epoch.acknowledged = frame.firstSeq;
    for (let from = 1; from > 0; ) from = await this.#readFrames(epoch, from);
    return epoch;
  }

  /**
   * Stores stretches of our own epoch, durably, all or none.
   * @param always whether the header is written each time, because somebody may clear up behind us.
   */
  async append({ header }: StoredEpoch, stretches: readonly Entry[][], always: boolean): Promise<number[]> {
    const { epoch, salt } = header;
    const values = stretches.map((stretch) => encodeEventsFrame(salt, stretch));
    let connection: IDBDatabase | undefined;
    await this.#strict("readwrite", (store) => {
      connection = store.transaction.db;
      if (always || connection !== this.#headerOn) store.put(encodeHeader(header), [epoch, HEADER]);
      for (const [i, value] of values.entries()) store.put(value, [epoch, stretches[i]![0]!.seq]);
      // It is not to wait for a page that may be gone by then.
      store.transaction.commit();
      return promisifyRequest(store.transaction);
    });
    this.#headerOn = connection;
    return values.map(({ length }) => length);
  }

  /** Reads events into frames; returns those of them that are missing (`false`) or damaged (`true`). */
  async load({ header }: StoredEpoch, frames: readonly Frame[]): Promise<Map<Frame, boolean>> {
    const absent = frames.filter(({ entries }) => !entries);
    const bad = new Map<Frame, boolean>();
    if (absent.length === 0) return bad;
    const keys = absent.map(({ firstSeq }) => [header.epoch, firstSeq]);
    const values = await getMany<Uint8Array>(keys, this.#relaxed);
    for (const [i, frame] of absent.entries()) {
      frame.entries = entriesIn(values[i], header.salt);
      if (!frame.entries) bad.set(frame, values[i] !== undefined);
    }
    return bad;
  }

  /** Notes how far an epoch is acknowledged, and deletes frames up to the key `gone`. */
  async acknowledge({ header, acknowledged }: StoredEpoch, gone: number): Promise<void> {
    const { epoch, salt } = header;
    const forget = (store: IDBObjectStore) => {
      if (gone > 0) store.delete(IDBKeyRange.bound([epoch, 1], [epoch, gone]));
      return promisifyRequest(store.transaction);
    };
    const note = (store: IDBObjectStore) => {
      store.put(encodeAckFrame(salt, epoch, acknowledged), [epoch, ACKNOWLEDGED]);
      return forget(store);
    };
    // A full disk takes nothing, but it can forget.
    await this.#relaxed("readwrite", note).catch(() => this.#relaxed("readwrite", forget));
  }

  /** Puts what must stay of frames into their place, durably; returns the frames that hold it. */
  async replace(sacrifices: readonly Sacrifice[]): Promise<Frame[][]> {
    const left = sacrifices.map(({ epoch, kept }) =>
      stretchesOf(kept).map((stretch) => {
        const value = encodeEventsFrame(epoch.header.salt, stretch);
        return { value, frame: frameOf(stretch, value.length, true) };
      }),
    );
    await this.#strict("readwrite", (store) => {
      for (const [i, { epoch, frame }] of sacrifices.entries()) {
        store.delete([epoch.header.epoch, frame.firstSeq]);
        for (const { value, frame: kept } of left[i]!) store.put(value, [epoch.header.epoch, kept.firstSeq]);
      }
      return promisifyRequest(store.transaction);
    });
    return left.map((frames) => frames.map(({ frame }) => frame));
  }

  /** Deletes an epoch; when its owner has gone on writing behind our back, only what we know of it. */
  remove({ header, lastSeq }: StoredEpoch): Promise<void> {
    const { epoch } = header;
    return this.#relaxed("readwrite", async (store) => {
      const newer = await promisifyRequest(store.getKey(framesFrom(epoch, lastSeq + 1)));
      store.delete(IDBKeyRange.bound([epoch, newer ? 1 : ACKNOWLEDGED], [epoch, lastSeq]));
      return promisifyRequest(store.transaction);
    });
  }

  /** Takes some frames into `epoch`; returns where to go on, or 0 at its end. */
  async #readFrames(epoch: StoredEpoch, from: number): Promise<number> {
    const [keys, values] = await this.#relaxed("readonly", (store) => {
      const range = framesFrom(epoch.header.epoch, from);
      return Promise.all([
        promisifyRequest(store.getAllKeys(range, FRAMES_AT_ONCE)) as Promise<[string, number][]>,
        promisifyRequest<Uint8Array[]>(store.getAll(range, FRAMES_AT_ONCE)),
      ]);
    });
    const frames = keys.map(([, firstSeq], i) => {
      const { length } = values[i]!;
      const entries = entriesIn(values[i], epoch.header.salt);
      if (entries) return frameOf(entries, length, false);
      // Damage reaches to the next frame; reading meets it again, and declares it.
      const lastSeq = (keys[i + 1]?.[1] ?? firstSeq + 1) - 1;
      return { firstSeq, lastSeq, bytes: length, priorities: 0, entries: undefined };
    });
    epoch.add(frames);
    return keys.length < FRAMES_AT_ONCE ? 0 : keys.at(-1)![1] + 1;
  }
}

/** All frames of an epoch from number `from` on. */
const framesFrom = (epoch: string, from: number): IDBKeyRange =>
  IDBKeyRange.bound([epoch, from], [epoch, []]);

/** The entries of a stored value; undefined when it is missing or damaged. */
function entriesIn(value: Uint8Array | undefined, salt: number): Entry[] | undefined {
  const frame = value && decodeFrame(value, 0, salt);
  return typeof frame === "object" ? entriesOf(frame) : undefined;
}
