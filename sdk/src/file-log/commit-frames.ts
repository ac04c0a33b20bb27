import type { Packer } from "../packer.ts";
import type { Entry } from "../store.ts";
import { wholeBlockAt } from "./packed-entries.ts";
import { type Allocate, encodeEventsFrame, encodePackedFrame } from "./segment-format.ts";

/** Puts the frames of a commit together, always in the same room: it grows to the largest commit there was. */
export class CommitFrames {
  readonly #packer: Packer | undefined;
  #room = new Uint8Array(4_096);
  #used = 0;

  constructor(packer: Packer | undefined) {
    this.#packer = packer;
  }

  /**
   * One frame for each block that is packed already, and for each other stretch of consecutive sequence numbers.
   * @returns bytes that the next call overwrites.
   */
  of(salt: number, entries: readonly Entry[]): Uint8Array {
    this.#used = 0;
    for (let from = 0, to = 0; from < entries.length; from = to) {
      const block = wholeBlockAt(entries, from);
      to = block ? from + block.marks.length : endOfStretch(entries, from);
      if (block) encodePackedFrame(salt, block.firstSeq, block.marks.length, block.packed, this.#allocate);
      else encodeEventsFrame(salt, entries.slice(from, to), this.#packer, this.#allocate);
    }
    return this.#room.subarray(0, this.#used);
  }

  readonly #allocate: Allocate = (length) => {
    const from = this.#used;
    this.#used += length;
    if (this.#used > this.#room.length) {
      const room = new Uint8Array(2 * this.#used);
      room.set(this.#room);
      this.#room = room;
    }
    return this.#room.subarray(from, this.#used);
  };
}

/** Where the stretch that begins at `from` ends, or a block that is packed already begins. */
function endOfStretch(entries: readonly Entry[], from: number): number {
  let to = from + 1;
  while (entries[to]?.seq === entries[to - 1]!.seq + 1 && !wholeBlockAt(entries, to)) to++;
  return to;
}
