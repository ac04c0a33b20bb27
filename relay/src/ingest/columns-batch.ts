import { COLUMN_NAMES, COLUMNS_MAX } from "@tonearm/sdk/wire";
import type { Batch } from "../batch.ts";
import { Refusal } from "../refusal.ts";
import { inflatedBytesMax } from "./body.ts";
import { NumberColumn, TextColumn } from "./column.ts";
import { DataWriter } from "./data-writer.ts";
import { checkHeader } from "./header.ts";
import { type Intake, OPEN } from "./intake.ts";
import { MsgpackReader } from "./msgpack-reader.ts";
import { RecordWriter } from "./record-writer.ts";

const FIELDS = 7;
const NULL = Buffer.from("null");
/** time_ms, mono_ms and offset_ms stand before the values of an event's data. */
const TIMES = 3;
/** A sign, and the digits of 2^53. */
const TIME_CHARS_MAX = 17;
/** About how much more the data takes than its columns. */
const EXPANSION = 8;

/** What a number says in the place of a piece: the first of an event, and all others. */
const FIRST_PIECES = ["}", ...COLUMN_NAMES.map((name) => `{"${name}":`)].map((piece) => Buffer.from(piece));
const OTHER_PIECES = ["}", ...COLUMN_NAMES.map((name) => `,"${name}":`)].map((piece) => Buffer.from(piece));

interface Shape {
  readonly type: string;
  readonly pieces: readonly Buffer[];
  readonly columns: (TextColumn | NumberColumn)[];
}

/**
 * Decodes the spelling by columns: what events have in common stands once, and values of the same place stand together.
 * No more data comes out of the columns than out of a compressed body of their size, and it is checked like any other.
 * @throws Refusal naming what is wrong with it.
 */
export function decodeColumnsBatch(body: Buffer, receivedMs: number, intake: Intake = OPEN): Batch {
  const reader = new MsgpackReader(body);
  if (reader.arrayLength() !== FIELDS) throw malformed(`the batch must be an array of ${FIELDS}`);
  const fields = {
    v: reader.numberOrNil(),
    device: reader.shortString(),
    epoch: reader.shortString(),
    first_seq: reader.numberOrNil(),
  };
  const same = reader.wholeUnlessArray();
  const count = same ?? reader.arrayLength();
  const sent = checkHeader(fields, count);
  const header = { ...sent, device: intake.admit(sent) };
  const order = Array.from({ length: count }, () => (same === undefined ? reader.numberOrNil() : 1));
  const shapes = readShapes(reader);
  if (!reader.atEnd) throw malformed("the body goes on behind the batch, expected its end");
  const dataBytesMax = inflatedBytesMax(body.length);
  const dataBytes = Math.min(EXPANSION * body.length, dataBytesMax);
  const writer = new RecordWriter(header, receivedMs, dataBytes, count, intake);
  const data = new DataWriter(dataBytesMax);
  for (const [i, number] of order.entries()) {
    const shape = number === null || number === 0 ? undefined : shapes[number - 1];
    if (shape) write(shape, writer, data, header.firstSeq + i);
    else if (number === 0) writer.skip();
    else throw malformed("the order of the events names a shape that is not there");
  }
  if (!shapes.every(({ columns }) => columns.every(({ atEnd }) => atEnd))) {
    throw malformed("a column holds more values than there are events of its shape");
  }
  return { ...header, records: writer.finish() };
}

function readShapes(reader: MsgpackReader): Shape[] {
  const shapes: Shape[] = [];
  let columns = 0;
  for (let left = reader.arrayLength(); left > 0; left--) {
    const pieces = reader.arrayLength() - 1;
    if (pieces < 1) throw malformed("a shape must have a type, and at least one piece of text");
    columns += TIMES + pieces - 1;
    if (columns > COLUMNS_MAX) throw malformed(`the batch has more than ${COLUMNS_MAX} columns`);
    const type = reader.shortString();
    shapes.push({
      type,
      pieces: Array.from({ length: pieces }, (_, i) => readPiece(reader, i === 0)),
      columns: [],
    });
  }
  if (reader.arrayLength() !== columns) {
    throw malformed("the number of columns is not three for each shape and one for each value");
  }
  for (const shape of shapes) readColumns(reader, shape);
  return shapes;
}

function readPiece(reader: MsgpackReader, isFirst: boolean): Buffer {
  const number = reader.passSmallWhole();
  if (number === undefined) return reader.stringBytes();
  const piece = (isFirst ? FIRST_PIECES : OTHER_PIECES)[number];
  if (!piece) throw malformed("a shape has a number in the place of a piece that stands for none");
  return piece;
}

function readColumns(reader: MsgpackReader, { pieces, columns }: Shape): void {
  for (let left = TIMES + pieces.length - 1; left > 0; left--) {
    const { isText, bytes } = reader.textOrBinary();
    columns.push(isText ? new TextColumn(bytes) : new NumberColumn(bytes, columns));
  }
  for (const column of columns) if (column instanceof NumberColumn) column.link(columns);
}

function write(shape: Shape, writer: RecordWriter, data: DataWriter, seq: number): void {
  const { type, pieces, columns } = shape;
  const [timeMs, monoMs, offsetMs] = columns.slice(0, TIMES).map(timeIn);
  data.begin(seq);
  data.put(pieces[0]!, 0, pieces[0]!.length);
  for (let i = TIMES; i < columns.length; i++) {
    const column = columns[i]!;
    if (column instanceof NumberColumn) {
      const number = column.next();
      if (number === null) data.put(NULL, 0, NULL.length);
      else if (column.isInstant) data.instant(number);
      else data.whole(number);
    } else {
      column.next();
      data.put(column.bytes, column.from, column.to, column.isStripped);
    }
    const piece = pieces[i - TIMES + 1]!;
    data.put(piece, 0, piece.length);
  }
  writer.write({ type, timeMs, monoMs, offsetMs, body: data.room, from: 0, to: data.length });
}

/** What is no number fails the check of the event's fields. */
function timeIn(column: TextColumn | NumberColumn): number | null | undefined {
  if (column instanceof NumberColumn) return column.isInstant ? undefined : column.next();
  column.next();
  const { bytes, from, to, isStripped } = column;
  const text = isStripped || to - from > TIME_CHARS_MAX ? "" : bytes.toString("latin1", from, to);
  if (text === "null") return null;
  return /^-?\d{1,16}$/.test(text) ? Number(text) : undefined;
}

const malformed = (message: string): Refusal => new Refusal("malformed_body", message);
