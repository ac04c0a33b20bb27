/**
 * The msgpack spelling of a batch, as `docs/protocol.md` lays it down:
 *
 *   { v: 1, device: str, epoch: str, first_seq: uint, events: [ event, … ] }
 *   event = [ type: str, time_ms: int, mono_ms: int, offset_ms: int | nil, data: str holding JSON text ]
 *         | nil, between two events: this number was given up
 *
 * Only standard msgpack types are written, so any msgpack library in any language reads it.
 */
import { Packr, RESET_BUFFER_MODE } from "msgpackr";
import type { Codec, StampedEvent } from "../codec.ts";
import { PROTOCOL_VERSION } from "./limits.ts";

const packr = new Packr({ useRecords: false, variableMapSize: true });

const fieldsOf = ({ type, timeMs, monoMs, offsetMs, json }: StampedEvent) => [
  type,
  timeMs,
  monoMs,
  offsetMs,
  json,
];

/** Encodes single events to msgpack. */
export const msgpackCodec: Codec = {
  spelling: 1,
  encodeEvent: (event) => packr.pack(fieldsOf(event)),
};

/** The same, always into the same room. */
export const briefMsgpackCodec: Codec = {
  spelling: 1,
  encodeEvent: (event) => packr.pack(fieldsOf(event), RESET_BUFFER_MODE),
};

/** Stands for a number that was given up. */
const NIL = Uint8Array.of(0xc0);

/** What stands before the events of a batch. */
export interface BatchHeader {
  readonly device: string;
  readonly epoch: string;
  readonly firstSeq: number;
}

/**
 * Splices already encoded events into a batch; the events are copied, never decoded.
 * @param allocate gives the room for the batch, of exactly the length asked for.
 */
export function encodeMsgpackBatch(
  header: BatchHeader,
  events: readonly Uint8Array[],
  allocate: (length: number) => Uint8Array = (length) => new Uint8Array(length),
): Uint8Array {
  // An empty array is the one byte 0x90 at the very end: it makes room for the real array header.
  const head = packr
    .pack({
      v: PROTOCOL_VERSION,
      device: header.device,
      epoch: header.epoch,
      first_seq: header.firstSeq,
      events: [],
    })
    .subarray(0, -1);
  const start = [head, arrayHeader(events.length)];
  const whole = allocate(lengthOf(start) + lengthOf(events));
  put(whole, events, put(whole, start, 0));
  return whole;
}

function arrayHeader(length: number): Uint8Array {
  if (length < 16) return Uint8Array.of(0x90 | length);
  return Uint8Array.of(0xdc, length >>> 8, length & 0xff);
}

const lengthOf = (parts: readonly Uint8Array[]): number =>
  parts.reduce((sum, part) => sum + (part.length || NIL.length), 0);

/** Puts parts behind one another; returns where they end. An empty one is an event that was given up. */
const put = (whole: Uint8Array, parts: readonly Uint8Array[], from: number): number =>
  parts.reduce((at, part) => {
    whole.set(part.length > 0 ? part : NIL, at);
    return at + (part.length || NIL.length);
  }, from);
