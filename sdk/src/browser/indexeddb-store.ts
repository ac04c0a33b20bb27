import type { Clock } from "../clock.ts";
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
import { Database } from "./database.ts";
import { EpochTable } from "./epoch-table.ts";
import { chooseSacrifices, everythingOf, type Sacrifices } from "./eviction.ts";
import { type Release, takeLock, webLocks } from "./locks.ts";
import { type Frame, frameOf, StoredEpoch } from "./stored-epoch.ts";
import { Uploader } from "./uploader.ts";

/** The caps are of what this instance wrote and took over. */
export interface IndexedDbOptions extends StoreCaps {
  /** Name of the database; the locks are named after it. */
  readonly name: string;
  readonly clock: Clock;
  readonly tell: StoreNews;
}

/** Own events stay in memory for reading while no more than this is stored; beyond it they are read back. */
const FRESH_BYTES_MAX = 524_288;

/**
 * A store in IndexedDB. Every instance writes an epoch of its own, so that no tab waits for another; what dead ones
 * left is taken over by one of the living. See `docs/decisions/0010-browser-store.md`.
 */
export class IndexedDbStore implements Store {
  readonly durable = true;
  readonly #options: IndexedDbOptions;
  readonly #database: Database;
  readonly #table: EpochTable;
  readonly #mutex = new Mutex();
  readonly #locks = webLocks();
  readonly #uploader: Uploader | undefined;
  readonly #epochs = new Map<string, StoredEpoch>();
  #own!: StoredEpoch;
  /** Epochs of the living whose lock we wait for. */
  readonly #watched = new Set<string>();
  #waitingForLock = new AbortController();

  constructor(options: IndexedDbOptions) {
    this.#options = options;
    this.#database = new Database(options.name, options.clock);
    this.#table = new EpochTable(this.#database);
    this.#uploader =
      this.#locks &&
      new Uploader(this.#locks, this.#lockName("uploader"), options.clock, (until) =>
        this.#takeOverDead(until),
      );
  }

