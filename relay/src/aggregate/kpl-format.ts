/**
 * Bytes of an aggregated record, as the Kinesis Producer Library (KPL) writes and its consumers read them:
 *
 *   F3 89 9A C2 | AggregatedRecord in protobuf | MD5 of the protobuf (16)
 *
 *   AggregatedRecord { repeated string partition_key_table = 1; repeated string explicit_hash_key_table = 2;
 *                      repeated Record records = 3; }
 *   Record { required uint64 partition_key_index = 1; optional uint64 explicit_hash_key_index = 2;
 *            required bytes data = 3; }
 *
 * All keys come first, then all hash keys, then all records. Every record names hash key 0, the only one: wherever the
 * aggregate lands, its shard contains that key, so no consumer can take one of its records for one that strayed.
 */
import { hash } from "node:crypto";

export const MAGIC = Buffer.of(0xf3, 0x89, 0x9a, 0xc2);
export const DIGEST_BYTES = 16;

const TAG_PARTITION_KEY = 0x0a;
const TAG_HASH_KEY = 0x12;
const TAG_RECORD = 0x1a;
const TAG_KEY_INDEX = 0x08;
const TAG_HASH_KEY_INDEX = 0x10;
const TAG_DATA = 0x1a;

/** Bytes of `value` as a varint; values here stay below 2^28. */
function varintLength(value: number): number {
  let length = 1;
  for (let rest = value >>> 7; rest > 0; rest >>>= 7) length++;
  return length;
}

/** Writes `value` as a varint at `at`; returns where it ends. */
function writeVarint(bytes: Uint8Array, at: number, value: number): number {
  let rest = value;
  let offset = at;
  for (; rest >= 0x80; rest >>>= 7) bytes[offset++] = (rest & 0x7f) | 0x80;
  bytes[offset++] = rest;
  return offset;
}

/** Bytes that a key takes in its table. Keys here are ASCII. */
export const tableEntryLength = (key: string): number => 1 + varintLength(key.length) + key.length;

/** Bytes that a record takes, with its tag and length. */
export function recordLength(keyIndex: number, dataLength: number): number {
  const body = recordBodyLength(keyIndex, dataLength);
  return 1 + varintLength(body) + body;
}

function recordBodyLength(keyIndex: number, dataLength: number): number {
  return 1 + varintLength(keyIndex) + 2 + 1 + varintLength(dataLength) + dataLength;
}

/** Writes a record whose data is `source[from, to)`; returns where it ends. */
export function writeRecord(
  bytes: Uint8Array,
  at: number,
  keyIndex: number,
  source: Uint8Array,
  from: number,
  to: number,
): number {
  const dataLength = to - from;
  let offset = at;
  bytes[offset++] = TAG_RECORD;
  offset = writeVarint(bytes, offset, recordBodyLength(keyIndex, dataLength));
  bytes[offset++] = TAG_KEY_INDEX;
  offset = writeVarint(bytes, offset, keyIndex);
  bytes[offset++] = TAG_HASH_KEY_INDEX;
  bytes[offset++] = 0;
  bytes[offset++] = TAG_DATA;
  offset = writeVarint(bytes, offset, dataLength);
  bytes.set(source.subarray(from, to), offset);
  return offset + dataLength;
}

/** Length of the whole aggregate around `recordsLength` bytes of records. */
export function aggregateLength(tablesLength: number, recordsLength: number): number {
  return MAGIC.length + tablesLength + recordsLength + DIGEST_BYTES;
}

/** The finished aggregate, at the beginning of `room`, which has `aggregateLength` bytes or more. */
export function encodeAggregate(
  partitionKeys: readonly string[],
  hashKey: string,
  records: Uint8Array,
  room: Buffer,
): Buffer {
  let at = MAGIC.copy(room);
  for (const key of partitionKeys) at = writeTableEntry(room, at, TAG_PARTITION_KEY, key);
  at = writeTableEntry(room, at, TAG_HASH_KEY, hashKey);
  room.set(records, at);
  at += records.length;
  at += hash("md5", room.subarray(MAGIC.length, at), "buffer").copy(room, at);
  return room.subarray(0, at);
}

function writeTableEntry(bytes: Buffer, at: number, tag: number, key: string): number {
  bytes[at] = tag;
  const offset = writeVarint(bytes, at + 1, key.length);
  return offset + bytes.write(key, offset, "latin1");
}
