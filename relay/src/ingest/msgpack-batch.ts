import { BATCH_EVENTS_MAX } from "@tonearm/sdk/wire";
import type { Batch } from "../batch.ts";
import { Refusal } from "../refusal.ts";
import { type DecodedEvent, invalidEvent } from "./event-fields.ts";
import { checkHeader, type Header, invalid } from "./header.ts";
import { type Intake, OPEN } from "./intake.ts";
import { MsgpackReader } from "./msgpack-reader.ts";
import { RecordWriter } from "./record-writer.ts";

const EVENT_FIELDS = 5;

interface ScalarFields {
  v?: number | null;
  device?: string;
  epoch?: string;
  first_seq?: number | null;
}

/**
 * Decodes the msgpack spelling, with the fields in any order as long as `events` comes last.
 * @throws Refusal naming what is wrong with it.
 */
export function decodeMsgpackBatch(body: Buffer, receivedMs: number, intake: Intake = OPEN): Batch {
  let writer: RecordWriter | undefined;
  let device = "";
  const header = readMsgpackBatch(body, (begun, count) => {
    device = intake.admit(begun);
    writer = new RecordWriter({ ...begun, device }, receivedMs, body.length, count, intake);
    return (event) => (event ? writer!.write(event) : writer!.skip());
  });
  return { ...header, device, records: writer!.finish() };
}

/** Told of the header; returns who takes the events, one by one, and undefined for each number that was given up. */
type BeginBatch = (header: Header, count: number) => (event: DecodedEvent | undefined) => void;

/** Takes the envelope apart. @throws Refusal naming what is wrong with it. */
export function readMsgpackBatch(body: Buffer, begin: BeginBatch): Header {
  const reader = new MsgpackReader(body);
  const fields: ScalarFields = {};
  for (let left = reader.mapLength(); left > 0; left--) {
    const name = reader.shortString();
    if (name === "events") {
      if (left !== 1) throw invalid("events must be the last field of the batch");
      return readEvents(reader, body, fields, begin);
    }
    readScalar(reader, name, fields);
  }
  throw invalid("the batch has no field events");
}

function readScalar(reader: MsgpackReader, name: string, fields: ScalarFields): void {
  switch (name) {
    case "v":
    case "first_seq":
      fields[name] = reader.numberOrNil();
      break;
    case "device":
    case "epoch":
      fields[name] = reader.shortString();
      break;
    default:
      throw invalid("the batch has an unknown field, expected v, device, epoch, first_seq and events");
  }
}

function readEvents(reader: MsgpackReader, body: Buffer, fields: ScalarFields, begin: BeginBatch): Header {
  const count = reader.arrayLength();
  if (count <= BATCH_EVENTS_MAX && count > body.length) {
    throw new Refusal(
      "malformed_body",
      `the batch promises ${count} events, more than its ${body.length} bytes can hold`,
    );
  }
  const header = checkHeader({ ...fields }, count);
  const take = begin(header, count);
  for (let seq = header.firstSeq; seq < header.firstSeq + count; seq++) {
    if (reader.skipNil()) {
      take(undefined);
      continue;
    }
    if (reader.arrayLength() !== EVENT_FIELDS)
      throw invalidEvent(seq, `there must be ${EVENT_FIELDS} values`);
    const type = reader.shortString();
    const timeMs = reader.numberOrNil();
    const monoMs = reader.numberOrNil();
    const offsetMs = reader.numberOrNil();
    const from = reader.passString();
    take({ type, timeMs, monoMs, offsetMs, body, from, to: reader.at });
  }
  if (!reader.atEnd) {
    throw new Refusal("malformed_body", "the body goes on behind the batch, expected its end");
  }
  return header;
}
