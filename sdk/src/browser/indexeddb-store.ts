import { type Clock, sleep } from "../clock.ts";
import { Mutex } from "../file-log/mutex.ts";
import type { StoreNews } from "../ports.ts";
import { runOf, stretchesOf } from "../run.ts";
import type {
  Appended,
  Backlog,
  Entry,
  Eviction,
  OpenedStore,
  Purge,
  Run,
  RunLimit,
  Store,
  StoreCaps,
} from "../store.ts";
import { type Database, databaseNamed, nowhere } from "./database.ts";
import { EpochTable } from "./epoch-table.ts";
import { chooseSacrifices, type Sacrifices } from "./eviction.ts";
import { type Release, takeLock, webLocks } from "./locks.ts";
import { type Frame, frameOf, StoredEpoch } from "./stored-epoch.ts";

/** The caps are of what this instance wrote and took over. */
export interface IndexedDbOptions extends StoreCaps {
  /** Name of the database; the locks are named after it. False: everything stays in memory. */
  readonly name: string | false;
  readonly clock: Clock;
  readonly tell: StoreNews;
}

/** Own events stay in memory for reading while no more than this is stored; beyond it they are read back. */
const FRESH_BYTES_MAX = 524_288;

/** How often the uploader looks for epochs that it does not know of, in ms. */
const SWEEP_MS = 10_000;

/**
 * A store in IndexedDB. Every instance writes an epoch of its own, so that no tab waits for another; what dead ones
 * left is taken over by one of the living. See `docs/decisions/0010-browser-store.md`.
 */
export class IndexedDbStore implements Store {
  readonly durable: boolean;
  readonly #options: IndexedDbOptions;
  readonly #database: Database;
  readonly #table: EpochTable;
  readonly #locks: LockManager | undefined;
  readonly #mutex = new Mutex();
  readonly #epochs = new Map<string, StoredEpoch>();
  #own!: StoredEpoch;
  /** Epochs of the living whose lock we wait for. */
  readonly #watched = new Set<string>();
  /** From opening or coming back until all is let go: then every lock is given back. */
  #session = new AbortController();

  constructor(options: IndexedDbOptions) {
    const { name, clock } = options;
    this.#options = options;
    this.durable = name !== false;
    this.#database = name === false ? nowhere : databaseNamed(name, clock);
    this.#table = new EpochTable(this.#database);
    this.#locks = name === false ? undefined : webLocks();
  }

