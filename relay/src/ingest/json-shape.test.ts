import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { linesOf } from "../testing/batches.ts";
import { HEADER, NOW, refusalOf, spellings } from "../testing/spellings.ts";
import { DEPTH_MAX, endOfString, shapeFault, VALUES_MAX } from "./json-shape.ts";
import { decodeNdjsonBatch } from "./ndjson-batch.ts";

const nested = (depth: number): string => `{"a":${"[".repeat(depth - 1)}${"]".repeat(depth - 1)}}`;
const wide = (values: number): string =>
  `{"a":[${Array(values - 1)
    .fill(0)
    .join(",")}]}`;

describe.each(spellings)("data in %s", (_, decode) => {
  const refusal = (data: string) => refusalOf(() => decode(HEADER, [["x", 1, 1, null, data]]));

  it.each([
    ["deep", nested, DEPTH_MAX],
    ["wide", wide, VALUES_MAX],
  ])("is as %s as it may be, and not by one more", (_word, make, most) => {
    expect(linesOf(decode(HEADER, [["x", 1, 1, null, make(most)]]))).toHaveLength(1);
    expect(refusal(make(most + 1))).toMatchObject({ code: "invalid_event", seq: 7 });
    expect(refusal(make(most + 1)).message).toContain(String(most));
  });

  it("of 100,000 levels is refused before it is parsed", () => {
    expect(refusal(nested(100_000)).message).toContain("nested");
  });

  it("of 2^17 members named like numbers is refused before any of them is hashed", () => {
    const members = Array.from({ length: 2 ** 17 }, (_each, i) => `"${i * 2 ** 20}":0`);
    expect(refusal(`{${members.join(",")}}`).code).toBe("invalid_event");
    expect(refusal(`{${members.slice(0, VALUES_MAX + 1).join(",")}}`).message).toContain("values");
  });
});

describe("brackets and commas", () => {
  it("count outside strings only, however these are escaped", () => {
    const text = String.raw`{"a":"[[[\"{{{,,,\\","b":"\\\"[["}`.padEnd(2 * DEPTH_MAX);
    expect(shapeFault(Buffer.from(text))).toBeUndefined();
    const inside = JSON.stringify({ a: `${"[".repeat(DEPTH_MAX + 1)}${",".repeat(VALUES_MAX)}` });
    expect(shapeFault(Buffer.from(inside))).toBeUndefined();
  });

  it("of strings end where JSON ends them", () => {
    fc.assert(
      fc.property(fc.string({ unit: "binary" }), (value) => {
        const text = Buffer.from(JSON.stringify(value));
        expect(endOfString(Buffer.concat([text, Buffer.from(',"x"')]), 0)).toBe(text.length - 1);
      }),
    );
    expect(endOfString(Buffer.from('"never'), 0)).toBe(6);
  });
});

describe("a batch in NDJSON", () => {
  const decode = (text: string) => refusalOf(() => decodeNdjsonBatch(Buffer.from(text), NOW));
  const HEAD = '{"v":1,"device":"d1","epoch":"e1","first_seq":7,"count":1}';

  it("whose header goes on and on is refused without being parsed", () => {
    expect(decode(`${HEAD.slice(0, -1)}${" ".repeat(2_000)}}\n["x",1,1,null,{}]\n`).code).toBe(
      "malformed_body",
    );
  });

  it("whose line is longer than any event is refused without being parsed", () => {
    expect(decode(`${HEAD}\n["x",1,1,null,{"a":[${"0,".repeat(4_000_000)}0]}]\n`)).toMatchObject({
      code: "invalid_event",
      seq: 7,
    });
  });

  it("of eight million empty lines is refused after as many as a batch may have", () => {
    const refusal = decode(`${HEAD}${"\n".repeat(8_000_000)}`);
    expect(refusal).toMatchObject({ code: "invalid_batch" });
    // Not eight million: the rest was never looked at.
    expect(refusal.message).toContain("10001 events");
  });
});
