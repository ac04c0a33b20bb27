/** Four words of 32 bits: the whole state of a stream. */
type Words = readonly [number, number, number, number];

/** Any four odd-looking words; what matters is that they stay as they are, or every seed means another run. */
const ORIGIN: Words = [0x9e3779b9, 0x243f6a88, 0xb7e15162, 0x6a09e667];

/** Draws thrown away at the beginning: the state then depends on every bit of the seed. */
const WARM_UP = 16;

/**
 * A stream of chance made from a seed: the same seed gives the same stream, on every machine. The generator is Chris
 * Doty-Humphrey's sfc32; fast, and far better than a simulation needs. Not for secrets.
 */
export class Random {
  readonly #origin: Words;
  #a: number;
  #b: number;
  #c: number;
  #counter: number;

  /**
   * @param seed 7 and "7" are the same seed.
   * @param origin what the seed is added to; only `fork` gives one.
   */
  constructor(seed: string | number, origin: Words = ORIGIN) {
    this.#origin = hash(String(seed), origin);
    [this.#a, this.#b, this.#c, this.#counter] = this.#origin;
    for (let i = 0; i < WARM_UP; i++) this.#word();
  }

  /**
   * An independent stream. It depends on the seed and on `label` only, not on what was drawn from this stream before or
   * after, so one speaker's life never depends on another's.
   */
  fork(label: string | number): Random {
    return new Random(label, this.#origin);
  }

  /** In [0, 1), with 53 bits. */
  fraction(): number {
    const high = this.#word() >>> 5;
    const low = this.#word() >>> 6;
    return (high * 2 ** 26 + low) / 2 ** 53;
  }

  /** A whole number, both ends included. */
  integer(fromInclusive: number, toInclusive: number): number {
    return fromInclusive + Math.floor(this.fraction() * (toInclusive - fromInclusive + 1));
  }

  /** True with a probability of `share`, from 0 to 1. */
  chance(share: number): boolean {
    return this.fraction() < share;
  }

  /** One of a list, all alike. @throws RangeError when the list is empty. */
  pick<T>(list: readonly T[]): T {
    if (list.length === 0) throw new RangeError("pick was given an empty list, expected at least one item");
    return list[this.integer(0, list.length - 1)]!;
  }

  /**
   * One of the keys, as often as its weight says in relation to the others.
   * @param weights 0 or more each. @throws RangeError when all are 0.
   */
  weighted<K extends string>(weights: Readonly<Record<K, number>>): K {
    let sum = 0;
    for (const key in weights) sum += weights[key];
    let left = this.fraction() * sum;
    let last: K | undefined;
    for (const key in weights) {
      if (weights[key] <= 0) continue;
      last = key;
      left -= weights[key];
      if (left < 0) break;
    }
    // Sums of fractions are not exact: what is left over after the last key is the last key's.
    if (last === undefined)
      throw new RangeError("weighted was given no weight above 0, expected at least one");
    return last;
  }

  /** Waiting times of things that happen at any moment alike. */
  exponential(mean: number): number {
    return -mean * Math.log(1 - this.fraction());
  }

  /** Times that spread by factors: half of them are below `median`, 68 % within a factor of e^sigma of it. */
  logNormal(median: number, sigma: number): number {
    const radius = Math.sqrt(-2 * Math.log(1 - this.fraction()));
    return median * Math.exp(sigma * radius * Math.cos(2 * Math.PI * this.fraction()));
  }

  #word(): number {
    const sum = (this.#a + this.#b + this.#counter) | 0;
    this.#counter = (this.#counter + 1) | 0;
    this.#a = this.#b ^ (this.#b >>> 9);
    this.#b = (this.#c + (this.#c << 3)) | 0;
    this.#c = (((this.#c << 21) | (this.#c >>> 11)) + sum) | 0;
    return sum >>> 0;
  }
}

/** Spreads text over four words; the end marker keeps the labels "a", "b" in turn apart from the label "ab". */
function hash(text: string, origin: Words): Words {
  let [a, b, c, d] = origin;
  for (let at = 0; at <= text.length; at++) {
    const code = at < text.length ? text.charCodeAt(at) : 0x10000 + text.length;
    a = Math.imul(a ^ code, 0x85ebca6b);
    b = Math.imul(b ^ code ^ (a >>> 15), 0xc2b2ae35);
    c = Math.imul(c ^ code ^ (b >>> 13), 0x27d4eb2f);
    d = Math.imul(d ^ code ^ (c >>> 16), 0x165667b1);
    a ^= d >>> 14;
  }
  return [a, b, c, d];
}
