import { rangesOf, runOf } from "./run.ts";
import {
  type Appended,
  type Backlog,
  CONTROL,
  type Entry,
  type Eviction,
  type OpenedStore,
  type Purge,
  type Run,
  type RunLimit,
  type Store,
  type StoreCaps,
} from "./store.ts";

/** A store that a crash empties. It keeps every promise but durability, and says so. */
export class MemoryStore implements Store {
  readonly durable = false;
  readonly #caps: StoreCaps;
  readonly #lengthOf: (entry: Entry) => number;
  #device = "";
  #epoch = "";
  #entries: Entry[] = [];
  #bytes = 0;

  /**
   * @param caps all events together; beyond them evictions are proposed.
   * @param lengthOf tells how long an event is without looking at its bytes, where these would have to be unpacked.
   */
  constructor(caps: StoreCaps, lengthOf: (entry: Entry) => number = ({ bytes }) => bytes.length) {
    this.#caps = caps;
    this.#lengthOf = lengthOf;
  }

  open(device: string, epoch: string): Promise<OpenedStore> {
    this.#device = device;
    this.#epoch = epoch;
    return Promise.resolve({ previous: undefined });
  }

  append(entries: readonly Entry[]): Promise<Appended> {
    for (const entry of entries) {
      this.#entries.push(entry);
      this.#bytes += this.#lengthOf(entry);
    }
    return Promise.resolve({ ok: true });
  }

  read(limit: RunLimit): Promise<Run | undefined> {
    const run = runOf(this.#device, this.#epoch, this.#entries, limit);
    return Promise.resolve(run);
  }

  fresh(): readonly Entry[] {
    return this.#entries;
  }

  acknowledge(epoch: string, throughSeq: number): Promise<void> {
    if (epoch !== this.#epoch) return Promise.resolve();
    const left = this.#entries.findIndex(({ seq }) => seq > throughSeq);
    const gone = this.#entries.splice(0, left < 0 ? this.#entries.length : left);
    this.#bytes -= this.#sizeOf(gone);
    return Promise.resolve();
  }

  planEviction(incomingBytes: number, incomingEvents: number): Promise<Eviction | undefined> {
    const bytes = this.#bytes + incomingBytes - this.#caps.storeBytesMax;
    const events = this.#entries.length + incomingEvents - this.#caps.storeEventsMax;
    const victims = this.#leastImportant(bytes, events);
    const gone = new Set(victims.map(({ seq }) => seq));
    const apply = (): Promise<void> => {
      this.#keep((entry) => !gone.has(entry.seq));
      return Promise.resolve();
    };
    return Promise.resolve(
      victims.length > 0 ? { ranges: rangesOf(this.#epoch, victims), apply } : undefined,
    );
  }

  planPurge(): Promise<Purge> {
    const events = this.#entries.filter(({ priority }) => priority !== CONTROL);
    const apply = (): Promise<boolean> => {
      this.#keep(({ priority }) => priority === CONTROL);
      return Promise.resolve(true);
    };
    return Promise.resolve({ ranges: rangesOf(this.#epoch, events), apply });
  }

  backlog(): Backlog {
    return { events: this.#entries.length, bytes: this.#bytes };
  }

  close(): Promise<void> {
    return Promise.resolve();
  }

  /** The oldest events of the least important kinds, at least `bytes` and `events` in all, in order of seq. */
  #leastImportant(bytes: number, events: number): Entry[] {
    const victims: Entry[] = [];
    let left = bytes;
    for (let priority = 3; priority > CONTROL; priority--) {
      for (const entry of this.#entries) {
        if (left <= 0 && victims.length >= events) break;
        if (entry.priority !== priority) continue;
        victims.push(entry);
        left -= this.#lengthOf(entry);
      }
    }
    return victims.toSorted((a, b) => a.seq - b.seq);
  }

  #keep(wanted: (entry: Entry) => boolean): void {
    this.#entries = this.#entries.filter(wanted);
    this.#bytes = this.#sizeOf(this.#entries);
  }

  #sizeOf(entries: readonly Entry[]): number {
    return entries.reduce((sum, entry) => sum + this.#lengthOf(entry), 0);
  }
}
