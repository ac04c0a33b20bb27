/**
 * The NDJSON spelling of a batch: a header line, then one line per event.
 *
 *   {"v":1,"device":"…","epoch":"…","first_seq":1,"count":2}
 *   ["play",1763840940123,5021,null,{"title":"…"}]
 *
 * A line `null` between two events stands for a number that was given up.
 * An event line is the same five values as in msgpack, with the data in place of a string holding it.
 */
import type { Codec, StampedEvent } from "../codec.ts";
import { PROTOCOL_VERSION } from "./limits.ts";
import type { BatchHeader } from "./msgpack.ts";

const encoder = /* @__PURE__ */ new TextEncoder();
export const encodeText = (text: string): Uint8Array => encoder.encode(text);

export const LINE_END = 0x0a;
/** Stands for a number that was given up. */
const NULL = /* @__PURE__ */ encodeText("null");

/** Encodes single events to NDJSON lines, without the line end. */
export const ndjsonCodec: Codec = {
  spelling: 2,
  encodeEvent: ({ type, timeMs, monoMs, offsetMs, json }: StampedEvent): Uint8Array =>
    encodeText(`["${type}",${timeMs},${monoMs},${offsetMs},${json}]`),
};

/** Splices already encoded event lines into a batch. */
export function encodeNdjsonBatch(header: BatchHeader, events: readonly Uint8Array[]): Uint8Array {
  const { device, epoch, firstSeq } = header;
  const head = { v: PROTOCOL_VERSION, device, epoch, first_seq: firstSeq, count: events.length };
  const lines = events.map((event) => (event.length > 0 ? event : NULL));
  return joinLines([encodeText(JSON.stringify(head)), ...lines]);
}

/** The lines, each with its end. */
export function joinLines(lines: readonly Uint8Array[]): Uint8Array {
  const whole = new Uint8Array(lines.reduce((length, line) => length + line.length + 1, 0));
  let offset = 0;
  for (const line of lines) {
    whole.set(line, offset);
    offset += line.length;
    whole[offset++] = LINE_END;
  }
  return whole;
}
