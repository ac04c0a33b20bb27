import { endOfValue, valuesOf } from "./json-values.ts";

/**
 * What the JSON of many events has in common: the pieces of text that stand between their values. An event is a piece, a
 * value, a piece, a value … and a piece.
 */
export class Shape {
  readonly type: string;
  readonly pieces: readonly Uint8Array[];
  /** JSON of the events of a batch that have this shape. */
  readonly jsons: Uint8Array[] = [];
  /** Where their values begin and end, in turn, all of an event's behind those of the one before. */
  readonly spans: number[] = [];
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

  /** Takes the JSON of an event in, if it has this shape. */
  take(json: Uint8Array): boolean {
    const { pieces, spans } = this;
    const before = spans.length;
    let at = 0;
    for (let i = 0; i < pieces.length && at >= 0; i++) {
      if (i > 0) {
        const end = endOfValue(json, at);
        spans.push(at, end);
        at = end;
      }
      at = i > 0 && at === 0 ? -1 : endOfPiece(pieces[i]!, json, at);
    }
    const fits = at === json.length;
    if (fits) this.jsons.push(json);
    else spans.length = before;
    return fits;
  }
}

/** Where `piece` ends, which should stand at `from`; -1 when it does not. */
function endOfPiece(piece: Uint8Array, json: Uint8Array, from: number): number {
  for (let i = 0; i < piece.length; i++) if (json[from + i] !== piece[i]) return -1;
  return from + piece.length;
}

/** The shape of an event; undefined when its JSON is not what `JSON.stringify` would write. */
export function shapeOf(type: string, json: Uint8Array): Shape | undefined {
  const spans = valuesOf(json);
  if (!spans) return undefined;
  const pieces: Uint8Array[] = [];
  let from = 0;
  for (let i = 0; i < spans.length; i += 2) {
    pieces.push(json.subarray(from, spans[i]));
    from = spans[i + 1]!;
  }
  pieces.push(json.subarray(from));
  return new Shape(type, pieces);
}
