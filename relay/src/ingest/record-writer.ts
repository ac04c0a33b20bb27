import { isUtf8 } from "node:buffer";
import { EVENT_BYTES_MAX, isControlType, reservedKeyIn } from "@tonearm/sdk/wire";
import type { UserRecords } from "../batch.ts";
import { type Room, Slab } from "../memory/slab.ts";
import type { Refusal } from "../refusal.ts";
import { type CheckedEvent, checkFields, type DecodedEvent, invalidEvent } from "./event-fields.ts";
import type { Header } from "./header.ts";
import { type Intake, OPEN } from "./intake.ts";
import { writeInteger } from "./integer-text.ts";
import { isSurelyData } from "./json-object.ts";
import { shapeFault } from "./json-shape.ts";
import { timeQualityOf } from "./time-quality.ts";

const OPEN_BRACE = 0x7b;
const CLOSE_BRACE = 0x7d;
const COMMA = 0x2c;
const LINE_FEED = 0x0a;
const CARRIAGE_RETURN = 0x0d;

const OUTSIDE = "a number that was given up must stand between two events of the batch";

const MONO = Buffer.from(',"mono_ms":');
const EMPTY = Buffer.alloc(0);

/** Room for the relay's own fields of one record. */
const FIELDS_BYTES_MAX = 512;
/** What they mostly take, device and epoch apart. */
const FIELDS_BYTES = 150;
/** Least bytes an event can take. */
const EVENT_BYTES_MIN = 8;

/** Three batches of fifty events share a piece; 16 MiB of such pieces are kept when they are empty. */
const slab = new Slab(65_536, 256);

/**
 * Writes user records: the relay's fields, then the device's bytes unchanged. Everything that could make one event
 * look like two records, or like another device's, is refused here:
 * data that is not exactly one JSON object, a line break between its tokens, one of the relay's own names in it.
 */
export class RecordWriter {
  readonly #head: Buffer;
  readonly #receivedMs: number;
  readonly #conceal: Intake["conceal"];
  readonly #ends: number[] = [];
  /** What stands between two numbers of a record, as bytes: mostly the same in the next one. */
  #type = "";
  #typeText = EMPTY;
  #offsetMs: number | null | undefined;
  #offsetText = EMPTY;
  #seq: number;
  #room: Room;
  #length = 0;

  /**
   * @param header its `device` is the name under which the batch goes on.
   * @param bodyBytes size of the body that the events stand in; there are `count` of them at most.
   */
  constructor(
    header: Header,
    receivedMs: number,
    bodyBytes: number,
    count: number,
    { conceal }: Pick<Intake, "conceal"> = OPEN,
  ) {
    this.#conceal = conceal;
    // Device and epoch have been held against the pattern of ids, or are pseudonyms: nothing in them needs escaping.
    this.#head = Buffer.from(`{"device":"${header.device}","epoch":"${header.epoch}","seq":`, "latin1");
    this.#seq = header.firstSeq;
    this.#receivedMs = receivedMs;
    // No room for more events than the body can hold, whatever it promises.
    const events = Math.min(count, Math.ceil(bodyBytes / EVENT_BYTES_MIN));
    this.#room = slab.take(bodyBytes + events * (this.#head.length + FIELDS_BYTES) + FIELDS_BYTES_MAX);
  }

