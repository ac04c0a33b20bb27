/**
 * The spelling of a batch by columns, as `docs/protocol.md` lays it down: what events have in common stands once, and values
 * of the same place stand together. An array in msgpack:
 *
 *   [ v, device, epoch, first_seq, order, shapes, columns ]
 *   order  = [ number of the event's shape, from 1; 0: this number was given up, … ], or how many events, all of shape 1
 *   shape  = [ type, piece, … ]                   text around and between the values of an event's data, or a number for it
 *   column = str: text of values, a line each     for each shape: time_ms, mono_ms, offset_ms, and each value
 *          | bin: numbers
 *
 * A column ends with its last value that has to be said.
 */
import { COLUMNS_MAX, PROTOCOL_VERSION } from "../limits.ts";
import type { BatchHeader } from "../msgpack.ts";
import { BIN, ByteWriter, STR } from "./byte-writer.ts";
import { EventReader, type ReadEvent } from "./event-reader.ts";
import { INSTANT, numbersOf, putNumbers, WHOLE } from "./number-columns.ts";
import { isSame, type Shape, Spans, shapeOf } from "./shape.ts";
import { codeOfValue, numberOfPiece } from "./words.ts";

/** Events that are not alike gain nothing: so many of a shape there must be, on average. */
const EVENTS_OF_SHAPE_MIN = 8;
/** Number of times before the values: time_ms, mono_ms, offset_ms. */
const TIMES = 3;

const LINE_FEED = 0x0a;
const QUOTE = 0x22;
const AS_IT_IS = 0x3a;

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
    if (order.every((shape) => shape === 1)) body.msgpackWhole(order.length);
    else {
      body.msgpackArray(order.length);
      for (const shape of order) body.msgpackWhole(shape);
    }
    body.msgpackArray(shapes.length);
    for (const { type, pieces } of shapes) {
      body.msgpackArray(1 + pieces.length);
      body.msgpackBytes(STR, encoder.encode(type));
      for (const [i, piece] of pieces.entries()) {
        const number = numberOfPiece(piece, i === 0);
        if (number === undefined) body.msgpackBytes(STR, piece);
        else body.byte(number);
      }
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
      const whole = numbersOf(shape, this.#spans, value, WHOLE);
      numbers.push(whole ?? numbersOf(shape, this.#spans, value, INSTANT));
      forms.push(whole ? WHOLE : INSTANT);
    }
    for (const [column, values] of numbers.entries()) {
      this.#column.clear();
      if (values) putNumbers(this.#column, numbers, column, forms[column]!);
      else if (column < TIMES) this.#offsets(shape.offsetsMs);
      else this.#texts(shape, column - TIMES);
      this.#body.msgpackBytes(values ? BIN : STR, this.#column.bytes);
    }
  }

  #offsets(offsetsMs: readonly (number | null)[]): void {
    this.#column.byte(AS_IT_IS);
    let again = 0;
    for (let row = 0; row < offsetsMs.length; row++) {
      const offsetMs = offsetsMs[row]!;
      if (row > 0 && offsetMs === offsetsMs[row - 1]) again++;
      else {
        again = this.#emptyLines(again);
        this.#column.put(encoder.encode(`${offsetMs}\n`));
      }
    }
  }

  /** Values that are those of the event before; returns how many are left to say. */
  #emptyLines(count: number): 0 {
    for (let left = count; left > 0; left--) this.#column.byte(LINE_FEED);
    return 0;
  }

  /** Values as text, a line each; an empty line is the value of the event before. */
  #texts({ events, rows }: Shape, value: number): void {
    const out = this.#column;
    const spans = this.#spans;
    const isStripped = allStrings(events, rows, spans, value);
    const quote = isStripped ? 1 : 0;
    out.byte(isStripped ? QUOTE : AS_IT_IS);
    let again = 0;
    let before: Uint8Array | undefined;
    let beforeFrom = 0;
    let beforeLength = 0;
    for (let row = 0; row < rows.length; row++) {
      const event = events[row]!;
      const from = spans.at(rows[row]! + 2 * value);
      const to = spans.at(rows[row]! + 2 * value + 1);
      if (before && beforeLength === to - from && isSame(event, from, to, before, beforeFrom)) again++;
      else {
        again = this.#emptyLines(again);
        const code = codeOfValue(event, from, to);
        if (code > 0) out.byte(code);
        else out.part(event, from + quote, to - quote);
        out.byte(LINE_FEED);
      }
      before = event;
      beforeFrom = from;
      beforeLength = to - from;
    }
  }
}

/** Whether all values are strings that are not empty, since an empty line means something else, or are said by a code. */
function allStrings(
  events: readonly Uint8Array[],
  rows: readonly number[],
  spans: Spans,
  value: number,
): boolean {
  for (let row = 0; row < rows.length; row++) {
    const event = events[row]!;
    const from = spans.at(rows[row]! + 2 * value);
    const to = spans.at(rows[row]! + 2 * value + 1);
    if (event[from] === QUOTE ? to - from === 2 : codeOfValue(event, from, to) === 0) return false;
  }
  return true;
}
