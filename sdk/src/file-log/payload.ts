/**
 * What a frame of events holds, and how it is packed; the layout stands in `segment-format.ts`.
 */
import type { Packer } from "../packer.ts";
import type { Entry } from "../store.ts";
import { PayloadEntries, PayloadEntry } from "./payload-entries.ts";

/** No payload is longer, whatever its bytes say: 16 MiB. */
const UNPACKED_BYTES_MAX = 16_777_216;

/** What stands before the packed bytes: how many they were. */
const LENGTH_BYTES = 4;

/** Where payloads are laid out; it grows to the largest there was. */
let room = /* @__PURE__ */ new Uint8Array(65_536);

/** The payload of `entries`: a view that the next call overwrites. */
export function payloadOf(entries: readonly Entry[]): Uint8Array {
  let at = 0;
  for (const { priority, bytes } of entries) at = add(at, priority, bytes);
  return room.subarray(0, at);
}

/**
 * The same of events that stand behind one another in `bytes`.
 * @param marks of each event: its length times four, plus its priority.
 */
export function payloadOfMarked(marks: Uint32Array, bytes: Uint8Array): Uint8Array {
  let at = 0;
  let from = 0;
  for (const mark of marks) {
    const to = from + (mark >>> 2);
    at = add(at, mark & 3, bytes.subarray(from, to));
    from = to;
  }
  return room.subarray(0, at);
}

function add(from: number, priority: number, bytes: Uint8Array): number {
  const most = from + 6 + bytes.length;
  if (most > room.length) room = grown(room, most);
  room[from] = priority;
  const at = setVarint(room, from + 1, bytes.length);
  room.set(bytes, at);
  return at + bytes.length;
}

/** Its length, and what the packer makes of it. */
export function pack(payload: Uint8Array, packer: Packer): Uint8Array {
  const packed = packer.pack(payload, LENGTH_BYTES);
  new DataView(packed.buffer, packed.byteOffset).setUint32(0, payload.length, true);
  return packed;
}

/** The payload that was packed; undefined when it cannot be had. */
export function unpack(packed: Uint8Array, packer: Packer): Uint8Array | undefined {
  try {
    const length = new DataView(packed.buffer, packed.byteOffset, packed.byteLength).getUint32(0, true);
    return length <= UNPACKED_BYTES_MAX ? packer.unpack(packed.subarray(LENGTH_BYTES), length) : undefined;
  } catch {
    return undefined;
  }
}

/** The `count` entries of a payload, which stay in it; undefined when it does not hold exactly these. */
export function entriesIn(payload: Uint8Array, firstSeq: number, count: number): Entry[] | undefined {
  // Each takes two bytes at least: no room is made for a count that is not true.
  if (count > payload.length / 2) return undefined;
  const marks = new Uint32Array(2 * count);
  let at = 0;
  for (let i = 0; i < count; i++) {
    const priority = payload[at++];
    if (priority === undefined || priority > 3) return undefined;
    let length = 0;
    for (let shift = 0, byte = 0x80; byte >= 0x80; shift += 7) {
      if (at >= payload.length || shift > 28) return undefined;
      byte = payload[at++]!;
      length += (byte & 0x7f) * 2 ** shift;
    }
    marks[2 * i] = at;
    marks[2 * i + 1] = length * 4 + priority;
    at += length;
  }
  if (at !== payload.length) return undefined;
  const all = new PayloadEntries(firstSeq, payload, marks);
  return Array.from({ length: count }, (_, i) => new PayloadEntry(all, i));
}

function setVarint(bytes: Uint8Array, at: number, value: number): number {
  let rest = value;
  let offset = at;
  for (; rest >= 0x80; rest >>>= 7) bytes[offset++] = (rest & 0x7f) | 0x80;
  bytes[offset++] = rest;
  return offset;
}

function grown(bytes: Uint8Array<ArrayBuffer>, lengthMin: number): Uint8Array<ArrayBuffer> {
  const larger = new Uint8Array(Math.max(lengthMin, 2 * bytes.length));
  larger.set(bytes);
  return larger;
}
