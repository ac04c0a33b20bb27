import { expect, it } from "vitest";
import { encodeMsgpackBatch } from "./msgpack.ts";
import { encodeNdjsonBatch, ndjsonCodec } from "./ndjson.ts";

const HEADER = { device: "d1", epoch: "e1", firstSeq: 7 };

it("a batch in NDJSON is a header and a line for each number, `null` for those that were given up", () => {
  const event = ndjsonCodec.encodeEvent({
    type: "tick",
    timeMs: 1,
    monoMs: 2,
    offsetMs: null,
    json: '{"a":1}',
  });
  const bytes = encodeNdjsonBatch(HEADER, [event, new Uint8Array(0), event]);
  expect(new TextDecoder().decode(bytes)).toBe(
    '{"v":1,"device":"d1","epoch":"e1","first_seq":7,"count":3}\n["tick",1,2,null,{"a":1}]\nnull\n["tick",1,2,null,{"a":1}]\n',
  );
});

it.each([
  [15, [0x9f]],
  [16, [0xdc, 0, 16]],
  [300, [0xdc, 1, 44]],
])("a batch of %i in msgpack says so, and has a nil for each number that was given up", (count, header) => {
  const bytes = encodeMsgpackBatch(
    HEADER,
    Array.from({ length: count }, () => new Uint8Array(0)),
  );
  expect([...bytes.subarray(-count - header.length)]).toEqual([...header, ...Array(count).fill(0xc0)]);
});
