import { BATCH_EVENTS_MAX } from "@tonearm/sdk/wire";
import type { Batch } from "../batch.ts";
import { Refusal } from "../refusal.ts";
import { checkHeader, invalid } from "./header.ts";
import { MsgpackReader } from "./msgpack-reader.ts";
import { RecordWriter } from "./record-writer.ts";

const EVENT_FIELDS = 5;

/** Least bytes an event can take; a count that the body cannot hold is refused before anything is done for it. */
const EVENT_BYTES_MIN = 8;

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
export function decodeMsgpackBatch(body: Buffer, receivedMs: number): Batch {
  const reader = new MsgpackReader(body);
  const fields: ScalarFields = {};
  for (let left = reader.mapLength(); left > 0; left--) {
    const name = reader.shortString();
    if (name === "events") {
      if (left !== 1) throw invalid("events must be the last field of the batch");
      return decodeEvents(reader, body.length, fields, receivedMs);
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

function decodeEvents(
  reader: MsgpackReader,
  bodyBytes: number,
  fields: ScalarFields,
  receivedMs: number,
): Batch {
  const count = reader.arrayLength();
  if (count <= BATCH_EVENTS_MAX && count * EVENT_BYTES_MIN > bodyBytes) {
    throw new Refusal(
      "malformed_body",
      `the batch promises ${count} events, more than its ${bodyBytes} bytes can hold`,
    );
  }
  const header = checkHeader({ ...fields }, count);
  const writer = new RecordWriter(header, receivedMs, bodyBytes + count * 160);
  for (let i = 0; i < count; i++) {
    if (reader.arrayLength() !== EVENT_FIELDS) {
      throw new Refusal("invalid_event", `event ${header.firstSeq + i} must have ${EVENT_FIELDS} values`, {
        seq: header.firstSeq + i,
      });
    }
    writer.write({
      type: reader.shortString(),
      timeMs: reader.numberOrNil(),
      monoMs: reader.numberOrNil(),
      offsetMs: reader.numberOrNil(),
      data: reader.stringBytes(),
    });
  }
  if (!reader.atEnd)
    throw new Refusal("malformed_body", "the body goes on behind the batch, expected its end");
  return { ...header, records: writer.finish() };
}
