import type { Packer } from "../packer.ts";
import type { Entry, Priority } from "../store.ts";
import { entriesIn, pack, payloadOfMarked, unpack } from "./payload.ts";
import { PayloadEntry } from "./payload-entries.ts";

/** What was unpacked last: events are looked at in turn, and nothing is kept of those that were. */
let unpacked: { readonly block: PackedEntries | undefined; readonly entries: readonly Entry[] } = {
  block: undefined,
  entries: [],
};

/** Consecutive events, packed as they will stand on the disk: the log takes them as they are. */
export class PackedEntries {
  readonly firstSeq: number;
  readonly marks: Uint32Array;
  /** The payload of a PACKED frame. */
  readonly packed: Uint8Array;
  readonly #packer: Packer;

  /**
   * @param marks of each event: its length times four, plus its priority.
   * @param bytes of the events, behind one another; nothing is kept of them.
   */
  constructor(firstSeq: number, marks: Uint32Array, bytes: Uint8Array, packer: Packer) {
    this.firstSeq = firstSeq;
    this.marks = marks;
    this.packed = pack(payloadOfMarked(marks, bytes), packer);
    this.#packer = packer;
  }

  /** The event at this place among them. Its bytes are unpacked, with its neighbours', when somebody looks at them. */
  entry(index: number): Entry {
    return new PackedEntry(this, index);
  }

  /** @throws Error when the packer does not know its own work. */
  bytesOf(index: number): Uint8Array {
    if (unpacked.block !== this) {
      const entries = entriesIn(unpack(this.packed, this.#packer)!, this.firstSeq, this.marks.length)!;
      unpacked = { block: this, entries };
    }
    return unpacked.entries[index]!.bytes;
  }
}

class PackedEntry implements Entry {
  readonly block: PackedEntries;
  readonly index: number;

  constructor(block: PackedEntries, index: number) {
    this.block = block;
    this.index = index;
  }

  get seq(): number {
    return this.block.firstSeq + this.index;
  }

  get priority(): Priority {
    return (this.block.marks[this.index]! & 3) as Priority;
  }

  get bytes(): Uint8Array {
    return this.block.bytesOf(this.index);
  }
}

/** The block whose events stand all, and in order, in `entries` from `at` on. */
export function wholeBlockAt(entries: readonly Entry[], at: number): PackedEntries | undefined {
  const first = entries[at];
  if (!(first instanceof PackedEntry) || first.index > 0) return undefined;
  const last = entries[at + first.block.marks.length - 1];
  return last instanceof PackedEntry && last.block === first.block ? first.block : undefined;
}

/** Whether an event would have to be unpacked to be read. */
export const isPacked = (entry: Entry): boolean => entry instanceof PackedEntry;

/** How many bytes an event has; nothing is unpacked for it. */
export const lengthOf = (entry: Entry): number =>
  entry instanceof PackedEntry
    ? entry.block.marks[entry.index]! >>> 2
    : entry instanceof PayloadEntry
      ? entry.length
      : entry.bytes.length;
