import { EVENT_BYTES_MAX } from "@tonearm/sdk/wire";
import { describe, expect, it } from "vitest";
import { linesOf } from "../testing/batches.ts";
import { EVENT, HEADER, NOW, refusalOf, spellings } from "../testing/spellings.ts";
import { decodeNdjsonBatch } from "./ndjson-batch.ts";

/** An object whose JSON has `bytes` bytes, all but a few of them in letters of two. */
function dataOf(bytes: number): string {
  const letters = bytes - '{"t":""}'.length;
  return `{"t":"${"é".repeat(letters >> 1)}${"x".repeat(letters & 1)}"}`;
}

describe.each(spellings)("an event in %s", (_, decode) => {
  it("has as many bytes as it may, counted in UTF-8, and not one more", () => {
    const largest = dataOf(EVENT_BYTES_MAX);
    expect(Buffer.byteLength(largest)).toBe(EVENT_BYTES_MAX);
    expect(linesOf(decode(HEADER, [["x", 1, 1, null, largest]]))[0]).toContain(largest.slice(1));
    const refusal = refusalOf(() => decode(HEADER, [EVENT, ["x", 1, 1, null, dataOf(EVENT_BYTES_MAX + 1)]]));
    expect(refusal).toMatchObject({ code: "invalid_event", seq: 8 });
    expect(refusal.message).toContain(`${EVENT_BYTES_MAX + 1} bytes`);
  });
});

describe("a batch in NDJSON", () => {
  it.each([
    ["a byte that is no UTF-8", "ff"],
    ["half a letter", "c3"],
    ["an overlong spelling", "c0af"],
    ["a surrogate", "eda080"],
  ])("is refused when its text has %s in it", (_, hex) => {
    const body = Buffer.concat([
      Buffer.from('{"v":1,"device":"d1","epoch":"e1","first_seq":1,"count":1}\n["x",1,1,null,{"t":"'),
      Buffer.from(hex, "hex"),
      Buffer.from('"}]\n'),
    ]);
    expect(refusalOf(() => decodeNdjsonBatch(body, NOW)).code).toBe("malformed_body");
  });
});
