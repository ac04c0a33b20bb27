import { EVENT_TYPE_PATTERN, isControlType } from "@tonearm/sdk/wire";
import { Refusal } from "../refusal.ts";

/** An event of a batch whose envelope has been taken apart; its data is the device's JSON text as it came: `body[from, to)`. */
export interface DecodedEvent {
  readonly type: unknown;
  readonly timeMs: unknown;
  readonly monoMs: unknown;
  readonly offsetMs: unknown;
  readonly body: Buffer;
  readonly from: number;
  readonly to: number;
  /** What the data parses to, where the envelope's decoder had to parse it anyway. */
  readonly parsed?: object;
}

/** The same, with fields that are what they should be. */
export interface CheckedEvent extends DecodedEvent {
  readonly type: string;
  readonly timeMs: number;
  readonly monoMs: number;
  readonly offsetMs: number | null;
}

/** @throws Refusal `invalid_event` naming the event and the field that is not what it should be. */
export function checkFields(event: DecodedEvent, seq: number): asserts event is CheckedEvent {
  const { type, timeMs, monoMs, offsetMs } = event;
  if (typeof type !== "string" || !(EVENT_TYPE_PATTERN.test(type) || isControlType(type))) {
    throw invalidEvent(
      seq,
      'type must be 1 to 64 of A-Z, a-z, 0-9, "_", "." and "-" beginning with a letter, or a reserved type',
    );
  }
  if (!isTime(timeMs)) throw invalidEvent(seq, "time_ms must be a whole number of milliseconds, 0 or more");
  if (!isTime(monoMs)) throw invalidEvent(seq, "mono_ms must be a whole number of milliseconds, 0 or more");
  if (offsetMs !== null && !Number.isSafeInteger(offsetMs)) {
    throw invalidEvent(seq, "offset_ms must be a whole number of milliseconds, or null");
  }
}

/** The refusal of one event. What was sent is never repeated in it. */
export function invalidEvent(seq: number, message: string): Refusal {
  return new Refusal("invalid_event", `event ${seq}: ${message}`, { seq });
}

function isTime(value: unknown): value is number {
  return Number.isSafeInteger(value) && (value as number) >= 0;
}
