import { encode } from "@msgpack/msgpack";
import {
  encodeMsgpackBatch,
  encodeNdjsonBatch,
  msgpackCodec,
  ndjsonCodec,
  RESERVED_KEYS,
} from "@tonearm/sdk/wire";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { type Batch, countOf, lastSeqOf, lengthOf } from "../batch.ts";
import { Refusal } from "../refusal.ts";
import { linesOf } from "../testing/batches.ts";
import { EVENT, type Event, HEADER, NOW, refusalOf, spellings } from "../testing/spellings.ts";
import { decodeMsgpackBatch } from "./msgpack-batch.ts";
import { decodeNdjsonBatch } from "./ndjson-batch.ts";
import { timeQualityOf } from "./time-quality.ts";

describe.each(spellings)("a batch in %s", (_, decode) => {
  it("passes over numbers that were given up, and the others keep theirs", () => {
    const batch = decode(HEADER, [EVENT, null, null, EVENT]);
    expect(linesOf(batch).map((line) => (line === "" ? undefined : JSON.parse(line).seq))).toEqual([
      7,
      undefined,
      undefined,
      10,
    ]);
    expect([countOf(batch), lengthOf(batch), lastSeqOf(batch)]).toEqual([2, 4, 10]);
  });

  it.each([
    ["at its beginning", [null, EVENT], 7],
    ["at its end", [EVENT, EVENT, null], 9],
    ["nowhere else", [null], 7],
  ])("is refused when a number was given up %s", (_where, events, seq) => {
    expect(refusalOf(() => decode(HEADER, events))).toMatchObject({ code: "invalid_event", seq });
  });

  it("becomes one line per event: the relay's fields, then the device's bytes unchanged", () => {
    const odd = '{ "n" : 1.0 , "big":123456789012345678901234567890, "n":2,"é":"\\u00e9 🎵\\n" }';
    const batch = decode(HEADER, [EVENT, ["$open", 0, 0, -3_600_000, "{}"], ["x", 1, 2, 3, odd]]);
    expect(linesOf(batch)).toEqual([
      `{"device":"d1","epoch":"e1","seq":7,"type":"play","time_ms":1763840940123,"mono_ms":5,"offset_ms":null,"time_quality":"unsynced","received_ms":${NOW},"title":"x"}\n`,
      `{"device":"d1","epoch":"e1","seq":8,"type":"$open","time_ms":0,"mono_ms":0,"offset_ms":-3600000,"time_quality":"corrected","received_ms":${NOW}}\n`,
      `{"device":"d1","epoch":"e1","seq":9,"type":"x","time_ms":1,"mono_ms":2,"offset_ms":3,"time_quality":"synced","received_ms":${NOW},${odd.slice(1)}\n`,
    ]);
  });

  it.each([
    ["v", 2, "unsupported_version"],
    ["v", undefined, "unsupported_version"],
    ["device", "", "invalid_batch"],
    ["device", "a b", "invalid_batch"],
    ["device", 'x","seq":1,"y":"', "invalid_batch"],
    ["device", "../../etc", "invalid_batch"],
    ["device", "x".repeat(65), "invalid_batch"],
    ["device", "line\nbreak", "invalid_batch"],
    ["device", "\u2028", "invalid_batch"],
    ["epoch", "", "invalid_batch"],
    ["epoch", "é", "invalid_batch"],
    ["first_seq", 0, "invalid_batch"],
    ["first_seq", -1, "invalid_batch"],
    ["first_seq", 1.5, "invalid_batch"],
    ["first_seq", 2 ** 53, "invalid_batch"],
    ["first_seq", null, "invalid_batch"],
    ["colour", 1, "invalid_batch"],
  ])("is refused when its header has %s = %j", (field, value, code) => {
    const header = Object.fromEntries(
      Object.entries({ ...HEADER, [field]: value }).filter(([, each]) => each !== undefined),
    );
    const refusal = refusalOf(() => decode(header, [EVENT]));
    expect(refusal.code).toBe(code);
    // What a stranger sent is never repeated: it would end up in logs.
    if (typeof value === "string" && value.length > 1) expect(refusal.message).not.toContain(value);
  });

  it("is refused when it is empty or too long", () => {
    expect(refusalOf(() => decode(HEADER, [])).code).toBe("invalid_batch");
    expect(refusalOf(() => decode(HEADER, Array<Event>(10_001).fill(EVENT))).code).toBe("invalid_batch");
  });

  it.each([
    ["type", ["$forged", 1, 1, null, "{}"]],
    ["type", ["", 1, 1, null, "{}"]],
    ["type", ['a"b', 1, 1, null, "{}"]],
    ["type", ["a{b", 1, 1, null, "{}"]],
    ["type", [7, 1, 1, null, "{}"]],
    ["time_ms", ["x", -1, 1, null, "{}"]],
    ["time_ms", ["x", 1.5, 1, null, "{}"]],
    ["time_ms", ["x", null, 1, null, "{}"]],
    ["time_ms", ["x", 2 ** 53, 1, null, "{}"]],
    ["mono_ms", ["x", 1, -5, null, "{}"]],
    ["offset_ms", ["x", 1, 1, 0.5, "{}"]],
    ["data", ["x", 1, 1, null, "[1]"]],
    ["data", ["x", 1, 1, null, '"text"']],
    ["data", ["x", 1, 1, null, "1"]],
    ["data", ["x", 1, 1, null, '{"a":1\r}']],
  ] as [string, Event][])("is refused for a bad %s, naming the event: %j", (field, event) => {
    const attempt = () => decode(HEADER, [EVENT, event]);
    const { code, message, seq } = refusalOf(attempt);
    // A type that is no string is no msgpack string either.
    if (code === "malformed_body") return;
    expect([code, seq]).toEqual(["invalid_event", 8]);
    expect(message).toContain(field);
  });

  it.each(RESERVED_KEYS)("is refused when data uses the reserved name %s, spelled as it may be", (key) => {
    const escaped = `\\u${key.charCodeAt(0).toString(16).padStart(4, "0")}${key.slice(1)}`;
    for (const spelled of [key, escaped]) {
      const { code, message, seq } = refusalOf(() =>
        decode(HEADER, [["x", 1, 1, null, `{"a":1,"${spelled}":"forged"}`]]),
      );
      expect([code, seq]).toEqual(["invalid_event", 7]);
      expect(message).toContain(key);
    }
  });

  it("lets reserved names stand deeper inside", () => {
    const batch = decode(HEADER, [["x", 1, 1, null, '{"a":{"device":"other"}}']]);
    expect(JSON.parse(linesOf(batch)[0]!)).toMatchObject({ device: "d1", a: { device: "other" } });
  });

  it("keeps __proto__ and constructor as plain data", () => {
    const data = '{"__proto__":{"device":"x"},"constructor":1}';
    expect(linesOf(decode(HEADER, [["x", 1, 1, null, data]]))[0]).toContain(data.slice(1));
  });
});

