import type { SegmentHeader } from "../file-log/segment-format.ts";
import type { Entry, Priority, RunLimit } from "../store.ts";
import type { Release } from "./locks.ts";

/** Consecutive events under one key: what one commit wrote, or what an eviction left of it. */
export interface Frame {
  readonly firstSeq: number;
  readonly lastSeq: number;
  /** Length of the stored value. */
  readonly bytes: number;
  /** Which priorities stand in it, one bit each. */
  readonly priorities: number;
  /** Its events, while they are in memory. */
  entries: readonly Entry[] | undefined;
}

/** One epoch in the database, as this instance knows it: what is where, not what it holds. */
export class StoredEpoch {
  readonly header: SegmentHeader;
  /** Ascending; the newest stays to the end, because it says where the epoch ends. */
  frames: Frame[] = [];
  /** The highest number that was stored; 0 while there is none. */
  lastSeq = 0;
  acknowledged = 0;
  /** Whether nobody else reads and clears up this epoch. */
  exclusive = false;
  /** Number of the record of our own epoch that declares the end of this one. */
  closeSeq: number | undefined;
  /** Gives back the lock that says that its owner lives. */
  release: Release | undefined;

  constructor(header: SegmentHeader) {
    this.header = header;
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
    const frames: Frame[] = [];
    let events = 0;
    let bytes = 0;
    for (const frame of this.frames) {
      const waiting = this.#waitingIn(frame);
      if (waiting === 0) continue;
      if (events >= eventsMax || bytes >= bytesMax) break;
      frames.push(frame);
      events += waiting;
      bytes += frame.bytes;
    }
    return frames;
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

/** A frame as it is stored; `entries` are kept in memory when `keep` says so. */
export function frameOf(entries: readonly Entry[], bytes: number, keep: boolean): Frame {
  return {
    firstSeq: entries[0]!.seq,
    lastSeq: entries.at(-1)!.seq,
    bytes,
    priorities: entries.reduce((set, { priority }) => set | (1 << priority), 0),
    entries: keep ? entries : undefined,
  };
}

/** Whether events of `priority` stand in a frame. */
export const holds = (frame: Frame, priority: Priority): boolean =>
  (frame.priorities & (1 << priority)) !== 0;
