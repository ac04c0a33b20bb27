import { isUtf8 } from "node:buffer";
import { EVENT_BYTES_MAX, reservedKeyIn } from "@tonearm/sdk/wire";
import type { UserRecords } from "../batch.ts";
import type { Refusal } from "../refusal.ts";
import { checkFields, type DecodedEvent, invalidEvent } from "./event-fields.ts";
import { shapeFault } from "./json-shape.ts";
import { timeQualityOf } from "./time-quality.ts";

const OPEN_BRACE = 0x7b;
const CLOSE_BRACE = 0x7d;
const COMMA = 0x2c;
const LINE_FEED = 0x0a;
const CARRIAGE_RETURN = 0x0d;

const OUTSIDE = "a number that was given up must stand between two events of the batch";

/** Room for the relay's own fields of one record. */
const FIELDS_BYTES_MAX = 512;

/**
 * Writes user records: the relay's fields, then the device's bytes unchanged. Everything that could make one event
 * look like two records, or like another device's, is refused here:
 * data that is not exactly one JSON object, a line break between its tokens, one of the relay's own names in it.
 */
export class RecordWriter {
  readonly #head: string;
  readonly #receivedMs: number;
  readonly #ends: number[] = [];
  #seq: number;
  #bytes: Buffer;
  #length = 0;

  /** @param bytesHint about how many bytes of events there will be. */
  constructor(
    header: { readonly device: string; readonly epoch: string; readonly firstSeq: number },
    receivedMs: number,
    bytesHint: number,
  ) {
    // Device and epoch have been held against the pattern of ids: nothing in them needs escaping.
    this.#head = `{"device":"${header.device}","epoch":"${header.epoch}","seq":`;
    this.#seq = header.firstSeq;
    this.#receivedMs = receivedMs;
    this.#bytes = Buffer.allocUnsafe(bytesHint + FIELDS_BYTES_MAX);
  }

  /** @throws Refusal `invalid_event` with the event's seq. */
  write(event: DecodedEvent): void {
    checkFields(event, this.#seq);
    const { type, timeMs, monoMs, offsetMs, data, parsed } = event;
    const isEmpty = this.#checkData(data, parsed);
    this.#ensure(FIELDS_BYTES_MAX + data.length);
    const fields =
      `${this.#head}${this.#seq},"type":"${type}","time_ms":${timeMs},"mono_ms":${monoMs},` +
      `"offset_ms":${offsetMs},"time_quality":"${timeQualityOf(offsetMs)}","received_ms":${this.#receivedMs}`;
    this.#length += this.#bytes.write(fields, this.#length, "latin1");
    if (isEmpty) {
      this.#bytes[this.#length++] = CLOSE_BRACE;
    } else {
      this.#bytes[this.#length++] = COMMA;
      this.#length += data.copy(this.#bytes, this.#length, 1);
    }
    this.#bytes[this.#length++] = LINE_FEED;
    this.#ends.push(this.#length);
    this.#seq++;
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
    return { bytes: this.#bytes.subarray(0, this.#length), ends: this.#ends };
  }

  /** Returns whether the object is empty. */
  #checkData(data: Buffer, parsed: object | undefined): boolean {
    if (data.length > EVENT_BYTES_MAX) {
      throw this.#invalid(`data is ${data.length} bytes of JSON, expected at most ${EVENT_BYTES_MAX}`);
    }
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
    for (const _ in value) return false;
    return true;
  }

  #ensure(more: number): void {
    if (this.#length + more <= this.#bytes.length) return;
    const grown = Buffer.allocUnsafe(Math.max(this.#bytes.length * 2, this.#length + more));
    this.#bytes.copy(grown, 0, 0, this.#length);
    this.#bytes = grown;
  }

  #invalid(message: string): Refusal {
    return invalidEvent(this.#seq, message);
  }
}

function parseOrNothing(data: Buffer): object | undefined {
  try {
    // It begins and ends with a brace, so what parses is an object.
    return JSON.parse(data.toString("utf8")) as object;
  } catch {
    return undefined;
  }
}
