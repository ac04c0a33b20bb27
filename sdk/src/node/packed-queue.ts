import type { EventQueue } from "../event-queue.ts";
import type { Packer } from "../packer.ts";
import { CONTROL, type Entry, type Priority } from "../store.ts";

/** Events with consecutive numbers, their bytes behind one another. */
interface Block {
  firstSeq: number;
  /** Of each event: its length times four, plus its priority. */
  marks: number[];
  bytes: Uint8Array;
  packed: boolean;
}

const BLOCK_BYTES = 65_536;
/** Beyond this, whole blocks are packed: a burst is waiting, and it will wait for as long as storing it takes. */
const UNPACKED_BYTES_MAX = 524_288;

/** A queue that keeps no object for an event, and packs what waits for long: a burst costs its bytes and no more. */
export class PackedQueue implements EventQueue {
  readonly #packer: Packer;
  readonly #blocks: Block[] = [];
  /** The block that is being filled. */
  readonly #open = new Uint8Array(BLOCK_BYTES);
  #openUsed = 0;
  #openMarks: number[] = [];
  #nextSeq = 0;
  #events = 0;
  #sealedBytes = 0;

  constructor(packer: Packer) {
    this.#packer = packer;
  }

  get events(): number {
    return this.#events;
  }

  get bytes(): number {
    return this.#sealedBytes + this.#openUsed;
  }

  /** Copies the bytes: the codec may make the next ones in their place. */
  push({ seq, priority, bytes }: Entry): void {
    const { length } = bytes;
    if (seq !== this.#nextSeq || length > BLOCK_BYTES - this.#openUsed) this.#seal();
    this.#nextSeq = seq + 1;
    this.#events++;
    const mark = length * 4 + priority;
    if (length > BLOCK_BYTES)
      this.#add({ firstSeq: seq, marks: [mark], bytes: new Uint8Array(bytes), packed: false });
    else {
      this.#open.set(bytes, this.#openUsed);
      this.#openUsed += length;
      this.#openMarks.push(mark);
    }
  }

  /** Copies the bytes, too. */
  unshift({ seq, priority, bytes }: Entry): void {
    this.#events++;
    this.#sealedBytes += bytes.length;
    const mark = bytes.length * 4 + priority;
    this.#blocks.unshift({ firstSeq: seq, marks: [mark], bytes: new Uint8Array(bytes), packed: false });
  }

  peek(bytesMax: number, beforeSeq: number = Number.POSITIVE_INFINITY): Entry[] {
    this.#seal();
    const entries: Entry[] = [];
    let left = bytesMax;
    for (const block of this.#blocks) {
      if (block.firstSeq >= beforeSeq) return entries;
      const bytes = this.#unpacked(block);
      let at = 0;
      for (const [i, mark] of block.marks.entries()) {
        const length = mark >>> 2;
        const seq = block.firstSeq + i;
        left -= length;
        if (seq >= beforeSeq || (left < 0 && entries.length > 0)) return entries;
        const priority = (mark & 3) as Priority;
        entries.push({ seq, priority, bytes: bytes.subarray(at, at + length) });
        at += length;
      }
    }
    return entries;
  }

  release(throughSeq: number): void {
    this.#seal();
    for (let block = this.#blocks[0]; block && block.firstSeq <= throughSeq; block = this.#blocks[0]) {
      const gone = block.marks.splice(0, throughSeq - block.firstSeq + 1);
      this.#events -= gone.length;
      if (block.marks.length === 0) {
        this.#sealedBytes -= block.bytes.length;
        this.#blocks.shift();
        continue;
      }
      const bytes = gone.reduce((sum, mark) => sum + (mark >>> 2), 0);
      block.bytes = this.#unpacked(block).subarray(bytes);
      block.firstSeq += gone.length;
      this.#sealedBytes -= bytes;
    }
  }

  purge(): { readonly seq: number }[] {
    this.#seal();
    const gone: { seq: number }[] = [];
    const kept: Entry[] = [];
    for (const block of this.#blocks.splice(0)) {
      // What holds no control record need not be unpacked.
      const bytes = block.marks.some((mark) => (mark & 3) === CONTROL) ? this.#unpacked(block) : block.bytes;
      let at = 0;
      for (const [i, mark] of block.marks.entries()) {
        const seq = block.firstSeq + i;
        const end = at + (mark >>> 2);
        if ((mark & 3) === CONTROL) kept.push({ seq, priority: CONTROL, bytes: bytes.slice(at, end) });
        else gone.push({ seq });
        at = end;
      }
    }
    this.#events = 0;
    this.#sealedBytes = 0;
    this.#open.fill(0);
    for (const entry of kept) this.push(entry);
    return gone;
  }

  /** Ends the block that is being filled; the room is used again for the next. */
  #seal(): void {
    const marks = this.#openMarks;
    if (marks.length === 0) return;
    const filled = this.#open.subarray(0, this.#openUsed);
    const isMuch = this.#sealedBytes > UNPACKED_BYTES_MAX && filled.length > BLOCK_BYTES / 2;
    const packer = isMuch ? this.#packer : undefined;
    const bytes = packer?.pack(filled) ?? filled.slice();
    this.#openUsed = 0;
    this.#openMarks = [];
    this.#add({ firstSeq: this.#nextSeq - marks.length, marks, bytes, packed: packer !== undefined });
  }

  #add(block: Block): void {
    this.#sealedBytes += block.bytes.length;
    this.#blocks.push(block);
  }

  #unpacked(block: Block): Uint8Array {
    if (block.packed) {
      this.#sealedBytes -= block.bytes.length;
      block.bytes = this.#packer.unpack(block.bytes, BLOCK_BYTES);
      this.#sealedBytes += block.bytes.length;
      block.packed = false;
    }
    return block.bytes;
  }
}
