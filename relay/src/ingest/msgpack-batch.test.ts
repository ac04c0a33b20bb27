import { encode } from "@msgpack/msgpack";
import { describe, expect, it } from "vitest";
import { linesOf } from "../testing/batches.ts";
import { asMsgpack, EVENT, HEADER, NOW, refusalOf } from "../testing/spellings.ts";
import { decodeMsgpackBatch } from "./msgpack-batch.ts";

describe("a batch in msgpack", () => {
  it.each([
    ["a line break between tokens", '{"a":1,\n"b":2}'],
    ["a second object behind the first", '{"a":1}{"b":2}'],
    ["a forged record behind the first", '{"a":1}\n{"device":"other"}'],
    ["white space around it", ' {"a":1}'],
    ["no JSON", "{a:1}"],
    ["nothing", ""],
    ["a closing brace too many", '{"a":1}}'],
    ["an unfinished string", '{"a":"}'],
  ])("is refused when data is %s", (_, data) => {
    expect(refusalOf(() => asMsgpack(HEADER, [["x", 1, 1, null, data]]))).toMatchObject({
      code: "invalid_event",
      seq: 7,
    });
  });

  it("is refused when data is not UTF-8", () => {
    const body = Buffer.from(encode({ ...HEADER, events: [["x", 1, 1, null, '{"a":"??"}']] }));
    body[body.indexOf("??")] = 0xff;
    expect(refusalOf(() => decodeMsgpackBatch(body, NOW))).toMatchObject({ code: "invalid_event", seq: 7 });
  });

  it("is refused at every length at which it can be cut off", () => {
    const body = Buffer.from(encode({ ...HEADER, events: [EVENT, EVENT] }));
    for (let length = 0; length < body.length; length++) {
      expect(refusalOf(() => decodeMsgpackBatch(body.subarray(0, length), NOW)).code).toBe("malformed_body");
    }
  });

  it("is refused when something follows it", () => {
    const body = Buffer.concat([encode({ ...HEADER, events: [EVENT] }), Buffer.of(0xc0)]);
    expect(refusalOf(() => decodeMsgpackBatch(body, NOW)).code).toBe("malformed_body");
  });

  it.each([
    ["an array of 2^32 - 1 events", "dd ff ff ff ff"],
    ["an array of 2^31 events", "dd 80 00 00 00"],
  ])("is refused without work when it promises %s", (_, header) => {
    const head = Buffer.from(encode({ ...HEADER, events: [] })).subarray(0, -1);
    const body = Buffer.concat([head, Buffer.from(header.replaceAll(" ", ""), "hex")]);
    expect(["invalid_batch", "malformed_body"]).toContain(
      refusalOf(() => decodeMsgpackBatch(body, NOW)).code,
    );
  });

  it.each([
    ["an extension", "c7 01 05 00"],
    ["200 KB of nesting", "91".repeat(200_000)],
    ["a map of maps", "81".repeat(1_000)],
    ["bin data", "c4 02 7b 7d"],
  ])("is refused when it holds %s", (_, hex) => {
    const head = Buffer.from(encode({ ...HEADER, events: [] })).subarray(0, -1);
    const body = Buffer.concat([head, Buffer.of(0x91), Buffer.from(hex.replaceAll(" ", ""), "hex")]);
    expect(["malformed_body", "invalid_event"]).toContain(
      refusalOf(() => decodeMsgpackBatch(body, NOW)).code,
    );
  });

  it("takes integers in every spelling that msgpack has for them", () => {
    const spelledAs = (hex: string) => {
      const head = Buffer.from(encode({ ...HEADER, events: [] })).subarray(0, -1);
      const event = Buffer.concat([
        Buffer.from("9591a178", "hex").subarray(0, 1),
        Buffer.from("a178", "hex"),
        Buffer.from(hex, "hex"),
        Buffer.from("00c0a27b7d", "hex"),
      ]);
      return JSON.parse(linesOf(decodeMsgpackBatch(Buffer.concat([head, Buffer.of(0x91), event]), NOW))[0]!)
        .time_ms;
    };
    const spellings = [
      "07",
      "cc07",
      "cd0007",
      "ce00000007",
      "cf0000000000000007",
      "d007",
      "d10007",
      "d200000007",
      "d30000000000000007",
      "ca40e00000",
      "cb401c000000000000",
    ];
    expect(spellings.map(spelledAs)).toEqual(spellings.map(() => 7));
  });
});
