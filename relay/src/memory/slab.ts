import { SpareBuffers } from "./spare-buffers.ts";

/** A part of a piece of memory, for one batch. */
export class Room {
  #piece: Piece | undefined;
  bytes: Buffer;

  constructor(piece: Piece | undefined, bytes: Buffer) {
    this.#piece = piece;
    this.bytes = bytes;
  }

  /** Only the first `length` bytes are needed; the rest is for others, if nobody has taken any since. */
  trim(length: number): void {
    this.#piece?.trim(this.bytes, length);
    this.bytes = this.bytes.subarray(0, length);
  }

  /** Nobody needs it any more. Whoever is not sure leaves it to the collector: a piece of which a part is not given back is not used again. */
  free(): void {
    const piece = this.#piece;
    this.#piece = undefined;
    this.bytes = NOTHING;
    piece?.leave();
  }
}

const NOTHING = Buffer.alloc(0);

class Piece {
  readonly bytes: Buffer;
  readonly #onEmpty: (piece: Piece) => void;
  #at = 0;
  #rooms = 0;

  constructor(bytes: Buffer, onEmpty: (piece: Piece) => void) {
    this.bytes = bytes;
    this.#onEmpty = onEmpty;
  }

  take(bytes: number): Room | undefined {
    if (bytes > this.bytes.length - this.#at) return undefined;
    const from = this.#at;
    this.#at += bytes;
    this.#rooms++;
    return new Room(this, this.bytes.subarray(from, this.#at));
  }

  trim(room: Buffer, length: number): void {
    const from = room.byteOffset - this.bytes.byteOffset;
    if (from + room.length === this.#at) this.#at = from + length;
  }

  leave(): void {
    if (--this.#rooms > 0) return;
    this.#at = 0;
    this.#onEmpty(this);
  }
}

/**
 * Cuts room for the records of batches out of larger pieces of memory: making a piece, and collecting it, costs as much as
 * everything else that is done for twenty events. A piece is used again when all that was cut out of it has been given back.
 */
export class Slab {
  readonly #pieceBytes: number;
  readonly #spares: SpareBuffers;
  #piece: Piece | undefined;

  /**
   * @param pieceBytes a power of two; larger rooms get memory of their own.
   * @param piecesMax so many are kept although they are empty.
   */
  constructor(pieceBytes: number, piecesMax: number) {
    this.#pieceBytes = pieceBytes;
    this.#spares = new SpareBuffers(piecesMax);
  }

  /** Room of `bytes` bytes, whatever stands in them. */
  take(bytes: number): Room {
    if (bytes > this.#pieceBytes) return new Room(undefined, Buffer.allocUnsafeSlow(bytes));
    const room = this.#piece?.take(bytes);
    if (room) return room;
    this.#piece = new Piece(this.#spares.take(this.#pieceBytes), (piece) => {
      // The one in use stays in use, from its beginning on.
      if (piece !== this.#piece) this.#spares.giveBack(piece.bytes);
    });
    return this.#piece.take(bytes)!;
  }
}