  /** @throws the browser's error when there is no IndexedDB, or it cannot be opened. */
  async open(device: string, epoch: string): Promise<OpenedStore> {
    const others = await this.#table.epochs();
    if (others.length > 0) await this.#database.renew();
    this.#own = new StoredEpoch(epoch, Math.max(0, ...others.map(({ index }) => index)) + 1, device);
    this.#own.release = await this.#lock(epoch, true);
    this.#own.exclusive = this.#own.release !== undefined;
    this.#begin();
    // Nobody can tell whether their owners live: they are sent, which the relay recognises, and not declared ended.
    if (!this.#locks) for (const { id } of others) await this.#takeOver(id);
    return { previous: undefined };
  }

  append(entries: readonly Entry[]): Promise<Appended> {
    return this.#mutex.run(async () => {
      const own = this.#own;
      const frames = stretchesOf(entries).map(frameOf);
      const keep = !this.durable || own.bytes < FRESH_BYTES_MAX;
      try {
        await this.#table.append(own, frames, !own.exclusive);
      } catch (error) {
        return { ok: false, error };
      }
      own.add(keep ? frames : frames.map((frame) => ({ ...frame, entries: undefined })));
      await this.#settle();
      return { ok: true };
    });
  }

  read(limit: RunLimit): Promise<Run | undefined> {
    return this.#mutex.run(async () => {
      for (const epoch of this.#oldestFirst()) {
        for (let frames = epoch.head(limit); frames.length > 0; frames = epoch.head(limit)) {
          if (!(await this.#load(epoch, frames))) return undefined;
          const run = runOf(epoch.device, epoch.id, epoch.waiting(frames), limit);
          if (run) return run;
        }
      }
      return undefined;
    });
  }

  fresh(): readonly Entry[] | undefined {
    const { frames, acknowledged } = this.#own;
    const unread = frames.findIndex(({ entries, lastSeq }) => !entries && lastSeq > acknowledged);
    if (unread < 0) return this.#own.waiting(frames);
    const entries = this.#own.waiting(frames.slice(0, unread));
    return entries.length > 0 ? entries : undefined;
  }

  acknowledge(id: string, throughSeq: number): Promise<void> {
    return this.#mutex.run(async () => {
      const epoch = this.#epochs.get(id);
      if (!epoch) return;
      await this.#table.acknowledge(epoch, epoch.acknowledge(throughSeq)).catch(() => undefined);
      await this.#settle();
    });
  }

  planEviction(incomingBytes: number, incomingEvents: number): Promise<Eviction | undefined> {
    return this.#mutex.run(async () => {
      const { storeBytesMax, storeEventsMax } = this.#options;
      const backlog = this.backlog();
      const bytes = backlog.bytes + incomingBytes - storeBytesMax;
      const events = backlog.events + incomingEvents - storeEventsMax;
      if (bytes <= 0 && events <= 0) return undefined;
      const found = await chooseSacrifices(this.#oldestFirst(), this.#load, { bytes, events });
      const apply = async () => void (await this.#giveUp(found));
      return found.ranges.length > 0 ? { ranges: found.ranges, apply } : undefined;
    });
  }

  planPurge(): Promise<Purge> {
    return this.#mutex.run(async () => {
      if (this.#locks) await this.#takeOverDead(false);
      const found = await chooseSacrifices(this.#oldestFirst(), this.#load);
      return {
        ranges: found.ranges,
        apply: async () => (await this.#giveUp(found, true)) && found.complete,
      };
    });
  }

  backlog(): Backlog {
    let events = 0;
    let bytes = 0;
    for (const epoch of this.#epochs.values()) {
      events += epoch.events;
      bytes += epoch.bytes;
    }
    return { events, bytes };
  }

  close(): Promise<void> {
    return this.#mutex.run(async () => {
      if (this.#own && this.#own.acknowledged >= this.#own.lastSeq) await this.#remove(this.#own);
      this.#letGo();
    });
  }

  /** The page may be frozen, and thrown away without another word: others may take over. */
  suspend(): Promise<void> {
    return this.#mutex.run(async () => this.#letGo());
  }

  /** The page is back. In the queue behind `suspend`, which may still have been on its way when the page was frozen. */
  resume(): Promise<void> {
    return this.#mutex.run(async () => {
      const own = this.#own as StoredEpoch | undefined;
      if (!own) return;
      this.#session = new AbortController();
      this.#begin();
      // Somebody may be sending what is ours, and hold its lock for long; recording goes on meanwhile.
      void this.#lock(own.id, true).then((release) => (own.release = release));
      const left = await this.#table.read(own.id).catch(() => own);
      const there = new Set(left?.frames.map(({ firstSeq }) => firstSeq));
      own.acknowledge(left?.acknowledged ?? 0);
      own.frames = own.frames.filter((frame) => frame.entries || there.has(frame.firstSeq));
    });
  }

  #begin(): void {
    this.#epochs.set(this.#own.id, this.#own);
    void this.#upload();
  }

  /**
   * Waits to be the one instance of a database that takes over what dead ones left, and then looks for it again and
   * again. When it dies itself, its lock goes to the next.
   */
  async #upload(): Promise<void> {
    const { signal } = this.#session;
    if (!(await this.#lock("uploader", true))) return;
    while (!signal.aborted) {
      await this.#takeOverDead(true);
      await sleep(this.#options.clock, SWEEP_MS, signal);
    }
  }

  /** Takes over every epoch whose owner has died: its lock is free. @param wait whether those of the living, too, as soon as they die. */
  async #takeOverDead(wait: boolean): Promise<void> {
    for (const { id } of await this.#table.epochs().catch(() => [])) {
      if (this.#epochs.has(id) || this.#watched.has(id)) continue;
      if ((await this.#takeOverFree(id, false)) || !wait) continue;
      this.#watched.add(id);
      void this.#takeOverFree(id, true);
    }
  }

  async #takeOverFree(id: string, wait: boolean): Promise<boolean> {
    const release = await this.#lock(id, wait);
    this.#watched.delete(id);
    if (release) await this.#takeOver(id, release);
    return release !== undefined;
  }

  async #takeOver(id: string, release?: Release): Promise<void> {
    const epoch = await this.#table.read(id).catch(() => undefined);
    // What cannot be read stays where it is, for the next look; and everything may have been let go meanwhile.
    if (!epoch || !this.#epochs.has(this.#own.id)) return release?.();
    epoch.release = release;
    epoch.exclusive = release !== undefined;
    this.#epochs.set(id, epoch);
    if (release) epoch.closeSeq = this.#options.tell.ended(id, epoch.lastSeq) ?? epoch.closeSeq;
  }

  /** Deletes epochs of others that are delivered, once it is durable that their end is declared. */
  async #settle(): Promise<void> {
    const { lastSeq } = this.#own;
    for (const epoch of this.#epochs.values()) {
      if (epoch === this.#own || epoch.acknowledged < epoch.lastSeq) continue;
      if (!epoch.exclusive || epoch.closeSeq <= lastSeq) await this.#remove(epoch);
    }
  }

  async #remove(epoch: StoredEpoch): Promise<void> {
    await this.#table.remove(epoch).catch(() => undefined);
    this.#epochs.delete(epoch.id);
    epoch.release?.();
  }

  /** Reads events into `frames`; false when the medium does not answer now. */
  readonly #load = async (epoch: StoredEpoch, frames: readonly Frame[]): Promise<boolean> => {
    const bad = await this.#table.load(epoch, frames).catch(() => undefined);
    for (const [frame, damaged] of bad ?? []) {
      epoch.frames = epoch.frames.filter((other) => other !== frame);
      // What another instance may have delivered and cleared up is not lost.
      if (!damaged && !epoch.exclusive) continue;
      const fromSeq = Math.max(frame.firstSeq, epoch.acknowledged + 1);
      this.#options.tell.damage({ epoch: epoch.id, fromSeq, toSeq: frame.lastSeq });
    }
    return bad !== undefined;
  };

  /** False when it fails: then what is declared is still there, and is delivered, which contradicts nothing. */
  #giveUp({ frames }: Sacrifices, damagedToo = false): Promise<boolean> {
    return this.#mutex.run(async () => {
      const changes = [...frames].flatMap(([frame, { epoch, priority }]) => {
        if (!damagedToo && !epoch.frames.includes(frame)) return [];
        const kept = epoch.waiting([frame]).filter((entry) => entry.priority < priority);
        return [[epoch, frame, stretchesOf(kept).map(frameOf)] as const];
      });
      const done = await this.#table.replace(changes).then(
        () => true,
        () => false,
      );
      for (const [epoch, frame, left] of done ? changes : []) {
        const at = epoch.frames.indexOf(frame);
        if (at >= 0) epoch.frames.splice(at, 1, ...left);
      }
      return done;
    });
  }

  #letGo(): void {
    this.#session.abort();
    for (const epoch of this.#epochs.values()) epoch.exclusive = false;
    this.#epochs.clear();
    this.#database.close();
  }

  /** Our own epoch is the newest. */
  #oldestFirst(): StoredEpoch[] {
    return [...this.#epochs.values()].toSorted((a, b) => a.index - b.index);
  }

  /** Undefined when it cannot be had, or not within this session. */
  async #lock(what: string, wait: boolean): Promise<Release | undefined> {
    const name = `tonearm:${this.#options.name}:${what}`;
    return this.#locks && takeLock(this.#locks, name, wait, this.#session.signal);
  }
}
