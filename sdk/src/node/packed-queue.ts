import type { EventQueue } from "../event-queue.ts";
import { PackedEntries } from "../file-log/packed-entries.ts";
import type { Packer } from "../packer.ts";
import { CONTROL, type Entry, type Priority } from "../store.ts";

/** Events with consecutive numbers, their bytes behind one another. */
interface Block {
  readonly firstSeq: number;
  /** Of each event: its length times four, plus its priority. */
  readonly marks: Uint32Array;
  readonly content: Uint8Array | PackedEntries;
  /** So many of its events are gone, and of their bytes. */
  gone: number;
  goneBytes: number;
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
      this.#add({
        firstSeq: seq,
        marks: Uint32Array.of(mark),
        content: new Uint8Array(bytes),
        gone: 0,
        goneBytes: 0,
      });
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
    const marks = Uint32Array.of(bytes.length * 4 + priority);
    this.#blocks.unshift({ firstSeq: seq, marks, content: new Uint8Array(bytes), gone: 0, goneBytes: 0 });
  }

  peek(bytesMax: number, beforeSeq: number = Number.POSITIVE_INFINITY): Entry[] {
    this.#seal();
    const entries: Entry[] = [];
    let left = bytesMax;
    for (const block of this.#blocks) {
      // What is packed goes as a whole, so that nobody has to unpack it.
      if (block.content instanceof PackedEntries && entries.length > 0 && left < BLOCK_BYTES) break;
      for (const entry of entriesOf(block)) {
        left -= block.marks[entry.seq - block.firstSeq]! >>> 2;
        if (entry.seq >= beforeSeq || (left < 0 && entries.length > 0)) return entries;
        entries.push(entry);
      }
    }
    return entries;
  }

  release(throughSeq: number): number {
    this.#seal();
    let bytes = 0;
    for (let block = this.#blocks[0]; block; block = this.#blocks[0]) {
      const before = memoryOf(block);
      const goneBefore = block.goneBytes;
      const end = Math.min(block.marks.length, throughSeq - block.firstSeq + 1);
      for (; block.gone < end; block.gone++) {
        block.goneBytes += block.marks[block.gone]! >>> 2;
        this.#events--;
      }
      bytes += block.goneBytes - goneBefore;
      this.#sealedBytes += memoryOf(block) - before;
      if (end < block.marks.length) break;
      this.#blocks.shift();
    }
    return bytes;
  }

  purge(): { readonly seq: number }[] {
    this.#seal();
    const gone: { seq: number }[] = [];
    const kept: Entry[] = [];
    for (const entry of this.#blocks.splice(0).flatMap(entriesOf)) {
      if (entry.priority === CONTROL) kept.push(entry);
      else gone.push({ seq: entry.seq });
    }
    this.#events = 0;
    this.#sealedBytes = 0;
    this.#open.fill(0);
    for (const entry of kept) this.push(entry);
    return gone;
  }

  /** Ends the block that is being filled; the room is used again for the next. */
  #seal(): void {
    if (this.#openMarks.length === 0) return;
    const marks = new Uint32Array(this.#openMarks);
    const firstSeq = this.#nextSeq - marks.length;
    const filled = this.#open.subarray(0, this.#openUsed);
    const isMuch = this.#sealedBytes > UNPACKED_BYTES_MAX && filled.length > BLOCK_BYTES / 2;
    const content = isMuch ? new PackedEntries(firstSeq, marks, filled, this.#packer) : filled.slice();
    this.#openUsed = 0;
    this.#openMarks = [];
    this.#add({ firstSeq, marks, content, gone: 0, goneBytes: 0 });
  }

  #add(block: Block): void {
    this.#blocks.push(block);
    this.#sealedBytes += memoryOf(block);
  }
}

/** The events of a block that are not gone. */
function entriesOf({ firstSeq, marks, content, gone, goneBytes }: Block): Entry[] {
  const entries: Entry[] = [];
  let at = goneBytes;
  for (let i = gone; i < marks.length; i++) {
    const mark = marks[i]!;
    const end = at + (mark >>> 2);
    const priority = (mark & 3) as Priority;
    entries.push(
      content instanceof PackedEntries
        ? content.entry(i)
        : { seq: firstSeq + i, priority, bytes: content.subarray(at, end) },
    );
    at = end;
  }
  return entries;
}

/** What a block takes in memory: a packed one all of it, until its last event is gone. */
function memoryOf({ marks, content, gone, goneBytes }: Block): number {
  if (content instanceof Uint8Array) return content.length - goneBytes;
  return gone < marks.length ? content.packed.length : 0;
}