  /** @throws Refusal `invalid_event` with the event's seq. */
  write(event: DecodedEvent): void {
    checkFields(event, this.#seq);
    const hasMembers = this.#checkData(event);
    const { body, from, to } = this.#conceal ? concealed(event, this.#conceal) : event;
    this.#ensure(FIELDS_BYTES_MAX + to - from);
    const { bytes } = this.#room;
    let at = this.#writeFields(event);
    if (hasMembers) {
      bytes[at++] = COMMA;
      at += body.copy(bytes, at, from + 1, to);
    } else {
      bytes[at++] = CLOSE_BRACE;
    }
    bytes[at++] = LINE_FEED;
    this.#length = at;
    this.#ends.push(at);
    this.#seq++;
  }

  /** Writes the relay's own fields; returns where they end. */
  #writeFields({ type, timeMs, monoMs, offsetMs }: CheckedEvent): number {
    if (type !== this.#type) {
      this.#type = type;
      this.#typeText = Buffer.from(`,"type":"${type}","time_ms":`, "latin1");
    }
    if (offsetMs !== this.#offsetMs) {
      this.#offsetMs = offsetMs;
      const quality = timeQualityOf(offsetMs);
      const text = `,"offset_ms":${offsetMs},"time_quality":"${quality}","received_ms":${this.#receivedMs}`;
      this.#offsetText = Buffer.from(text, "latin1");
    }
    const { bytes } = this.#room;
    let at = writeText(bytes, this.#length, this.#head);
    at = writeText(bytes, writeInteger(bytes, at, this.#seq), this.#typeText);
    at = writeText(bytes, writeInteger(bytes, at, timeMs), MONO);
    return writeText(bytes, writeInteger(bytes, at, monoMs), this.#offsetText);
  }

  /**
   * Passes over a number that was given up.
   * @throws Refusal `invalid_event` when no event stands before it.
   */
  skip(): void {
    if (this.#ends.length === 0) throw this.#invalid(OUTSIDE);
    this.#ends.push(this.#length);
    this.#seq++;
  }

  /** @throws Refusal `invalid_event` when the last number was given up. */
  finish(): UserRecords {
    if (this.#ends.at(-1) === this.#ends.at(-2)) {
      this.#seq--;
      throw this.#invalid(OUTSIDE);
    }
    this.#room.trim(this.#length);
    return { bytes: this.#room.bytes, ends: this.#ends, room: this.#room };
  }

  /** Returns whether the object has any member. */
  #checkData({ body, from, to, parsed }: DecodedEvent): boolean {
    if (to - from > EVENT_BYTES_MAX) {
      throw this.#invalid(`data is ${to - from} bytes of JSON, expected at most ${EVENT_BYTES_MAX}`);
    }
    if (!parsed && isSurelyData(body, from, to)) return true;
    return this.#parseData(body.subarray(from, to), parsed);
  }

  /** The same for what needs a parser, or has had one. */
  #parseData(data: Buffer, parsed: object | undefined): boolean {
    if (data[0] !== OPEN_BRACE || data[data.length - 1] !== CLOSE_BRACE) {
      throw this.#invalid("data must be exactly one JSON object, without anything around it");
    }
    if (data.includes(LINE_FEED) || data.includes(CARRIAGE_RETURN)) {
      throw this.#invalid("data must not contain line breaks; write its JSON on one line");
    }
    const fault = parsed ? undefined : shapeFault(data);
    if (fault !== undefined) throw this.#invalid(fault);
    const value = parsed ?? (isUtf8(data) ? parseOrNothing(data) : undefined);
    if (value === undefined) throw this.#invalid("data is not valid JSON in UTF-8");
    const reserved = reservedKeyIn(value);
    if (reserved !== undefined) {
      throw this.#invalid(
        `data must not have "${reserved}" at its top level; that name belongs to the relay`,
      );
    }
    for (const _ in value) return true;
    return false;
  }

  #ensure(more: number): void {
    const { bytes } = this.#room;
    if (this.#length + more <= bytes.length) return;
    const grown = slab.take(Math.max(bytes.length * 2, this.#length + more));
    bytes.copy(grown.bytes, 0, 0, this.#length);
    this.#room.free();
    this.#room = grown;
  }

  #invalid(message: string): Refusal {
    return invalidEvent(this.#seq, message);
  }
}

function writeText(bytes: Uint8Array, at: number, text: Uint8Array): number {
  bytes.set(text, at);
  return at + text.length;
}

type Data = Pick<DecodedEvent, "body" | "from" | "to">;

/** An event's data without what must not go on. Control records hold nothing of the user's, and the proof needs all of them. */
function concealed(event: CheckedEvent, conceal: (data: Buffer) => Buffer): Data {
  if (isControlType(event.type)) return event;
  const body = conceal(event.body.subarray(event.from, event.to));
  return { body, from: 0, to: body.length };
}

function parseOrNothing(data: Buffer): object | undefined {
  try {
    // It begins and ends with a brace, so what parses is an object.
    return JSON.parse(data.toString("utf8")) as object;
  } catch {
    return undefined;
  }
}
