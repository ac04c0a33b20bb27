import type { Entry, Priority } from "../store.ts";

/**
 * The events of one payload, which wait for hours or for a moment: a view of each takes 100 bytes of heap and more, so that one
 * is made when somebody asks for it.
 */
export class PayloadEntries {
  readonly firstSeq: number;
  readonly #payload: Uint8Array;
  /** Of each event: where it begins; and its length times four, plus its priority. */
  readonly #marks: Uint32Array;

  constructor(firstSeq: number, payload: Uint8Array, marks: Uint32Array) {
    this.firstSeq = firstSeq;
    this.#payload = payload;
    this.#marks = marks;
  }

  priority(index: number): Priority {
    return (this.#marks[2 * index + 1]! & 3) as Priority;
  }

  length(index: number): number {
    return this.#marks[2 * index + 1]! >>> 2;
  }

  bytes(index: number): Uint8Array {
    const from = this.#marks[2 * index]!;
    return this.#payload.subarray(from, from + this.length(index));
  }
}

/** One of them. Its bytes must not be asked for once the buffer below was given back; its length may. */
export class PayloadEntry implements Entry {
  readonly #all: PayloadEntries;
  readonly #index: number;

  constructor(all: PayloadEntries, index: number) {
    this.#all = all;
    this.#index = index;
  }

  get seq(): number {
    return this.#all.firstSeq + this.#index;
  }

  get priority(): Priority {
    return this.#all.priority(this.#index);
  }

  get length(): number {
    return this.#all.length(this.#index);
  }

  get bytes(): Uint8Array {
    return this.#all.bytes(this.#index);
  }
}
