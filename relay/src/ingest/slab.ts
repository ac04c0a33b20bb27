/**
 * Cuts room for the records of batches out of larger pieces of memory: making a piece, and collecting it, costs as much as
 * everything else that is done for twenty events. A piece is kept as long as any part of it is in use, so it is small.
 */
export class Slab {
  readonly #pieceBytes: number;
  #piece = Buffer.alloc(0);
  #at = 0;

  /** @param pieceBytes larger rooms get a piece of their own. */
  constructor(pieceBytes: number) {
    this.#pieceBytes = pieceBytes;
  }

  /** Room of `bytes` bytes, whatever stands in them. */
  take(bytes: number): Buffer {
    if (bytes > this.#pieceBytes) return Buffer.allocUnsafeSlow(bytes);
    if (bytes > this.#piece.length - this.#at) {
      this.#piece = Buffer.allocUnsafeSlow(this.#pieceBytes);
      this.#at = 0;
    }
    const from = this.#at;
    this.#at += bytes;
    return this.#piece.subarray(from, this.#at);
  }

  /** The first `length` bytes of `room`; the rest is for others, if nobody has taken any since. */
  trim(room: Buffer, length: number): Buffer {
    const isLast = room.buffer === this.#piece.buffer && room.byteOffset + room.length === this.#at;
    if (isLast) this.#at = room.byteOffset + length;
    return room.subarray(0, length);
  }
}
