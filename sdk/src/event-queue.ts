import { CONTROL, type Entry } from "./store.ts";

/** Encoded events in memory, oldest first, until they are stored. */
export interface EventQueue {
  readonly events: number;
  /** What the events take: their bytes, packed where they are packed. */
  readonly bytes: number;
  /** Takes an event behind all others. */
  push(entry: Entry): void;
  /** Takes an event before all others. */
  unshift(entry: Entry): void;
  /** The oldest events before `beforeSeq`, up to about `bytesMax` and at least one; they stay until `release`. */
  peek(bytesMax: number, beforeSeq?: number): Entry[];
  /** Lets go of the events up to `throughSeq`; returns how many bytes they were. */
  release(throughSeq: number): number;
  /** Lets go of everything but control records; returns the numbers that went. */
  purge(): readonly { readonly seq: number }[];
}

/**
 * A queue of the entries themselves, for codecs that make bytes of their own for every event. An engine keeps about 200 bytes
 * more for each than are counted.
 */
export class PlainQueue implements EventQueue {
  bytes = 0;
  #entries: Entry[] = [];

  get events(): number {
    return this.#entries.length;
  }

  push(entry: Entry): void {
    this.#entries.push(entry);
    this.bytes += entry.bytes.length;
  }

  unshift(entry: Entry): void {
    this.#keep([entry, ...this.#entries]);
  }

  peek(bytesMax: number, beforeSeq: number = Infinity): Entry[] {
    const shown: Entry[] = [];
    let left = bytesMax;
    for (const entry of this.#entries) {
      left -= entry.bytes.length;
      if (entry.seq >= beforeSeq || (left < 0 && shown.length > 0)) break;
      shown.push(entry);
    }
    return shown;
  }

  release(throughSeq: number): number {
    const left = this.#entries.findIndex(({ seq }) => seq > throughSeq);
    const gone = this.#entries.splice(0, left < 0 ? this.events : left);
    const size = sizeOf(gone);
    this.bytes -= size;
    return size;
  }

  purge(): readonly Entry[] {
    const all = this.#entries;
    this.#keep(all.filter(({ priority }) => priority === CONTROL));
    return all.filter(({ priority }) => priority !== CONTROL);
  }

  #keep(entries: Entry[]): void {
    this.#entries = entries;
    this.bytes = sizeOf(entries);
  }
}

const sizeOf = (entries: readonly Entry[]): number =>
  entries.reduce((sum, { bytes }) => sum + bytes.length, 0);
