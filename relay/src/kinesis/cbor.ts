/**
 * CBOR (RFC 8949) as far as requests to Kinesis need it: a head of major type and length, then the content.
 *
 *   0 unsigned | 2 bytes | 3 text in UTF-8 | 4 array | 5 map, its keys text | f4 false, f5 true
 *
 * A value is measured first and then written into room of exactly its size, so that megabytes of records are copied once.
 */

/** What a request is made of. Members that are undefined are left out. */
export type CborValue =
  | string
  | number
  | boolean
  | Uint8Array
  | readonly CborValue[]
  | { readonly [name: string]: CborValue | undefined };

const UNSIGNED = 0x00;
const BYTES = 0x40;
const TEXT = 0x60;
const ARRAY = 0x80;
const MAP = 0xa0;
const FALSE = 0xf4;
const TRUE = 0xf5;

/**
 * @param take gives memory of so many bytes or more, of which the first part is used.
 * @throws RangeError for a number that is not whole, or not from 0 to 2^32 - 1.
 */
export function encodeCbor(value: CborValue, take: (bytes: number) => Buffer = Buffer.allocUnsafe): Buffer {
  const bytes = take(lengthOf(value));
  return bytes.subarray(0, write(bytes, 0, value));
}

function lengthOf(value: CborValue): number {
  if (typeof value === "string") return withHead(Buffer.byteLength(value));
  if (typeof value === "number") return headLength(value);
  if (typeof value === "boolean") return 1;
  if (value instanceof Uint8Array) return withHead(value.length);
  if (isArray(value))
    return value.reduce<number>((sum, item) => sum + lengthOf(item), headLength(value.length));
  const members = membersOf(value);
  return members.reduce(
    (sum, [name, member]) => sum + withHead(Buffer.byteLength(name)) + lengthOf(member),
    headLength(members.length),
  );
}

/** Writes `value` at `from`; returns where it ends. */
function write(bytes: Buffer, from: number, value: CborValue): number {
  if (typeof value === "string") {
    const at = writeHead(bytes, from, TEXT, Buffer.byteLength(value));
    return at + bytes.write(value, at);
  }
  if (typeof value === "number") return writeHead(bytes, from, UNSIGNED, value);
  if (typeof value === "boolean") return bytes.writeUInt8(value ? TRUE : FALSE, from);
  if (value instanceof Uint8Array) {
    const at = writeHead(bytes, from, BYTES, value.length);
    bytes.set(value, at);
    return at + value.length;
  }
  if (isArray(value)) {
    return value.reduce<number>(
      (at, item) => write(bytes, at, item),
      writeHead(bytes, from, ARRAY, value.length),
    );
  }
  const members = membersOf(value);
  return members.reduce(
    (at, [name, member]) => write(bytes, write(bytes, at, name), member),
    writeHead(bytes, from, MAP, members.length),
  );
}

const isArray = (value: CborValue): value is readonly CborValue[] => Array.isArray(value);

const membersOf = (value: { readonly [name: string]: CborValue | undefined }) =>
  Object.entries(value).filter((member): member is [string, CborValue] => member[1] !== undefined);

const withHead = (length: number): number => headLength(length) + length;

function headLength(value: number): number {
  if (value < 24) return 1;
  if (value < 0x100) return 2;
  return value < 0x10000 ? 3 : 5;
}

function writeHead(bytes: Buffer, from: number, major: number, value: number): number {
  if (!Number.isInteger(value) || value < 0) {
    throw new RangeError(`the number is ${value}, expected a whole one from 0 to 2^32 - 1`);
  }
  if (value < 24) return bytes.writeUInt8(major | value, from);
  if (value < 0x100) return bytes.writeUInt8(value, bytes.writeUInt8(major | 24, from));
  if (value < 0x10000) return bytes.writeUInt16BE(value, bytes.writeUInt8(major | 25, from));
  return bytes.writeUInt32BE(value, bytes.writeUInt8(major | 26, from));
}
