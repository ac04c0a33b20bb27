/** Parses the protobuf inside an aggregate, as strictly as the generated parsers of KCL do. */

/** One record of an aggregate, its keys still as indexes. */
interface ParsedRecord {
  readonly partitionKeyIndex: number;
  readonly explicitHashKeyIndex: number | undefined;
  readonly data: Uint8Array;
}

export interface ParsedAggregate {
  readonly partitionKeys: readonly string[];
  readonly explicitHashKeys: readonly string[];
  readonly records: readonly ParsedRecord[];
}

const VARINT = 0;
const FIXED64 = 1;
const LENGTH_DELIMITED = 2;
const FIXED32 = 5;

/** The bytes are not the message they should be. */
export class ProtobufError extends Error {}

interface Field {
  readonly number: number;
  readonly wireType: number;
  /** Of a varint, the value; of the others, undefined. */
  readonly value: number;
  /** Of a length-delimited field, its bytes. */
  readonly bytes: Uint8Array;
}

const NO_BYTES = new Uint8Array(0);

/** @throws ProtobufError when a parser generated from the schema would refuse the bytes. */
export function parseAggregate(message: Uint8Array): ParsedAggregate {
  const partitionKeys: string[] = [];
  const explicitHashKeys: string[] = [];
  const records: ParsedRecord[] = [];
  for (const { number, wireType, bytes } of fieldsOf(message)) {
    // A known number with another wire type is an unknown field to a generated parser, and is passed over.
    if (wireType !== LENGTH_DELIMITED) continue;
    if (number === 1) partitionKeys.push(textOf(bytes));
    else if (number === 2) explicitHashKeys.push(textOf(bytes));
    else if (number === 3) records.push(parseRecord(bytes));
  }
  return { partitionKeys, explicitHashKeys, records };
}

function parseRecord(message: Uint8Array): ParsedRecord {
  let partitionKeyIndex: number | undefined;
  let explicitHashKeyIndex: number | undefined;
  let data: Uint8Array | undefined;
  for (const { number, wireType, value, bytes } of fieldsOf(message)) {
    if (number === 1 && wireType === VARINT) partitionKeyIndex = value;
    else if (number === 2 && wireType === VARINT) explicitHashKeyIndex = value;
    else if (number === 3 && wireType === LENGTH_DELIMITED) data = bytes;
  }
  if (partitionKeyIndex === undefined || data === undefined)
    throw new ProtobufError("a required field is missing");
  return { partitionKeyIndex, explicitHashKeyIndex, data };
}

function* fieldsOf(message: Uint8Array): Generator<Field> {
  for (let at = 0; at < message.length; ) {
    const tag = readVarint(message, at);
    const number = Math.floor(tag.value / 8);
    const wireType = tag.value % 8;
    if (number === 0) throw new ProtobufError("field number 0");
    const { value, from, end } = readValue(message, tag.end, wireType);
    yield {
      number,
      wireType,
      value,
      bytes: wireType === LENGTH_DELIMITED ? message.subarray(from, end) : NO_BYTES,
    };
    at = end;
  }
}

function readValue(message: Uint8Array, at: number, wireType: number) {
  switch (wireType) {
    case VARINT: {
      const { value, end } = readVarint(message, at);
      return { value, from: at, end };
    }
    case LENGTH_DELIMITED: {
      const length = readVarint(message, at);
      return { value: 0, from: length.end, end: within(message, length.end + length.value) };
    }
    case FIXED64:
      return { value: 0, from: at, end: within(message, at + 8) };
    case FIXED32:
      return { value: 0, from: at, end: within(message, at + 4) };
    default:
      throw new ProtobufError(`wire type ${wireType}`);
  }
}

function within(message: Uint8Array, end: number): number {
  if (end > message.length) throw new ProtobufError("the message is cut off");
  return end;
}

/** Values above 2^53 lose their last digits: as indexes and lengths they are out of every range all the same. */
function readVarint(message: Uint8Array, at: number): { readonly value: number; readonly end: number } {
  let value = 0;
  for (let i = 0; i < 10; i++) {
    const byte = message[at + i];
    if (byte === undefined) throw new ProtobufError("the message is cut off");
    value += (byte & 0x7f) * 2 ** (7 * i);
    if (byte < 0x80) return { value, end: at + i + 1 };
  }
  throw new ProtobufError("a varint of more than 10 bytes");
}

const textOf = (bytes: Uint8Array): string =>
  Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString("utf8");
