import { expect, it } from "vitest";
import { crc32c as fastCrc32c } from "../file-log/crc32c.ts";
import { encodeText } from "../wire/ndjson.ts";
import { crc32c } from "./crc32c.ts";
import { seal, unseal } from "./sealed.ts";

const LINES = ["22", '["play",1,2,null,{"title":"Ä"}]', ""].map(encodeText);

it("a sealed value is opened to the lines that it was made of", () => {
  expect(unseal("name", seal("name", LINES))).toEqual(LINES);
  expect(unseal("name", seal("name", []))).toEqual([]);
});

it("whatever bit of a value turns, it is not opened", () => {
  const value = seal("name", LINES);
  for (let bit = 0; bit < value.length * 8; bit++) {
    value[bit >> 3]! ^= 1 << (bit & 7);
    expect(unseal("name", value)).toBeUndefined();
    value[bit >> 3]! ^= 1 << (bit & 7);
  }
});

it("a value is not opened under another name, nor when it is cut off or empty", () => {
  const value = seal("name", LINES);
  expect(unseal("other", value)).toBeUndefined();
  for (let length = 0; length < value.length; length++) {
    expect(unseal("name", value.subarray(0, length))).toBeUndefined();
  }
});

it("the checksum is that of the file log, whatever it is of and goes on from", () => {
  expect(crc32c(encodeText("123456789"), 0)).toBe(0xe3069283);
  for (let length = 0; length < 300; length++) {
    const bytes = Uint8Array.from({ length }, (_, i) => (i * 31 + length * 7) & 0xff);
    expect(crc32c(bytes, length * 0x1234567)).toBe(fastCrc32c(bytes, length * 0x1234567));
  }
});
