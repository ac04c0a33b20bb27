/**
 * Byte layout of a segment file. Everything is little-endian; integers of 8 bytes stay below 2^53.
 *
 * A segment is its header, twice, so that no single damaged byte can cost a whole segment; then frames.
 *
 *   header, 128 bytes                          frame
 *     0  8  magic "TONEARM" 00                   0  4  magic "frm" 01
 *     8  2  version, 1                           4  1  type: 1 EVENTS, 2 ACK, 3 PACKED (0 is invalid)
 *    10  1  spelling of the events, see Codec    5  3  zero
 *    11  1  length of the device id              8  4  length of the payload (0 is invalid)
 *    12  4  salt, random per segment            12  8  EVENTS: seq of the first entry; ACK: acknowledged seq
 *    16  8  segment number, see below           20  4  count of entries; ACK: 1
 *    24  8  seq of the first entry              24  4  crc32c(salt, bytes 0…23, payload)
 *    32  8  wall clock at creation, ms          28     payload
 *    40  4  index of the epoch in this log
 *    44 16  epoch, ASCII                       payload of EVENTS, per entry, seq ascending by one
 *    60 64  device, ASCII, zero padded           1  priority
 *   124  4  crc32c of bytes 0…123                1–5  length of the bytes, LEB128
 *                                                …  the bytes
 *                                              payload of ACK: the acknowledged epoch, 16 bytes ASCII
 *                                              payload of PACKED
 *                                              4  length of what was packed
 *                                              …  a payload of EVENTS, packed as the runtime does: zstd on Node
 *
 * The number is that of the file's name; what an eviction rewrote keeps the number of the segment that it stood in.
 * A commit writes one frame or several. A torn frame is wholly absent, and was never acknowledged to anyone. The salt
 * keeps a frame of a deleted file, reappearing in a reused disk block, from passing as one of this file.
 */
import type { Spelling } from "../codec.ts";
import type { Packer } from "../packer.ts";
import type { Entry } from "../store.ts";
import { crc32c } from "./crc32c.ts";
import { entriesIn, pack, payloadOf, unpack } from "./payload.ts";

const HEADER_BYTES = 128;
/** Where frames begin: behind both copies of the header. */
export const FRAMES_START = 2 * HEADER_BYTES;
const FRAME_HEADER_BYTES = 28;
/** Length of an epoch id. */
const EPOCH_CHARS = 16;

const EVENTS = 1;
export const ACK = 2;
const PACKED = 3;

/** Shorter payloads are written as they are: the medium writes whole blocks anyway. */
const PACKED_BYTES_MIN = 512;

const FORMAT_VERSION = 1;
const HEADER_MAGIC = /* @__PURE__ */ Uint8Array.of(0x54, 0x4f, 0x4e, 0x45, 0x41, 0x52, 0x4d, 0x00);
const FRAME_MAGIC = 0x016d7266;
const DEVICE_BYTES = 64;
const ascii = /* @__PURE__ */ new TextDecoder("latin1");

export interface SegmentHeader {
  readonly spelling: Spelling;
  readonly salt: number;
  readonly number: number;
  readonly firstSeq: number;
  readonly createdMs: number;
  readonly epochIndex: number;
  readonly epoch: string;
  readonly device: string;
}

export interface Frame {
  readonly type: typeof EVENTS | typeof ACK | typeof PACKED;
  readonly firstSeq: number;
  readonly count: number;
  readonly payload: Uint8Array;
  /** Length of the whole frame, its header included. */
  readonly byteLength: number;
}

/** `seg-<16 hex>.log`: names come from a counter, never from anything a device or user said. */
export const segmentName = (number: number): string => `seg-${number.toString(16).padStart(16, "0")}.log`;

/** No log gets here by itself; a stranger's file with a higher number must not use up the numbers there are. */
const SEGMENT_NUMBER_MAX = 2 ** 48;

