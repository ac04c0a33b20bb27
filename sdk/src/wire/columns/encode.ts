/**
 * The spelling of a batch by columns, as `docs/protocol.md` lays it down: what events have in common stands once, and values
 * of the same place stand together. An array in msgpack:
 *
 *   [ v, device, epoch, first_seq, order, shapes, columns ]
 *   order  = [ number of the event's shape, from 1; 0: this number was given up, … ]
 *   shape  = [ type, piece, … ]                   text around and between the values of an event's data
 *   column = str: text of values, a line each     for each shape: time_ms, mono_ms, offset_ms, and each value
 *          | bin: numbers
 */
import { COLUMNS_MAX, PROTOCOL_VERSION } from "../limits.ts";
import type { BatchHeader } from "../msgpack.ts";
import { BIN, ByteWriter, STR } from "./byte-writer.ts";
import { EventReader } from "./event-reader.ts";
import { instantIn, wholeIn } from "./numbers.ts";
import { bestPrediction, type Numbers, predicted } from "./prediction.ts";
import { type Shape, shapeOf } from "./shape.ts";

/** Events that are not alike gain nothing: so many of a shape there must be, on average. */
const EVENTS_OF_SHAPE_MIN = 8;
/** Number of times before the values: time_ms, mono_ms, offset_ms. */
const TIMES = 3;

const LINE_FEED = 0x0a;
const QUOTE = 0x22;
const AS_IT_IS = 0x3a;
/** How the numbers of a column are written in JSON. */
const WHOLE = 0;
const INSTANT = 1;

const encoder = /* @__PURE__ */ new TextEncoder();

/** Makes batches by columns of events that are spelled in msgpack. */
export class ColumnsEncoder {
  readonly #body = new ByteWriter();
  readonly #column = new ByteWriter();
  readonly #reader = new EventReader();

  /**
   * @returns the body, as a view that the next call overwrites; undefined when the events have too little in common, or are
   *   not what this SDK makes.
   */
  encode(header: BatchHeader, events: readonly Uint8Array[]): Uint8Array | undefined {
    const shapes: Shape[] = [];
    const order = this.#sort(events, shapes);
    const columns = shapes.reduce((sum, { width }) => sum + TIMES + width, 0);
    if (!order || columns > COLUMNS_MAX) return undefined;
    const body = this.#body;
    body.clear();
    body.msgpackArray(7);
    body.byte(PROTOCOL_VERSION);
    body.msgpackBytes(STR, encoder.encode(header.device));
    body.msgpackBytes(STR, encoder.encode(header.epoch));
    body.msgpackWhole(header.firstSeq);
    body.msgpackArray(order.length);
    for (const shape of order) body.msgpackWhole(shape);
    body.msgpackArray(shapes.length);
    for (const { type, pieces } of shapes) {
      body.msgpackArray(1 + pieces.length);
      body.msgpackBytes(STR, encoder.encode(type));
      for (const piece of pieces) body.msgpackBytes(STR, piece);
    }
    body.msgpackArray(columns);
    for (const shape of shapes) this.#columns(shape);
    return body.bytes;
  }

