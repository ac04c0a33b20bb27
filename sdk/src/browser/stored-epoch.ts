import type { Entry, Priority, RunLimit } from "../store.ts";
import type { Release } from "./locks.ts";

/** Consecutive events under one key: what one commit wrote, or what an eviction left of it. */
export interface Frame {
  readonly firstSeq: number;
  readonly lastSeq: number;
  /** What it takes in the database, about. */
  readonly bytes: number;
  /** Which priorities stand in it, one bit each. */
  readonly priorities: number;
  /** Its events, while they are in memory. */
  entries?: readonly Entry[] | undefined;
}

/** One epoch in the database, as this instance knows it: what is where, not what it holds. */
export class StoredEpoch {
  readonly id: string;
  /** Greater than that of any epoch that was there when this one began. */
  readonly index: number;
  readonly device: string;
  /** Ascending; the newest stays to the end, because it says where the epoch ends. */
  frames: Frame[] = [];
  /** The highest number that was stored; 0 while there is none. */
  lastSeq = 0;
  acknowledged = 0;
  /** Whether nobody else reads and clears up this epoch. */
  exclusive = false;
  /** Number of the record of our own epoch that declares the end of this one. */
  closeSeq = Infinity;
  /** Gives back the lock that says that its owner lives. */
  release: Release | undefined;

  constructor(id: string, index: number, device: string) {
    this.id = id;
    this.index = index;
    this.device = device;
  }

  add(frames: readonly Frame[]): void {
    this.frames.push(...frames);
    this.lastSeq = frames.at(-1)?.lastSeq ?? this.lastSeq;
  }

  /** Events not acknowledged. */
  get events(): number {
    return this.frames.reduce((sum, frame) => sum + this.#waitingIn(frame), 0);
  }

  get bytes(): number {
    return this.frames.reduce((sum, { bytes }) => sum + bytes, 0);
  }

  /** The frames from which the next run is read. */
  head({ eventsMax, bytesMax }: RunLimit): Frame[] {
    let events = 0;
    let bytes = 0;
    return this.frames.filter((frame) => {
      const waiting = this.#waitingIn(frame);
      const wanted = waiting > 0 && events < eventsMax && bytes < bytesMax;
      events += waiting;
      if (waiting > 0) bytes += frame.bytes;
      return wanted;
    });
  }

  /** Those events of `frames` that are in memory and not acknowledged. */
  waiting(frames: readonly Frame[]): Entry[] {
    return frames.flatMap(({ entries = [] }) => entries.filter(({ seq }) => seq > this.acknowledged));
  }

  /** Raises what is acknowledged; returns the highest key that nobody needs any more, or 0. */
  acknowledge(throughSeq: number): number {
    this.acknowledged = Math.max(this.acknowledged, throughSeq);
    let gone = 0;
    while (this.frames.length > 1 && this.frames[0]!.lastSeq <= this.acknowledged) {
      gone = this.frames.shift()!.firstSeq;
    }
    return gone;
  }

  #waitingIn({ firstSeq, lastSeq }: Frame): number {
    return Math.max(0, lastSeq - Math.max(firstSeq - 1, this.acknowledged));
  }
}

/** What a stored line takes beside its event, and a value beside its lines, about. */
const LINE_BYTES = 2;
const VALUE_BYTES = 64;

/** The frame of consecutive events. */
export function frameOf(entries: readonly Entry[]): Frame {
  return {
    firstSeq: entries[0]!.seq,
    lastSeq: entries.at(-1)!.seq,
    bytes: entries.reduce((sum, { bytes }) => sum + bytes.length + LINE_BYTES, VALUE_BYTES),
    priorities: entries.reduce((set, { priority }) => set | (1 << priority), 0),
    entries,
  };
}

/** Whether events of `priority` or less important ones stand in a frame. */
export const holds = ({ priorities }: Frame, priority: Priority): boolean => priorities >> priority > 0;
