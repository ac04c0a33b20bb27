/** Pieces are powers of two, so that what is given back fits what is asked for next. */
const BYTES_MIN = 4_096;

/**
 * Keeps buffers that nobody needs any more for whoever needs the next. Memory outside of V8's heap costs little to take and
 * much to be found free again: every few dozen MiB of it make the collector go through the whole heap.
 */
export class SpareBuffers {
  readonly #countMax: number;
  readonly #spares: Buffer[] = [];
  #turn = 0;

  /** @param countMax so many are kept; what is given back beyond that is left to the collector. */
  constructor(countMax: number) {
    this.#countMax = countMax;
  }

  /** A buffer of `bytes` bytes or more, whatever stands in it. */
  take(bytes: number): Buffer {
    for (let i = this.#spares.length - 1; i >= 0; i--) {
      const spare = this.#spares[i]!;
      if (spare.length < bytes) continue;
      this.#spares[i] = this.#spares.at(-1)!;
      this.#spares.pop();
      return spare;
    }
    return Buffer.allocUnsafeSlow(2 ** Math.ceil(Math.log2(Math.max(bytes, BYTES_MIN))));
  }

  /** @param buffer as it was taken, all of it, once. Nobody may read or write it any more. */
  giveBack(buffer: Buffer): void {
    if (this.#spares.length < this.#countMax) {
      this.#spares.push(buffer);
      return;
    }
    // Those that are too small for what is asked for would stay for ever.
    this.#turn = (this.#turn + 1) % this.#countMax;
    if (this.#spares[this.#turn]!.length < buffer.length) this.#spares[this.#turn] = buffer;
  }
}
