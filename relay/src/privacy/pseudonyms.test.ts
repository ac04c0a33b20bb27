import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { decodeNdjsonBatch } from "../ingest/ndjson-batch.ts";
import { linesOf } from "../testing/batches.ts";
import { HEADER, NOW } from "../testing/spellings.ts";
import { JsonPaths } from "./json-paths.ts";
import { Pseudonyms } from "./pseudonyms.ts";

const KEY = { id: "d1", secret: Buffer.alloc(32, 7) };
const replaceIn = (text: string, ...paths: string[]): string =>
  new JsonPaths(paths).replaceIn(Buffer.from(text), (value) => `<${value}>`).toString();

describe("a pseudonym", () => {
  it("is its domain and half an HMAC, the same for the same value", () => {
    // Made by Python's hmac and base64.
    expect(["kitchen", "Zoë", "42"].map(new Pseudonyms(KEY, []).of)).toEqual([
      "d1~EK8TNO0qv0T-sDh4cB10_w",
      "d1~iPqPCI6T6PBlgw-8A6hjDA",
      "d1~w3XFCL4JwtdZXYI8F4gzkQ",
    ]);
  });

  it("cannot be found by who knows the value and not the key, nor in another domain", () => {
    const ours = new Pseudonyms(KEY, []).of("kitchen");
    const guesses = Array.from({ length: 100 }, (_, i) => ({ id: "d1", secret: Buffer.alloc(32, i + 100) }));
    for (const key of [...guesses, { id: "d2", secret: KEY.secret.map((byte) => byte ^ 1) as Buffer }]) {
      expect(new Pseudonyms(key, []).of("kitchen")).not.toBe(ours);
    }
  });
});

describe("values at paths", () => {
  it.each([
    ["a member", '{"a":"x","b":"x"}', ["a"], '{"a":"<x>","b":"x"}'],
    ["a member deep inside", '{"a":{"b":{"c":"x"}},"c":"x"}', ["a.b.c"], '{"a":{"b":{"c":"<x>"}},"c":"x"}'],
    ["items of a list", '{"a":["x","y",null]}', ["a"], '{"a":["<x>","<y>",null]}'],
    ["members in a list", '{"a":[{"b":"x"},{"b":"y"},7]}', ["a.b"], '{"a":[{"b":"<x>"},{"b":"<y>"},7]}'],
    ["lists of lists", '{"a":[[{"b":"x"}]]}', ["a.b"], '{"a":[[{"b":"<x>"}]]}'],
    ["a number, by its digits", '{"a":-1.50e3}', ["a"], '{"a":"<-1.50e3>"}'],
    ["a truth", '{"a":true,"b":1}', ["a"], '{"a":"<true>","b":1}'],
    ["an object whole", '{"a":{"b":[1,"]}"]},"c":1}', ["a"], String.raw`{"a":"<{\"b\":[1,\"]}\"]}>","c":1}`],
    ["a member that stands twice", '{"a":"x","a":"y"}', ["a"], '{"a":"<x>","a":"<y>"}'],
    ["a member of one that stands twice", '{"a":{"b":"x"},"a":{}}', ["a.b"], '{"a":{"b":"<x>"},"a":{}}'],
    ["a name with escapes", String.raw`{"\u0061":"x"}`, ["a"], String.raw`{"\u0061":"<x>"}`],
    ["a value with escapes", String.raw`{"a":"\u00e9\"\\","b":1}`, ["a"], String.raw`{"a":"<é\"\\>","b":1}`],
    ["among white space", '{ "a" :\t"x" , "b" : [ { } ] }', ["a"], '{ "a" :\t"<x>" , "b" : [ { } ] }'],
    ["several paths", '{"a":"x","b":{"c":1,"d":"y"}}', ["a", "b.d"], '{"a":"<x>","b":{"c":1,"d":"<y>"}}'],
    ["the shorter of two", '{"a":{"b":"x"}}', ["a.b", "a"], String.raw`{"a":"<{\"b\":\"x\"}>"}`],
  ] as [string, string, string[], string][])("are replaced: %s", (_, text, paths, expected) => {
    expect(replaceIn(text, ...paths)).toBe(expected);
  });

  it.each([
    ["nothing stands there", '{"b":"x"}', "a"],
    ["it is nothing", '{"a":null}', "a"],
    ["only a value has the name", '{"b":"a"}', "a"],
    ["only a deeper member has the name", '{"b":{"a":"x"}}', "a"],
    ["the way leads through a value", '{"a":"x"}', "a.b"],
    ["the object is empty", "{}", "a"],
  ])("are left alone when %s", (_, text, path) => {
    const data = Buffer.from(text);
    // The very same bytes: nothing was put together anew.
    expect(new JsonPaths([path]).replaceIn(data, () => "?")).toBe(data);
  });

  it("are all that changes: everything else keeps its bytes, for any JSON", () => {
    const mark = "m";
    fc.assert(
      fc.property(fc.jsonValue(), fc.jsonValue(), (before, after) => {
        const text = JSON.stringify({ before, secret: mark, after });
        const expected = JSON.stringify({ before, secret: `<${mark}>`, after });
        expect(replaceIn(text, "secret")).toBe(expected);
      }),
      { numRuns: 500 },
    );
  });
});

describe("a batch", () => {
  const body = (...lines: string[]) =>
    Buffer.from(`${[JSON.stringify({ ...HEADER, count: lines.length }), ...lines].join("\n")}\n`);
  const PLAY = '["play",1,1,null,{"listener":{"id":"Zoë"},"title":"x"}]';
  const decode = (pseudonyms: Pseudonyms, ...lines: string[]) =>
    decodeNdjsonBatch(body(...lines), NOW, {
      admit: ({ device }) => pseudonyms.of(device),
      conceal: pseudonyms.conceal,
    });

  it("goes on under the pseudonym of its device, in every record and in its key", () => {
    const pseudonyms = new Pseudonyms(KEY, ["listener.id"]);
    const batch = decode(pseudonyms, PLAY, '["x",1,1,null,{}]');
    expect(batch.device).toBe(pseudonyms.of("d1"));
    expect(linesOf(batch).map((line) => JSON.parse(line))).toMatchObject([
      { device: pseudonyms.of("d1"), seq: 7, listener: { id: pseudonyms.of("Zoë") }, title: "x" },
      { device: pseudonyms.of("d1"), seq: 8 },
    ]);
    expect(Buffer.from(batch.records.bytes).toString()).not.toContain("Zoë");
  });

  it("keeps its control records whole, which the proof needs", () => {
    const pseudonyms = new Pseudonyms(KEY, ["previous_epoch"]);
    const batch = decode(pseudonyms, '["$open",1,1,null,{"previous_epoch":"e0","previous_last_seq":3}]');
    expect(JSON.parse(linesOf(batch)[0]!)).toMatchObject({ previous_epoch: "e0" });
  });

  it("is not looked into when no path is configured", () => {
    expect(new Pseudonyms(KEY, []).conceal).toBeUndefined();
  });
});
