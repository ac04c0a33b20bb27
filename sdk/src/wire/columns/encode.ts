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
import { EventReader, type ReadEvent } from "./event-reader.ts";
import { instantIn, wholeIn } from "./numbers.ts";
import { bestPrediction, type Numbers, predicted } from "./prediction.ts";
import { type Shape, Spans, shapeOf } from "./shape.ts";

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
  readonly #spans = new Spans();

  /**
   * @returns the body, as a view that the next call overwrites; undefined when the events have too little in common, or are
   *   not what this SDK makes.
   */
  encode(header: BatchHeader, events: readonly Uint8Array[]): Uint8Array | undefined {
    this.#spans.length = 0;
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
      let at = this.#shapeFor(read, event, shapes);
      if (at < 0) {
        const shape = shapeOf(read.type, event, read.dataFrom);
        if (!shape?.take(event, read.dataFrom, this.#spans) || shapes.length + 1 > shapesMax)
          return undefined;
        at = shapes.push(shape) - 1;
      }
      const shape = shapes[at]!;
      shape.timesMs.push(read.timeMs);
      shape.monosMs.push(read.monoMs);
      shape.offsetsMs.push(read.offsetMs);
      order.push(at + 1);
    }
    return order;
  }

  /** Which of the shapes has taken the event in; -1: none of them. */
  #shapeFor({ type, dataFrom }: ReadEvent, event: Uint8Array, shapes: readonly Shape[]): number {
    for (let at = 0; at < shapes.length; at++) {
      if (shapes[at]!.type === type && shapes[at]!.take(event, dataFrom, this.#spans)) return at;
    }
    return -1;
  }

  #columns(shape: Shape): void {
    const numbers: (readonly number[] | undefined)[] = [shape.timesMs, shape.monosMs, undefined];
    const forms = [WHOLE, WHOLE, WHOLE];
    for (let value = 0; value < shape.width; value++) {
      const whole = numbersOf(shape, this.#spans, value, wholeIn);
      numbers.push(whole ?? numbersOf(shape, this.#spans, value, instantIn));
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
    for (let row = 0; row < offsetsMs.length; row++) {
      const offsetMs = offsetsMs[row]!;
      if (row === 0 || offsetMs !== offsetsMs[row - 1]) this.#column.put(encoder.encode(String(offsetMs)));
      this.#column.byte(LINE_FEED);
    }
  }

  /** Values as text, a line each; an empty line is the value of the event before. */
  #texts({ events, rows }: Shape, value: number): void {
    const out = this.#column;
    const spans = this.#spans;
    const isStripped = allStrings(events, rows, spans, value);
    const quote = isStripped ? 1 : 0;
    out.byte(isStripped ? QUOTE : AS_IT_IS);
    let before: Uint8Array | undefined;
    let beforeFrom = 0;
    let beforeLength = 0;
    for (let row = 0; row < rows.length; row++) {
      const event = events[row]!;
      const from = spans.at(rows[row]! + 2 * value);
      const to = spans.at(rows[row]! + 2 * value + 1);
      const isAgain = before && beforeLength === to - from && isSame(event, from, to, before, beforeFrom);
      if (!isAgain) out.part(event, from + quote, to - quote);
      out.byte(LINE_FEED);
      before = event;
      beforeFrom = from;
      beforeLength = to - from;
    }
  }
}

/** A column's numbers; undefined where a value is none. */
function numbersOf(
  { events, rows }: Shape,
  spans: Spans,
  value: number,
  numberIn: (event: Uint8Array, from: number, to: number) => number,
): number[] | undefined {
  let numbers: number[] | undefined;
  for (let row = 0; row < rows.length; row++) {
    const at = rows[row]! + 2 * value;
    const number = numberIn(events[row]!, spans.at(at), spans.at(at + 1));
    if (Number.isNaN(number)) return undefined;
    // Most columns are no numbers, and their first value says so.
    numbers ??= [];
    numbers.push(number);
  }
  return numbers;
}

/** Whether all values are strings, none of them empty: an empty line means something else. */
function allStrings(
  events: readonly Uint8Array[],
  rows: readonly number[],
  spans: Spans,
  value: number,
): boolean {
  for (let row = 0; row < rows.length; row++) {
    const from = spans.at(rows[row]! + 2 * value);
    const length = spans.at(rows[row]! + 2 * value + 1) - from;
    if (events[row]![from] !== QUOTE || length === 2) return false;
  }
  return true;
}

function isSame(event: Uint8Array, from: number, to: number, other: Uint8Array, otherFrom: number): boolean {
  for (let i = from; i < to; i++) if (event[i] !== other[otherFrom + i - from]) return false;
  return true;
}
