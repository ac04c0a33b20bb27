import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { repeatedNames } from "./repeated-names.ts";

describe("names that stand twice in an object", () => {
  it.each([
    ["{}", []],
    ['{"a":1,"b":2}', []],
    ['{"a":1,"b":2,"a":3,"a":4}', ["a"]],
    ['{"a" : 1,\n"\\u0061":2}', ["a"]],
    ['{"a":{"b":1,"b":2},"c":[{"a":1}]}', []],
    ['{"a":"\\"a\\":1,","b":"}","b":"{"}', ["b"]],
  ])("are found in %s: %j", (json, names) => {
    expect(repeatedNames(json)).toEqual(names);
  });

  it("are none in any object that was written as JSON, and its first name when it stands at the end again", () => {
    fc.assert(
      fc.property(fc.dictionary(fc.string(), fc.jsonValue(), { minKeys: 1 }), (object) => {
        const json = JSON.stringify(object);
        expect(repeatedNames(json)).toEqual([]);
        const first = Object.keys(object)[0]!;
        expect(repeatedNames(`${json.slice(0, -1)},${JSON.stringify(first)}:1}`)).toEqual([first]);
      }),
    );
  });
});
