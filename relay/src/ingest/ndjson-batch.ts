import { isUtf8 } from "node:buffer";
import { BATCH_EVENTS_MAX, EVENT_BYTES_MAX } from "@tonearm/sdk/wire";
import type { Batch } from "../batch.ts";
import { Refusal } from "../refusal.ts";
import { invalidEvent } from "./event-fields.ts";
import { checkHeader, invalid, type RawHeader } from "./header.ts";
import { type Intake, OPEN } from "./intake.ts";
import { shapeFault } from "./json-shape.ts";
import { RecordWriter } from "./record-writer.ts";

const LINE_FEED = 0x0a;
const OPEN_BRACE = 0x7b;
const CLOSE_BRACE = 0x7d;
const HEADER_FIELDS = ["v", "device", "epoch", "first_seq", "count"];
const EVENT_FIELDS = 5;
/** Room for what stands around an event's data, and for a header; whatever is longer is not parsed. */
const ENVELOPE_BYTES_MAX = 1_024;
const LINE_BYTES_MAX = EVENT_BYTES_MAX + ENVELOPE_BYTES_MAX;

/**
 * Decodes the NDJSON spelling: a header line, then as many event lines as it says.
 * @throws Refusal naming what is wrong with it.
 */
export function decodeNdjsonBatch(body: Buffer, receivedMs: number, intake: Intake = OPEN): Batch {
  if (!isUtf8(body))
    throw new Refusal("malformed_body", "the body is not UTF-8, expected lines of JSON in UTF-8");
  const lines = linesOf(body);
  const raw = parseHeader(lines[0]);
  const count = lines.length - 1;
  const sent = checkHeader(raw, count);
  if (raw.count !== count)
    throw invalid(`count is missing or not ${count}, the number of event lines that came`);
  const header = { ...sent, device: intake.admit(sent) };
  const writer = new RecordWriter(header, receivedMs, body.length, count, intake);
  for (let i = 1; i < lines.length; i++) writeEvent(writer, lines[i]!, header.firstSeq + i - 1);
  return { ...header, records: writer.finish() };
}

/** The lines without their line feeds; an empty one at the end is the end. No more of them than it takes to be too many. */
function linesOf(body: Buffer): Buffer[] {
  const lines: Buffer[] = [];
  for (let at = 0; at < body.length && lines.length < BATCH_EVENTS_MAX + 2; ) {
    const end = body.indexOf(LINE_FEED, at);
    lines.push(body.subarray(at, end < 0 ? body.length : end));
    at = end < 0 ? body.length : end + 1;
  }
  return lines;
}

function parseHeader(line: Buffer | undefined): RawHeader {
  const header = line && line.length <= ENVELOPE_BYTES_MAX ? parse(line) : undefined;
  if (typeof header !== "object" || header === null || Array.isArray(header)) {
    throw new Refusal(
      "malformed_body",
      `line 1 must be a JSON object with ${HEADER_FIELDS.join(", ")}, in ${ENVELOPE_BYTES_MAX} bytes at most`,
    );
  }
  if (Object.keys(header).some((name) => !HEADER_FIELDS.includes(name))) {
    throw invalid(`the header has an unknown field, expected ${HEADER_FIELDS.join(", ")}`);
  }
  return header as RawHeader;
}

function writeEvent(writer: RecordWriter, line: Buffer, seq: number): void {
  if (line.length > LINE_BYTES_MAX) {
    throw invalidEvent(
      seq,
      `its line has ${line.length} bytes, expected ${EVENT_BYTES_MAX} of data and ${ENVELOPE_BYTES_MAX} around it at most`,
    );
  }
  const fault = shapeFault(line, 1);
  if (fault !== undefined) throw invalidEvent(seq, fault);
  const values = parse(line);
  if (values === null) {
    writer.skip();
    return;
  }
  if (!Array.isArray(values) || values.length !== EVENT_FIELDS) {
    throw invalidEvent(seq, "it must be a line of JSON: [type, time_ms, mono_ms, offset_ms, data]");
  }
  const [type, timeMs, monoMs, offsetMs, parsed] = values as unknown[];
  // Of the five values only the last can hold a brace (a type with one is refused), so these two delimit its text.
  const from = line.indexOf(OPEN_BRACE);
  const to = line.lastIndexOf(CLOSE_BRACE) + 1;
  if (!isObject(parsed)) {
    throw invalidEvent(seq, "data must be a JSON object");
  }
  writer.write({ type, timeMs, monoMs, offsetMs, body: line, from, to, parsed });
}

function isObject(value: unknown): value is object {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function parse(line: Buffer): unknown {
  try {
    return JSON.parse(line.toString("utf8"));
  } catch {
    return undefined;
  }
}
