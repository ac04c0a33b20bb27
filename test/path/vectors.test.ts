import { extname } from "node:path";
import { decode } from "@msgpack/msgpack";
import { decodeColumnsBatch, decodeMsgpackBatch, decodeNdjsonBatch } from "@tonearm/relay/ingest";
import { deaggregate } from "@tonearm/relay/read";
import {
  type Codec,
  encodeMsgpackBatch,
  encodeNdjsonBatch,
  msgpackCodec,
  ndjsonCodec,
} from "@tonearm/sdk/wire";
import { describe, expect, it } from "vitest";
import { readColumns } from "../support/columns.ts";
import {
  acceptedNames,
  type BatchVector,
  kplVectors,
  RECEIVED_MS,
  readRefused,
  readVector,
  refusedVectors,
} from "../support/vector-files.ts";

const decoders: Record<string, (body: Buffer, receivedMs: number) => unknown> = {
  ".msgpack": decodeMsgpackBatch,
  ".ndjson": decodeNdjsonBatch,
  ".columns": decodeColumnsBatch,
};

const headerOf = ({ device, epoch, first_seq: firstSeq }: BatchVector) => ({ device, epoch, firstSeq });
const encodedBy = (codec: Codec, { events }: BatchVector) =>
  events.map((event) => {
    if (!event) return new Uint8Array(0);
    const { type, time_ms: timeMs, mono_ms: monoMs, offset_ms: offsetMs, data: json } = event;
    return codec.encodeEvent({ type, timeMs, monoMs, offsetMs, json });
  });

it("there are vectors", () => {
  expect(acceptedNames().length).toBeGreaterThanOrEqual(8);
  expect(refusedVectors().length).toBeGreaterThanOrEqual(15);
});

describe.each(acceptedNames())("the vector %s", (name) => {
  const { batch, msgpack, ndjson, columns, records } = readVector(name);

  it("is what the SDK writes, in both spellings", () => {
    expect(Buffer.from(encodeMsgpackBatch(headerOf(batch), encodedBy(msgpackCodec, batch)))).toEqual(msgpack);
    expect(Buffer.from(encodeNdjsonBatch(headerOf(batch), encodedBy(ndjsonCodec, batch)))).toEqual(ndjson);
  });

  it("becomes the same records at the relay, in every spelling", () => {
    for (const decoded of [
      decodeMsgpackBatch(msgpack, RECEIVED_MS),
      decodeNdjsonBatch(ndjson, RECEIVED_MS),
      ...(columns ? [decodeColumnsBatch(columns, RECEIVED_MS)] : []),
    ]) {
      expect(Buffer.from(decoded.records.bytes).toString()).toBe(records);
      expect(decoded).toMatchObject(headerOf(batch));
      expect(decoded.records.ends).toHaveLength(batch.events.length);
    }
  });

  it("is read by a msgpack library that is not ours", () => {
    expect(decode(msgpack)).toEqual({
      v: 1,
      device: batch.device,
      epoch: batch.epoch,
      first_seq: batch.first_seq,
      events: batch.events.map(
        (event) => event && [event.type, event.time_ms, event.mono_ms, event.offset_ms, event.data],
      ),
    });
  });

  if (columns)
    it("says the same by columns to a reader that is not ours", () => {
      const { first_seq: firstSeq, events } = readColumns(columns);
      expect(firstSeq).toBe(batch.first_seq);
      expect(events).toEqual(
        batch.events.map(
          (event) => event && [event.type, event.time_ms, event.mono_ms, event.offset_ms, event.data],
        ),
      );
    });

  it("is lines of JSON in its other spelling, and in the stream", () => {
    for (const line of [...ndjson.toString().trimEnd().split("\n"), ...records.trimEnd().split("\n")])
      JSON.parse(line);
  });
});

describe("bodies that must be refused", () => {
  it.each(refusedVectors())("$file is refused as $code", ({ file, code, seq }) => {
    let refusal: unknown;
    try {
      decoders[extname(file)]!(readRefused(file), RECEIVED_MS);
    } catch (error) {
      refusal = error;
    }
    expect(refusal).toMatchObject({ code, seq });
  });
});

describe("aggregates that the Kinesis Producer Library wrote", () => {
  it.each(kplVectors())("$name: taken apart as KCL does", ({ base64, records }) => {
    const { aggregated, userRecords, withheld } = deaggregate({
      partitionKey: "a",
      data: Buffer.from(base64, "base64"),
    });
    expect([aggregated, withheld]).toEqual([true, undefined]);
    expect(
      userRecords.map(({ partitionKey, explicitHashKey, data }) => [
        partitionKey,
        explicitHashKey,
        Buffer.from(data).toString(),
      ]),
    ).toEqual(
      records.map(({ partition_key, explicit_hash_key, data }) => [
        partition_key,
        explicit_hash_key ?? undefined,
        data,
      ]),
    );
  });
});