  /** @throws the browser's error when there is no IndexedDB, or it cannot be opened. */
  async open(device: string, epoch: string): Promise<OpenedStore> {
    const { clock } = this.#options;
    const ids = await this.#table.ids();
    const headers = await this.#table.headers(ids);
    this.#own = new StoredEpoch({
      spelling: 2,
      salt: new DataView(clock.randomBytes(4).buffer).getUint32(0),
      number: 1,
      firstSeq: 1,
      createdMs: Math.max(0, Math.trunc(clock.wallMs())),
      epochIndex: Math.max(0, ...headers.map(({ epochIndex }) => epochIndex)) + 1,
      epoch,
      device,
    });
    if (this.#locks) {
      this.#own.release = await takeLock(this.#locks, this.#lockName(epoch));
      this.#own.exclusive = true;
    }
    this.#epochs.set(epoch, this.#own);
    if (this.#uploader) this.#uploader.start();
    // Nobody can tell whether their owners live: they are sent, which the relay recognises, and not declared ended.
    else for (const id of ids) await this.#takeOver(id);
    return { previous: undefined };
  }

  append(entries: readonly Entry[]): Promise<Appended> {
    return this.#mutex.run(async () => {
      const stretches = stretchesOf(entries);
      try {
        const lengths = await this.#table.append(this.#own, stretches, !this.#own.exclusive);
        const keep = this.#own.bytes < FRESH_BYTES_MAX;
        this.#own.add(stretches.map((stretch, i) => frameOf(stretch, lengths[i]!, keep)));
      } catch (error) {
        return { ok: false, error };
      }
      await this.#settle();
      return { ok: true };
    });
  }

  read(limit: RunLimit): Promise<Run | undefined> {
    return this.#mutex.run(async () => {
      for (const epoch of this.#oldestFirst()) {
        for (let frames = epoch.head(limit); frames.length > 0; frames = epoch.head(limit)) {
          if (!(await this.#load(epoch, frames))) return undefined;
          const run = runOf(epoch.header.device, epoch.header.epoch, epoch.waiting(frames), limit);
          if (run) return run;
        }
      }
      return undefined;
    });
  }

  fresh(): readonly Entry[] | undefined {
    const { frames, acknowledged } = this.#own;
    const waiting = frames.filter(({ lastSeq }) => lastSeq > acknowledged);
    const unread = waiting.findIndex(({ entries }) => !entries);
    if (unread === 0) return undefined;
    return this.#own.waiting(unread < 0 ? waiting : waiting.slice(0, unread));
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
      const found = await chooseSacrifices(this.#oldestFirst(), { bytes, events }, this.#loadOne);
      const apply = async () => void (await this.#giveUp(found));
      return found.ranges.length > 0 ? { ranges: found.ranges, apply } : undefined;
    });
  }

  planPurge(): Promise<Purge> {
    return this.#mutex.run(async () => {
      if (this.#locks) await this.#takeOverDead();
      const found = await everythingOf(this.#oldestFirst(), this.#loadOne);
      return { ranges: found.ranges, apply: () => this.#giveUp(found, true) };
    });
  }

  backlog(): Backlog {
    const epochs = [...this.#epochs.values()];
    return {
      events: epochs.reduce((sum, { events }) => sum + events, 0),
      bytes: epochs.reduce((sum, { bytes }) => sum + bytes, 0),
    };
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
      const { epoch } = own.header;
      this.#epochs.set(epoch, own);
      if (this.#locks) void this.#takeBack(this.#locks, this.#lockName(epoch));
      this.#uploader?.start();
      const left = await this.#table.read(epoch).catch(() => own);
      const there = new Set(left?.frames.map(({ firstSeq }) => firstSeq));
      own.acknowledge(left?.acknowledged ?? 0);
      own.frames = own.frames.filter((frame) => frame.entries || there.has(frame.firstSeq));
    });
  }

  /** Somebody may be sending what is ours, and hold its lock for long; recording goes on meanwhile. */
  async #takeBack(locks: LockManager, name: string): Promise<void> {
    this.#waitingForLock = new AbortController();
    const { signal } = this.#waitingForLock;
    const release = await takeLock(locks, name, { signal }).catch(() => undefined);
    if (signal.aborted) release?.();
    else this.#own.release = release;
  }

  /**
   * Takes over every epoch whose owner has died: its lock is free.
   * @param until when given, those of the living too, as soon as they die and while it has not aborted.
   */
  async #takeOverDead(until?: AbortSignal): Promise<void> {
    for (const id of await this.#table.ids().catch(() => [])) {
      if (this.#epochs.has(id) || this.#watched.has(id)) continue;
      const take = async (options: LockOptions): Promise<boolean> => {
        const lock = takeLock(this.#locks!, this.#lockName(id), options);
        const release = await lock.catch(() => undefined);
        this.#watched.delete(id);
        if (release) await this.#takeOver(id, release);
        return release !== undefined;
      };
      if ((await take({ ifAvailable: true })) || !until) continue;
      this.#watched.add(id);
      void take({ signal: until });
    }
  }

  async #takeOver(id: string, release?: Release): Promise<void> {
    const epoch = await this.#table.read(id).catch(() => undefined);
    // What cannot be read stays where it is, for the next look; and everything may have been let go meanwhile.
    if (!epoch || !this.#epochs.has(this.#own.header.epoch)) return release?.();
    epoch.release = release;
    epoch.exclusive = release !== undefined;
    this.#epochs.set(id, epoch);
    if (release) epoch.closeSeq = this.#options.tell.ended(id, epoch.lastSeq);
  }

  /** Deletes epochs of others that are delivered, once it is durable that their end is declared. */
  async #settle(): Promise<void> {
    for (const epoch of this.#epochs.values()) {
      if (epoch === this.#own || epoch.acknowledged < epoch.lastSeq) continue;
      const { closeSeq = Number.POSITIVE_INFINITY, exclusive } = epoch;
      if (!exclusive || closeSeq <= this.#own.lastSeq) await this.#remove(epoch);
    }
  }

  async #remove(epoch: StoredEpoch): Promise<void> {
    await this.#table.remove(epoch).catch(() => undefined);
    this.#epochs.delete(epoch.header.epoch);
    epoch.release?.();
  }

  /** Reads events into `frames`; false when the medium does not answer now. */
  async #load(epoch: StoredEpoch, frames: readonly Frame[]): Promise<boolean> {
    try {
      for (const [frame, damaged] of await this.#table.load(epoch, frames)) {
        epoch.frames = epoch.frames.filter((other) => other !== frame);
        // What another instance may have delivered and cleared up is not lost.
        if (!damaged && !epoch.exclusive) continue;
        const fromSeq = Math.max(frame.firstSeq, epoch.acknowledged + 1);
        this.#options.tell.damage({ epoch: epoch.header.epoch, fromSeq, toSeq: frame.lastSeq });
      }
      return true;
    } catch {
      return false;
    }
  }

  readonly #loadOne = async (epoch: StoredEpoch, frame: Frame): Promise<void> => {
    await this.#load(epoch, [frame]);
  };

  /** False when it fails: then what is declared is still there, and is delivered, which contradicts nothing. */
  #giveUp({ sacrifices }: Sacrifices, damagedToo = false): Promise<boolean> {
    return this.#mutex.run(async () => {
      const present = sacrifices.filter(({ epoch, frame }) => damagedToo || epoch.frames.includes(frame));
      const left = await this.#table.replace(present).catch(() => undefined);
      for (const [i, { epoch, frame }] of left ? present.entries() : []) {
        const at = epoch.frames.indexOf(frame);
        if (at >= 0) epoch.frames.splice(at, 1, ...left![i]!);
      }
      return left !== undefined;
    });
  }

  #letGo(): void {
    this.#uploader?.stop();
    this.#waitingForLock.abort();
    for (const epoch of this.#epochs.values()) {
      epoch.release?.();
      epoch.release = undefined;
      epoch.exclusive = false;
    }
    this.#epochs.clear();
    this.#database.close();
  }

  /** Our own epoch is the newest. */
  #oldestFirst(): StoredEpoch[] {
    return [...this.#epochs.values()].toSorted((a, b) => a.header.epochIndex - b.header.epochIndex);
  }

  #lockName(what: string): string {
    return `tonearm:${this.#options.name}:${what}`;
  }
}