/** The number in a segment's name; undefined for any other name. */
export function segmentNumber(name: string): number | undefined {
  const match = /^seg-([0-9a-f]{16})\.log$/.exec(name);
  const number = match ? Number.parseInt(match[1]!, 16) : Number.NaN;
  return number <= SEGMENT_NUMBER_MAX ? number : undefined;
}

/** Both copies of the header. */
export function encodeHeader(header: SegmentHeader): Uint8Array {
  const bytes = new Uint8Array(FRAMES_START);
  const view = new DataView(bytes.buffer);
  bytes.set(HEADER_MAGIC, 0);
  view.setUint16(8, FORMAT_VERSION, true);
  bytes[10] = header.spelling;
  bytes[11] = header.device.length;
  view.setUint32(12, header.salt, true);
  setUint64(view, 16, header.number);
  setUint64(view, 24, header.firstSeq);
  setUint64(view, 32, header.createdMs);
  view.setUint32(40, header.epochIndex, true);
  setAscii(bytes, 44, header.epoch);
  setAscii(bytes, 60, header.device);
  view.setUint32(124, crc32c(bytes.subarray(0, 124)), true);
  bytes.copyWithin(HEADER_BYTES, 0, HEADER_BYTES);
  return bytes;
}

/** The header, from whichever copy is whole; undefined when neither is. */
export function decodeHeader(segment: Uint8Array): SegmentHeader | undefined {
  return decodeHeaderCopy(segment, 0) ?? decodeHeaderCopy(segment, HEADER_BYTES);
}

function decodeHeaderCopy(segment: Uint8Array, at: number): SegmentHeader | undefined {
  if (segment.length < at + HEADER_BYTES) return undefined;
  const bytes = segment.subarray(at, at + HEADER_BYTES);
  const view = new DataView(bytes.buffer, bytes.byteOffset, HEADER_BYTES);
  if (view.getUint32(124, true) !== crc32c(bytes.subarray(0, 124))) return undefined;
  if (HEADER_MAGIC.some((byte, i) => bytes[i] !== byte) || view.getUint16(8, true) !== FORMAT_VERSION)
    return undefined;
  const spelling = bytes[10];
  const deviceLength = bytes[11]!;
  if ((spelling !== 1 && spelling !== 2) || deviceLength > DEVICE_BYTES) return undefined;
  return {
    spelling,
    salt: view.getUint32(12, true),
    number: getUint64(view, 16),
    firstSeq: getUint64(view, 24),
    createdMs: getUint64(view, 32),
    epochIndex: view.getUint32(40, true),
    epoch: ascii.decode(bytes.subarray(44, 44 + EPOCH_CHARS)),
    device: ascii.decode(bytes.subarray(60, 60 + deviceLength)),
  };
}

/** Gives room for a frame, of exactly the length asked for; what is in it does not matter. */
export type Allocate = (length: number) => Uint8Array;

const allocateFresh: Allocate = (length) => new Uint8Array(length);

/** A frame of entries with consecutive sequence numbers, packed where that makes it smaller. */
export function encodeEventsFrame(
  salt: number,
  entries: readonly Entry[],
  packer?: Packer,
  allocate = allocateFresh,
): Uint8Array {
  const payload = payloadOf(entries);
  const packed = payload.length < PACKED_BYTES_MIN ? undefined : packer && pack(payload, packer);
  const firstSeq = entries[0]!.seq;
  return packed && packed.length < payload.length
    ? encodePackedFrame(salt, firstSeq, entries.length, packed, allocate)
    : encodeFrame(salt, EVENTS, firstSeq, entries.length, payload, allocate);
}

/** A frame of entries that are packed already. */
export const encodePackedFrame = (
  salt: number,
  firstSeq: number,
  count: number,
  packed: Uint8Array,
  allocate: Allocate,
): Uint8Array => encodeFrame(salt, PACKED, firstSeq, count, packed, allocate);

/** A frame that says that all of `epoch` up to `throughSeq` is acknowledged. */
export function encodeAckFrame(salt: number, epoch: string, throughSeq: number): Uint8Array {
  const payload = new Uint8Array(EPOCH_CHARS);
  setAscii(payload, 0, epoch);
  return encodeFrame(salt, ACK, throughSeq, 1, payload, allocateFresh);
}

