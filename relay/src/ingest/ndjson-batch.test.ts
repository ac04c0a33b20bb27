import { describe, expect, it } from "vitest";
import { linesOf } from "../testing/batches.ts";
import { NOW, refusalOf } from "../testing/spellings.ts";
import { decodeNdjsonBatch } from "./ndjson-batch.ts";

describe("a batch in NDJSON", () => {
  const text = (...lines: string[]) => Buffer.from(lines.join("\n"));
  const HEAD = '{"v":1,"device":"d1","epoch":"e1","first_seq":7,"count":1}';

  it("may end with or without a line end, and have carriage returns at its line ends", () => {
    for (const body of [
      `${HEAD}\n["x",1,1,null,{}]`,
      `${HEAD}\n["x",1,1,null,{}]\n`,
      `${HEAD}\r\n["x",1,1,null,{}]\r\n`,
    ]) {
      expect(linesOf(decodeNdjsonBatch(Buffer.from(body), NOW))).toHaveLength(1);
    }
  });

  it.each([
    [
      "fewer lines than it says",
      text('{"v":1,"device":"d1","epoch":"e1","first_seq":7,"count":2}', '["x",1,1,null,{}]'),
      "invalid_batch",
    ],
    ["more lines than it says", text(HEAD, '["x",1,1,null,{}]', '["x",1,1,null,{}]'), "invalid_batch"],
    [
      "no count",
      text('{"v":1,"device":"d1","epoch":"e1","first_seq":7}', '["x",1,1,null,{}]'),
      "invalid_batch",
    ],
    ["a header that is no object", text("[1]", '["x",1,1,null,{}]'), "malformed_body"],
    ["no header", Buffer.alloc(0), "malformed_body"],
    ["a line that is no JSON", text(HEAD, '["x",1,1,null,{}'), "invalid_event"],
    ["a line of four values", text(HEAD, '["x",1,1,{}]'), "invalid_event"],
    ["a line of six values", text(HEAD, '["x",1,1,null,{},{}]'), "invalid_event"],
    ["an object in the place of a time", text(HEAD, '["x",{"a":1},1,null,{}]'), "invalid_event"],
    ["an empty line in the middle", text(HEAD, "", '["x",1,1,null,{}]'), "invalid_batch"],
  ])("is refused with %s", (_, body, code) => {
    expect(refusalOf(() => decodeNdjsonBatch(body, NOW)).code).toBe(code);
  });

  it("is refused when it is not UTF-8", () => {
    expect(refusalOf(() => decodeNdjsonBatch(Buffer.of(0x7b, 0xff, 0x7d), NOW)).code).toBe("malformed_body");
  });
});
