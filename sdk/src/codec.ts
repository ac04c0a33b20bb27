/** One event as it enters the stream, before encoding. */
export interface StampedEvent {
  readonly type: string;
  /** The device's wall clock when it was recorded, in ms. */
  readonly timeMs: number;
  /** Whole milliseconds since the epoch began, by the monotonic clock. */
  readonly monoMs: number;
  /** What to add to `timeMs` to get the relay's time, in ms; null while it is not known. */
  readonly offsetMs: number | null;
  /** The event's data as JSON text, made once and opaque from here on. */
  readonly json: string;
}

/**
 * Spells events for the store and the wire. An event is encoded once, in `record()`; the bytes are stored, and
 * later sent, unchanged. A runtime brings one codec and a transport that splices its bytes into a body.
 */
export interface Codec {
  /** Marks stored segments, so that bytes of one spelling are never sent as the other. */
  readonly spelling: Spelling;
  /** Where the next call may overwrite the bytes, the runtime brings a queue that copies them at once. */
  encodeEvent(event: StampedEvent): Uint8Array;
}

/** 1: msgpack, from Node and firmware. 2: NDJSON, from browsers. The numbers stand in files. */
export type Spelling = 1 | 2;
