import { spawnSync } from "node:child_process";
import { fileURLToPath } from "node:url";
import { encode } from "@msgpack/msgpack";
import { describe, expect, it } from "vitest";
import { linesOf } from "../testing/batches.ts";
import { EVENT, HEADER, NOW, refusalOf, spellings } from "../testing/spellings.ts";
import { decodeMsgpackBatch } from "./msgpack-batch.ts";
import { decodeNdjsonBatch } from "./ndjson-batch.ts";

const DANGEROUS = ["__proto__", "constructor", "prototype"];

describe.each(spellings)("a batch in %s with a name that objects have a use for", (_, decode) => {
  it.each(DANGEROUS)(
    "%s in the place of an id is refused or is an id like any other, and changes no object",
    (name) => {
      const before = Object.getOwnPropertyNames(Object.prototype).length;
      // Made of the letters of ids: so it is one, and nothing is ever looked up by it in an object.
      expect(decode({ ...HEADER, device: name, epoch: name }, [EVENT]).device).toBe(name);
      expect(
        refusalOf(() => decode(HEADER, [[name.slice(0, 1) === "_" ? name : "$x", 1, 1, null, "{}"]])).code,
      ).toBe("invalid_event");
      expect(Object.getOwnPropertyNames(Object.prototype)).toHaveLength(before);
    },
  );

  it.each(DANGEROUS)("%s at every level of data goes on as it came, never renamed", (name) => {
    const data = `{"${name}":{"${name}":{"polluted":true}},"a":[{"${name}":1}]}`;
    const [line = ""] = linesOf(decode(HEADER, [["x", 1, 1, null, data]]));
    expect(line).toContain(data.slice(1));
    expect(({} as { polluted?: boolean }).polluted).toBeUndefined();
  });

  it.each([
    ["a line break", "a\r\nb"],
    ["colours", "\u001b[31mred"],
    ["a line separator", "a\u2028b"],
    ["a way up", "../../etc/passwd"],
    ["nothing but a byte 0", "\0"],
    ["letters from right to left", "\u202egnirts"],
    ["a megabyte", "x".repeat(1_000_000)],
    ["a letter that only looks like one", "kitсhen"],
  ])("%s in an id is refused, and the message holds nothing of it", (_what, id) => {
    for (const field of ["device", "epoch"]) {
      const { code, message } = refusalOf(() => decode({ ...HEADER, [field]: id }, [EVENT]));
      // A header that goes on and on is not even parsed.
      expect(["invalid_batch", "malformed_body"]).toContain(code);
      expect([message.includes(id), message.length < 200]).toEqual([false, true]);
    }
  });
});

describe("a header", () => {
  it.each(DANGEROUS)("with a field %s is refused in both spellings", (name) => {
    const line = `{"v":1,"device":"d1","epoch":"e1","first_seq":1,"count":1,"${name}":{"v":1}}`;
    expect(refusalOf(() => decodeNdjsonBatch(Buffer.from(`${line}\n["x",1,1,null,{}]\n`), NOW)).code).toBe(
      "invalid_batch",
    );
    const map = Buffer.concat([
      Buffer.of(0x86),
      encode(name),
      encode({}),
      Buffer.from(encode({ ...HEADER, events: [EVENT] })).subarray(1),
    ]);
    expect(refusalOf(() => decodeMsgpackBatch(map, NOW)).code).toBe("invalid_batch");
  });
});

describe("decoding", () => {
  it("works where nothing can be added to any object's prototype, so it adds nothing", () => {
    const here = (name: string) => JSON.stringify(fileURLToPath(new URL(name, import.meta.url)));
    const program = `
      for (const each of [Object, Array, Function, String]) Object.freeze(each.prototype);
      const { decodeNdjsonBatch } = await import(${here("ndjson-batch.ts")});
      const { decodeMsgpackBatch } = await import(${here("msgpack-batch.ts")});
      const head = '{"v":1,"device":"__proto__","epoch":"constructor","first_seq":1,"count":1}';
      const text = head + '\\n["x",1,1,null,{"__proto__":{"a":1},"constructor":{"prototype":{"a":1}}}]\\n';
      const packed = Buffer.from("${Buffer.from(encode({ ...HEADER, device: "__proto__", events: [EVENT] })).toString("hex")}", "hex");
      console.log(decodeNdjsonBatch(Buffer.from(text), 1).device, decodeMsgpackBatch(packed, 1).device);
    `;
    const args = ["--conditions=source", "--input-type=module", "--eval", program];
    const { stdout, stderr } = spawnSync(process.execPath, args, { encoding: "utf8" });
    expect([stdout.trim(), stderr]).toEqual(["__proto__ __proto__", ""]);
  });
});
