import { endOfValue, valuesOf } from "./json-values.ts";

/**
 * What the JSON of many events has in common: the pieces of text that stand between their values. An event is a piece, a
 * value, a piece, a value … and a piece.
 */
export class Shape {
  readonly type: string;
  readonly pieces: readonly Uint8Array[];
  /** The events of a batch that have this shape. */
  readonly events: Uint8Array[] = [];
  /** Where the spans of each begin: of its values in turn, where in the event they begin and end. */
  readonly rows: number[] = [];
  readonly timesMs: number[] = [];
  readonly monosMs: number[] = [];
  readonly offsetsMs: (number | null)[] = [];

  constructor(type: string, pieces: readonly Uint8Array[]) {
    this.type = type;
    this.pieces = pieces;
  }

  /** The number of values. */
  get width(): number {
    return this.pieces.length - 1;
  }

  /** Takes in an event whose data begins at `from`, if it has this shape. */
  take(event: Uint8Array, from: number, spans: Spans): boolean {
    const { pieces } = this;
    const row = spans.length;
    let at = from;
    for (let i = 0; i < pieces.length && at >= 0; i++) {
      if (i > 0) {
        const end = endOfValue(event, at);
        spans.push(at, end);
        at = end;
      }
      at = endOfPiece(pieces[i]!, event, at);
    }
    if (at !== event.length) {
      spans.length = row;
      return false;
    }
    this.events.push(event);
    this.rows.push(row);
    return true;
  }
}

/** Pairs of numbers, always in the same room. */
export class Spans {
  length = 0;
  #room = new Int32Array(16_384);

  push(from: number, to: number): void {
    if (this.length + 2 > this.#room.length) {
      const room = new Int32Array(2 * this.#room.length);
      room.set(this.#room);
      this.#room = room;
    }
    this.#room[this.length++] = from;
    this.#room[this.length++] = to;
  }

  at(index: number): number {
    return this.#room[index]!;
  }
}

/** Where `piece` ends, which should stand at `from`; -1 when it does not, or `from` is -1. */
function endOfPiece(piece: Uint8Array, json: Uint8Array, from: number): number {
  for (let i = 0; i < piece.length; i++) if (json[from + i] !== piece[i]) return -1;
  return from + piece.length;
}

/** The shape of an event whose data begins at `from`; undefined when that is not what `JSON.stringify` would write. */
export function shapeOf(type: string, event: Uint8Array, from: number): Shape | undefined {
  const spans = valuesOf(event, from);
  if (!spans) return undefined;
  const pieces: Uint8Array[] = [];
  let at = from;
  for (let i = 0; i < spans.length; i += 2) {
    pieces.push(event.subarray(at, spans[i]));
    at = spans[i + 1]!;
  }
  pieces.push(event.subarray(at));
  return new Shape(type, pieces);
}

/** Whether what stands in `json` from `from` to `to` stands in `other`, too. */
export function isSame(
  json: Uint8Array,
  from: number,
  to: number,
  other: Uint8Array,
  otherFrom: number,
): boolean {
  for (let i = from; i < to; i++) if (json[i] !== other[otherFrom + i - from]) return false;
  return true;
}