  /** The number of each event's shape. */
  #sort(events: readonly Uint8Array[], shapes: Shape[]): number[] | undefined {
    const shapesMax = events.length / EVENTS_OF_SHAPE_MIN;
    const order: number[] = [];
    for (const event of events) {
      if (event.length === 0) {
        order.push(0);
        continue;
      }
      const read = this.#reader.read(event);
      if (!read) return undefined;
      let at = shapes.findIndex((shape) => shape.type === read.type && shape.take(read.json));
      if (at < 0) {
        const shape = shapeOf(read.type, read.json);
        if (!shape?.take(read.json) || shapes.length + 1 > shapesMax) return undefined;
        at = shapes.push(shape) - 1;
      }
      const { timesMs, monosMs, offsetsMs } = shapes[at]!;
      timesMs.push(read.timeMs);
      monosMs.push(read.monoMs);
      offsetsMs.push(read.offsetMs);
      order.push(at + 1);
    }
    return order;
  }

  #columns(shape: Shape): void {
    const numbers: (readonly number[] | undefined)[] = [shape.timesMs, shape.monosMs, undefined];
    const forms = [WHOLE, WHOLE, WHOLE];
    for (let value = 0; value < shape.width; value++) {
      const whole = numbersOf(shape, value, wholeIn);
      numbers.push(whole ?? numbersOf(shape, value, instantIn));
      forms.push(whole ? WHOLE : INSTANT);
    }
    for (const [column, values] of numbers.entries()) {
      this.#column.clear();
      if (values) this.#numbers(numbers, column, forms[column]!);
      else if (column < TIMES) this.#offsets(shape.offsetsMs);
      else this.#texts(shape, column - TIMES);
      this.#body.msgpackBytes(values ? BIN : STR, this.#column.bytes);
    }
  }

  #numbers(numbers: Numbers, column: number, form: number): void {
    const out = this.#column;
    const prediction = bestPrediction(numbers, column);
    out.byte(form);
    out.byte(prediction.same);
    out.byte(prediction.also);
    out.byte(prediction.before);
    const values = numbers[column]!;
    for (let row = 0; row < values.length; row++) {
      out.varint(values[row]! - predicted(prediction, numbers, row));
    }
  }

  #offsets(offsetsMs: readonly (number | null)[]): void {
    this.#column.byte(AS_IT_IS);
    for (const [row, offsetMs] of offsetsMs.entries()) {
      if (row === 0 || offsetMs !== offsetsMs[row - 1]) this.#column.put(encoder.encode(String(offsetMs)));
      this.#column.byte(LINE_FEED);
    }
  }

  /** Values as text, a line each; an empty line is the value of the event before. */
  #texts({ jsons, spans, width }: Shape, value: number): void {
    const out = this.#column;
    const isStripped = allStrings(jsons, spans, width, value);
    const quote = isStripped ? 1 : 0;
    out.byte(isStripped ? QUOTE : AS_IT_IS);
    for (let row = 0; row < jsons.length; row++) {
      const at = 2 * (row * width + value);
      const json = jsons[row]!;
      if (row === 0 || !isSame(json, spans, at, jsons[row - 1]!, at - 2 * width)) {
        out.part(json, spans[at]! + quote, spans[at + 1]! - quote);
      }
      out.byte(LINE_FEED);
    }
  }
}

/** A column's numbers; undefined where a value is none. */
function numbersOf(
  { jsons, spans, width }: Shape,
  value: number,
  numberIn: (json: Uint8Array, from: number, to: number) => number,
): number[] | undefined {
  const numbers: number[] = [];
  for (let row = 0; row < jsons.length; row++) {
    const at = 2 * (row * width + value);
    const number = numberIn(jsons[row]!, spans[at]!, spans[at + 1]!);
    if (Number.isNaN(number)) return undefined;
    numbers.push(number);
  }
  return numbers;
}

/** Whether all values are strings, none of them empty: an empty line means something else. */
function allStrings(
  jsons: readonly Uint8Array[],
  spans: readonly number[],
  width: number,
  value: number,
): boolean {
  for (let row = 0; row < jsons.length; row++) {
    const at = 2 * (row * width + value);
    const from = spans[at]!;
    const length = spans[at + 1]! - from;
    if (jsons[row]![from] !== QUOTE || length === 2) return false;
  }
  return true;
}

function isSame(
  json: Uint8Array,
  spans: readonly number[],
  at: number,
  other: Uint8Array,
  otherAt: number,
): boolean {
  const from = spans[at]!;
  const length = spans[at + 1]! - from;
  const otherFrom = spans[otherAt]!;
  if (spans[otherAt + 1]! - otherFrom !== length) return false;
  for (let i = 0; i < length; i++) if (json[from + i] !== other[otherFrom + i]) return false;
  return true;
}
