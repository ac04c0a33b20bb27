/**
 * Throws inputs that nobody sends at a decoder: damaged, cut, spliced and stretched copies of good ones. Same seed,
 * same inputs, so that a failure names all that is needed to see it again.
 *
 * `TONEARM_FUZZ_FACTOR` multiplies how many inputs there are (default 1; a soak sets more), `TONEARM_FUZZ_SEED` chooses
 * others (default 1).
 */

import { keepCase, keptCases } from "./kept-cases.ts";
import { chosenFactor, chosenSeed, tally } from "./tally.ts";

export interface FuzzTarget {
  /** Good inputs, from which bad ones are made. */
  readonly corpus: readonly Uint8Array[];
  /** How many inputs, before the factor. */
  readonly inputs: number;
  /** Under which name inputs that break a promise are kept and tried first from then on; absent: they are not. */
  readonly kept?: string;
  /** Called with every input; throws when something is not as promised. The bytes may be overwritten afterwards. */
  check(input: Uint8Array): void;
}

const TOLD_EVERY = 100_000;
const LENGTH_MAX = 4_096;
/** Where decoders count, compare and overflow. */
const TELLING_BYTES = [
  0, 1, 0x0a, 0x22, 0x24, 0x2c, 0x5b, 0x5d, 0x7b, 0x7d, 0x7f, 0x80, 0xc0, 0xdd, 0xfe, 0xff,
];

/** @throws Error that names seed, number and bytes of the first input whose check threw. */
export function fuzz({ corpus, inputs, kept, check }: FuzzTarget): number {
  for (const hex of kept === undefined ? [] : keptCases(kept)) {
    try {
      check(Buffer.from(hex, "hex"));
    } catch (cause) {
      throw new Error(`an input kept in ${kept}.txt breaks a promise again: ${hex}`, { cause });
    }
  }
  const seed = chosenSeed();
  const count = inputs * chosenFactor();
  const mutator = new Mutator(seed, corpus);
  for (let number = 0; number < count; number++) {
    const input = mutator.next();
    try {
      check(input);
    } catch (cause) {
      const hex = Buffer.from(input).toString("hex");
      if (kept !== undefined) keepCase(kept, hex);
      throw new Error(`input ${number} of TONEARM_FUZZ_SEED=${seed} breaks a promise: ${hex}`, { cause });
    }
    if ((number + 1) % TOLD_EVERY === 0) tally(TOLD_EVERY);
  }
  tally(count % TOLD_EVERY);
  return count;
}

/** Makes bad inputs out of good ones. */
export class Mutator {
  readonly #corpus: readonly Uint8Array[];
  readonly #room = new Uint8Array(2 * LENGTH_MAX);
  #length = 0;
  #state: number;

  constructor(seed: number, corpus: readonly Uint8Array[]) {
    this.#state = Math.imul(seed, 0x9e3779b9);
    this.#corpus = corpus;
  }

  /** The next input: a view that the call after it overwrites. */
  next(): Uint8Array {
    const good = this.#oneOf(this.#corpus).subarray(0, LENGTH_MAX);
    this.#room.set(good);
    this.#length = good.length;
    for (let changes = 1 + this.#below(4); changes > 0; changes--) this.#change();
    return this.#room.subarray(0, this.#length);
  }

  #change(): void {
    const at = this.#below(this.#length + 1);
    switch (this.#below(7)) {
      case 0:
        this.#room[at]! ^= 1 << this.#below(8);
        break;
      case 1:
        this.#room[at] = this.#oneOf(TELLING_BYTES);
        break;
      case 2:
        this.#room[at] = this.#below(256);
        break;
      case 3:
        this.#length = at;
        break;
      case 4:
        this.#replace(at, this.#below(16), new Uint8Array(0));
        break;
      case 5:
        this.#replace(at, 0, new Uint8Array(1 + this.#below(16)).fill(this.#oneOf(TELLING_BYTES)));
        break;
      default:
        this.#splice(at);
    }
  }

  /** Puts a piece of another good input here. */
  #splice(at: number): void {
    const other = this.#oneOf(this.#corpus);
    const from = this.#below(other.length);
    this.#replace(at, this.#below(8), other.subarray(from, from + 1 + this.#below(64)));
  }

  #replace(at: number, length: number, bytes: Uint8Array): void {
    const end = Math.min(this.#length, at + length);
    const inserted = bytes.subarray(0, Math.max(0, LENGTH_MAX - this.#length));
    this.#room.copyWithin(at + inserted.length, end, this.#length);
    this.#room.set(inserted, at);
    this.#length += inserted.length - (end - at);
  }

  #oneOf<T>(list: ArrayLike<T>): T {
    return list[this.#below(list.length)]!;
  }

  /** xorshift: quick, and good enough to reach everything. */
  #below(bound: number): number {
    let state = this.#state || 1;
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    this.#state = state;
    return (state >>> 0) % Math.max(1, bound);
  }
}
