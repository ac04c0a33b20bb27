import { isUtf8 } from "node:buffer";
import { RESERVED_KEYS, reservedKeyIn } from "@tonearm/sdk/wire";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { isSurelyData } from "./json-object.ts";
import { shapeFault } from "./json-shape.ts";

const saysOf = (json: Uint8Array): boolean => {
  // Other events stand before and behind it, and what they hold is nothing to it.
  const body = Buffer.concat([Buffer.from('"x":{"'), json, Buffer.from('"}],')]);
  return isSurelyData(body, 6, 6 + json.length);
};
const isSure = (text: string): boolean => saysOf(Buffer.from(text));

/** What an event's data must be, by Node's own parser. */
function isData(json: Buffer): boolean {
  if (!isUtf8(json) || json.includes("\n") || json.includes("\r")) return false;
  if (json.at(0) !== 0x7b || json.at(-1) !== 0x7d || shapeFault(json) !== undefined) return false;
  try {
    return reservedKeyIn(JSON.parse(json.toString()) as object) === undefined;
  } catch {
    return false;
  }
}

/** Texts of JSON, and of what is nearly JSON. */
const pieces = fc.array(
  fc.oneof(
    fc.constantFrom(...Array.from('{}[],:" \t\n\r\\0-.eE+aé😀\u0000\u007f')),
    fc.constantFrom(
      '"a":',
      '"\\u0064evice":',
      "true",
      "null",
      "fals",
      "-0.5e+1",
      "01",
      "\\ud800",
      '{"a":1}',
      "[]",
    ),
    fc.constantFrom(...RESERVED_KEYS.map((key) => `"${key}":1`)),
  ),
  { maxLength: 12 },
);
const nearly = pieces.map((parts) => Buffer.from(`{"t":1,${parts.join("")}}`));

/** A valid object, some of whose bytes have been changed, taken out or put in. */
const damaged = fc
  .tuple(
    fc.json({ noUnicodeString: false }),
    fc.array(fc.tuple(fc.nat(), fc.nat(255), fc.nat(2)), { maxLength: 3 }),
  )
  .map(([inside, changes]) => {
    const bytes = [...Buffer.from(`{"t":${inside}}`)];
    for (const [at, byte, how] of changes)
      bytes.splice(at % bytes.length, how === 0 ? 0 : 1, ...(how === 2 ? [] : [byte]));
    return Buffer.from(bytes);
  });

describe("what is surely an event's data", () => {
  it("is an object that the parser takes too, whatever the bytes are", () => {
    fc.assert(
      fc.property(
        fc.oneof(
          nearly,
          damaged,
          fc.uint8Array().map((bytes) => Buffer.from(bytes)),
        ),
        (json) => {
          if (saysOf(json)) expect(isData(json)).toBe(true);
        },
      ),
      { numRuns: 20_000 },
    );
  });

  it("is every object that a program writes, but for names in other letters", () => {
    const name = fc
      .stringMatching(/^[a-z_]{1,8}$/)
      .filter((key) => reservedKeyIn({ [key]: 1 }) === undefined);
    const object = fc.dictionary(name, fc.jsonValue({ maxDepth: 4, noUnicodeString: false }), { minKeys: 1 });
    fc.assert(
      fc.property(object, (value) => {
        const json = Buffer.from(JSON.stringify(value));
        expect(saysOf(json)).toBe(isUtf8(json));
      }),
      { numRuns: 2_000 },
    );
  });

  it.each(RESERVED_KEYS)(
    "never has the relay's own name %s at its top level, however it is spelled",
    (key) => {
      const escaped = `\\u${key.charCodeAt(0).toString(16).padStart(4, "0")}${key.slice(1)}`;
      for (const spelled of [key, escaped]) {
        expect(isSure(`{"a":1,"${spelled}":2}`)).toBe(false);
        expect(isSure(`{"${spelled}" :2}`)).toBe(false);
        expect(isSure(`{"a":{"${spelled}":2}}`)).toBe(true);
      }
    },
  );

  it.each([
    ["nothing", ""],
    ["an empty object", "{}"],
    ["an array", '["a",1]'],
    ["two objects", '{"a":1}{"b":2}'],
    ["a closing brace too many", '{"a":1}}'],
    ["a bracket that closes a brace", '{"a":[1}'],
    ["blanks before it", ' {"a":1}'],
    ["blanks behind it", '{"a":1} '],
    ["a line break between tokens", '{"a":1,\n"b":2}'],
    ["a line break in a string", '{"a":"\n"}'],
    ["a comma too many", '{"a":1,}'],
    ["a member without a value", '{"a":}'],
    ["a name without quotes", "{a:1}"],
    ["an unfinished string", '{"a":"}'],
    ["an unknown escape", String.raw`{"a":"\x"}`],
    ["half an escape", String.raw`{"a":"\u12"}`],
    ["a zero before other digits", '{"a":01}'],
    ["a plus sign", '{"a":+1}'],
    ["a point without digits", '{"a":1.}'],
    ["an exponent without digits", '{"a":1e}'],
    ["a sign alone", '{"a":-}'],
    ["a word that JSON does not know", '{"a":nul}'],
  ])("is not %s", (_, text) => {
    expect(isSure(text)).toBe(false);
  });

  it.each([
    ["an overlong spelling", "c0af"],
    ["a surrogate", "eda080"],
    ["half a letter", "e282"],
    ["a letter beyond the last", "f4908080"],
    ["a byte of no letter", "ff"],
  ])("has no %s in its strings", (_, hex) => {
    expect(saysOf(Buffer.concat([Buffer.from('{"a":"'), Buffer.from(hex, "hex"), Buffer.from('"}')]))).toBe(
      false,
    );
  });

  it("has every letter of Unicode in its strings as it is", () => {
    for (let point = 0x80; point <= 0x10ffff; point += point < 0x3000 ? 1 : 97) {
      if (point >= 0xd800 && point <= 0xdfff) continue;
      if (!isSure(`{"a":"${String.fromCodePoint(point)}"}`)) throw new Error(`not U+${point.toString(16)}`);
    }
  });

  it("is neither deep nor long: those are counted", () => {
    const nested = (depth: number) => `{"a":${"[".repeat(depth - 1)}1${"]".repeat(depth - 1)}}`;
    expect([isSure(nested(30)), isSure(nested(31))]).toEqual([true, false]);
    expect(isSure(`{"a":"${"x".repeat(20_000)}"}`)).toBe(false);
  });
});