function encodeFrame(
  salt: number,
  type: number,
  firstSeq: number,
  count: number,
  payload: Uint8Array,
  allocate: Allocate,
): Uint8Array {
  const frame = allocate(FRAME_HEADER_BYTES + payload.length);
  frame.fill(0, 0, FRAME_HEADER_BYTES);
  frame.set(payload, FRAME_HEADER_BYTES);
  const view = new DataView(frame.buffer, frame.byteOffset);
  view.setUint32(0, FRAME_MAGIC, true);
  frame[4] = type;
  view.setUint32(8, frame.length - FRAME_HEADER_BYTES, true);
  setUint64(view, 12, firstSeq);
  view.setUint32(20, count, true);
  view.setUint32(24, frameCrc(frame, salt), true);
  return frame;
}

function frameCrc(frame: Uint8Array, salt: number): number {
  const saltBytes = Uint8Array.of(salt & 0xff, (salt >>> 8) & 0xff, (salt >>> 16) & 0xff, salt >>> 24);
  const head = crc32c(frame.subarray(0, 24), crc32c(saltBytes));
  return crc32c(frame.subarray(FRAME_HEADER_BYTES), head);
}

/** The frame at `at`; undefined where `bytes` cuts it off, or nothing valid stands. */
export function decodeFrame(bytes: Uint8Array, at: number, salt: number): Frame | undefined {
  const left = bytes.length - at;
  if (left < FRAME_HEADER_BYTES) return undefined;
  const view = new DataView(bytes.buffer, bytes.byteOffset + at, FRAME_HEADER_BYTES);
  const length = view.getUint32(8, true);
  if (view.getUint32(0, true) !== FRAME_MAGIC || length === 0) return undefined;
  if (left < FRAME_HEADER_BYTES + length) return undefined;
  const frame = bytes.subarray(at, at + FRAME_HEADER_BYTES + length);
  if (view.getUint32(24, true) !== frameCrc(frame, salt)) return undefined;
  const type = frame[4];
  if (type !== EVENTS && type !== ACK && type !== PACKED) return undefined;
  return {
    type,
    firstSeq: getUint64(view, 12),
    count: view.getUint32(20, true),
    payload: frame.subarray(FRAME_HEADER_BYTES),
    byteLength: frame.length,
  };
}

/** The first place from `from` on where a frame's magic stands; the end of `bytes` when there is none. */
export function findFrameMagic(bytes: Uint8Array, from: number): number {
  const first = FRAME_MAGIC & 0xff;
  for (let at = bytes.indexOf(first, from); at !== -1; at = bytes.indexOf(first, at + 1)) {
    if (bytes[at + 1] === 0x72 && bytes[at + 2] === 0x6d && bytes[at + 3] === 0x01) return at;
  }
  return bytes.length;
}

/**
 * The entries of a frame of EVENTS, or of PACKED ones; they are views, not copies.
 * @returns undefined when the payload does not hold exactly the entries that the frame's header promises, or is packed
 *   and this runtime does not unpack.
 */
export function entriesOf({ type, firstSeq, count, payload }: Frame, packer?: Packer): Entry[] | undefined {
  const plain = type === PACKED ? packer && unpack(payload, packer) : payload;
  return plain && entriesIn(plain, firstSeq, count);
}

/** The epoch that an ACK frame speaks of. */
export const ackEpochOf = (frame: Frame): string => ascii.decode(frame.payload);

function setAscii(bytes: Uint8Array, at: number, text: string): void {
  for (let i = 0; i < text.length; i++) bytes[at + i] = text.charCodeAt(i);
}

function setUint64(view: DataView, at: number, value: number): void {
  view.setUint32(at, value >>> 0, true);
  view.setUint32(at + 4, Math.floor(value / 2 ** 32), true);
}

function getUint64(view: DataView, at: number): number {
  return view.getUint32(at + 4, true) * 2 ** 32 + view.getUint32(at, true);
}