describe("whatever is sent", () => {
  const data = fc
    .dictionary(fc.string(), fc.jsonValue(), { maxKeys: 5 })
    .filter((value) => !RESERVED_KEYS.some((key) => key in value));
  const events = fc.array(
    fc.record({
      type: fc.stringMatching(/^[A-Za-z][A-Za-z0-9_.-]{0,20}$/),
      timeMs: fc.nat(),
      monoMs: fc.nat(),
      offsetMs: fc.option(fc.integer()),
      json: data.map((value) => JSON.stringify(value)),
    }),
    { minLength: 1, maxLength: 20 },
  );

  it("what the SDK encodes, in either spelling, becomes the same records", () => {
    fc.assert(
      fc.property(events, (given) => {
        const header = { device: "d1", epoch: "e1", firstSeq: 1 };
        const msgpack = encodeMsgpackBatch(
          header,
          given.map((event) => msgpackCodec.encodeEvent(event)),
        );
        const ndjson = encodeNdjsonBatch(
          header,
          given.map((event) => ndjsonCodec.encodeEvent(event)),
        );
        const lines = linesOf(decodeMsgpackBatch(Buffer.from(msgpack), NOW));
        expect(linesOf(decodeNdjsonBatch(Buffer.from(ndjson), NOW))).toEqual(lines);
        for (const [i, line] of lines.entries()) {
          expect(line.indexOf("\n")).toBe(line.length - 1);
          expect(JSON.parse(line)).toEqual({
            device: "d1",
            epoch: "e1",
            seq: i + 1,
            type: given[i]!.type,
            time_ms: given[i]!.timeMs,
            mono_ms: given[i]!.monoMs,
            offset_ms: given[i]!.offsetMs,
            time_quality: timeQualityOf(given[i]!.offsetMs),
            received_ms: NOW,
            ...JSON.parse(given[i]!.json),
          });
        }
      }),
      { numRuns: 300 },
    );
  });

  it("is refused or becomes exactly one line per event, all of them the sender's own", () => {
    const valid = Buffer.from(encode({ ...HEADER, events: [EVENT, EVENT, EVENT] }));
    const mutated = fc.array(fc.tuple(fc.nat(valid.length - 1), fc.integer({ min: 0, max: 255 })), {
      maxLength: 6,
    });
    fc.assert(
      fc.property(mutated, (changes) => {
        const body = Buffer.from(valid);
        for (const [at, byte] of changes) body[at] = byte;
        let batch: Batch;
        try {
          batch = decodeMsgpackBatch(body, NOW);
        } catch (error) {
          expect(error).toBeInstanceOf(Refusal);
          return;
        }
        const text = Buffer.from(batch.records.bytes).toString();
        const records = text
          .trimEnd()
          .split("\n")
          .map((line) => JSON.parse(line));
        expect(records).toHaveLength(batch.records.ends.length);
        expect(records.every(({ device, epoch }) => device === batch.device && epoch === batch.epoch)).toBe(
          true,
        );
      }),
      { numRuns: 20_000 },
    );
  });
});
