import { describe, expect, it } from "vitest";
import { endOfValue, valuesOf } from "./json-values.ts";
import { Spans } from "./shape.ts";

const bytes = (text: string) => new TextEncoder().encode(text);

describe("a value in JSON", () => {
  it.each([
    ['"ab",', 4],
    ['"a b",', 5],
    ['"a\\"b",', 6],
    ["12}", 2],
    ["12\n}", 2],
    ["true]", 4],
    ["7", 1],
  ])("%s ends where it does", (text, at) => {
    expect(endOfValue(bytes(text), 0)).toBe(at);
  });

  it.each([['"ab'], ['"ab\\'], ['"a\nb"'], ["\n"], [""]])("%j has no end", (text) => {
    expect(endOfValue(bytes(text), 0)).toBe(-1);
  });
});

describe("the values of a JSON text", () => {
  const values = (text: string, from = 0) => {
    const spans = valuesOf(bytes(text), from);
    return (
      spans && Array.from({ length: spans.length / 2 }, (_, i) => text.slice(spans[2 * i], spans[2 * i + 1]))
    );
  };

  it.each([
    ["numbers", '{"a":0,"b":9,"c":-1,"d":-0.5e-7}', ["0", "9", "-1", "-0.5e-7"]],
    ["words, whatever they begin with", "[true,false,null,a,z]", ["true", "false", "null", "a", "z"]],
    ["strings that are no names", '{"a":"b","c:":"d:","":""}', ['"b"', '"d:"', '""']],
    ["all that, however deep", '{"a":[{"b":[1,"c"]},[]],"d":{}}', ["1", '"c"']],
    ["what has spaces between", '{ "a" : 1 }'.replaceAll(" :", ":"), ["1 "]],
  ])("are its %s", (_, text, found) => {
    expect(values(text)).toEqual(found);
  });

  it("are those from a place on", () => {
    expect(values('[1,2,"three"]', 3)).toEqual(["2", '"three"']);
  });

  it.each([['{"a'], ['{"a":"b'], ['{"a":\t1}'], ['{"a":1\n}']])("are not told of %j", (text) => {
    expect(values(text)).toBeUndefined();
  });
});

it("spans are kept in pairs, however many there are", () => {
  const spans = new Spans();
  for (let i = 0; i < 20_000; i++) spans.push(i, i + 7);
  expect(spans.length).toBe(40_000);
  expect([0, 1, 16_382, 16_383, 16_384, 16_385, 39_999].map((at) => spans.at(at))).toEqual([
    0, 7, 8_191, 8_198, 8_192, 8_199, 20_006,
  ]);
});
