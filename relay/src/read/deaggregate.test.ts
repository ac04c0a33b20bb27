import { createHash } from "node:crypto";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { deaggregate } from "./deaggregate.ts";

const MAGIC = "f3899ac2";
const bytes = (hex: string) => Buffer.from(hex.replaceAll(" ", ""), "hex");

/** An aggregate around a protobuf message, with the right digest. */
function aggregate(messageHex: string): Buffer {
  const message = bytes(messageHex);
  return Buffer.concat([bytes(MAGIC), message, createHash("md5").update(message).digest()]);
}

const raw = (data: Buffer) =>
  expect(deaggregate({ partitionKey: "k", data })).toMatchObject({
    aggregated: false,
    userRecords: [{ partitionKey: "k", data }],
  });

const KEYS = "0a0161 0a0362c3a9";

describe("deaggregate", () => {
  it("takes a known aggregate apart, byte for byte", () => {
    const data = bytes(
      "f3899ac2 0a0161 0a0362c3a9 1203313233 1a050800 1a0178 1a06 0801 1000 1a00 242796b970ac5f453ba2f844a76a0109",
    );
    expect(data).toHaveLength(48);
    const { userRecords } = deaggregate({ partitionKey: "a", data });
    expect(userRecords).toEqual([
      { partitionKey: "a", explicitHashKey: undefined, data: Buffer.from("x") },
      { partitionKey: "bé", explicitHashKey: "123", data: Buffer.alloc(0) },
    ]);
  });

  it.each([
    ["an empty record", ""],
    ["a text", "68656c6c6f"],
    ["the magic alone", MAGIC],
    ["the magic and sixteen bytes", `${MAGIC}${"00".repeat(16)}`],
    [
      "the magic and the sixteen bytes of a right digest, of nothing",
      `${MAGIC}d41d8cd98f00b204e9800998ecf8427e`,
    ],
    ["a magic that is wrong in its last byte", `f3899ac3${"00".repeat(30)}`],
  ])("delivers %s as it is", (_, hex) => raw(bytes(hex)));

  it("delivers an aggregate whose digest is wrong as it is", () => {
    const data = aggregate(`${KEYS} 1a05 0800 1a0178`);
    data[data.length - 1]! ^= 1;
    raw(data);
  });

  it.each([
    ["a record without its partition key index", `${KEYS} 1a03 1a0178`],
    ["a record without data", `${KEYS} 1a02 0800`],
    ["a length beyond the end", "0aff01"],
    ["a varint that never ends", `0a${"ff".repeat(11)}`],
    ["a group, which proto2 parsers refuse here", "0b"],
  ])("delivers a message with %s as it is", (_, message) => raw(aggregate(message)));

  it("takes the shortest message there is for an aggregate", () => {
    // An empty partition key: a tag and a length of nothing.
    const data = aggregate("0a00");
    expect(data).toHaveLength(MAGIC.length / 2 + 2 + 16);
    expect(deaggregate({ partitionKey: "k", data })).toMatchObject({ aggregated: true, userRecords: [] });
  });

  it("passes over fields it does not know, as a generated parser does", () => {
    const data = aggregate(`${KEYS} 2205 68656c6c6f 1a0a 0800 1a0178 2203 0a0174 3801`);
    expect(deaggregate({ partitionKey: "a", data }).userRecords).toHaveLength(1);
  });

  it("keeps what came before an index beyond its table, and says how many it did not get", () => {
    const data = aggregate(`${KEYS} 1a05 0800 1a0178 1a05 0807 1a0179 1a05 0801 1a017a`);
    const { userRecords, withheld } = deaggregate({ partitionKey: "a", data });
    expect(userRecords).toHaveLength(1);
    expect(withheld).toEqual({ count: 2, reason: "bad_index" });
  });

  it("drops all of an aggregate of which one record lies outside the shard", () => {
    const data = aggregate(`${KEYS} 120131 1203393939 1a07 0800 1000 1a0178 1a07 0801 1001 1a0179`);
    const range = { startingHashKey: 0n, endingHashKey: 500n };
    expect(deaggregate({ partitionKey: "a", data }, range)).toEqual({
      aggregated: true,
      userRecords: [],
      withheld: { count: 2, reason: "out_of_range" },
    });
    expect(
      deaggregate({ partitionKey: "a", data }, { startingHashKey: 0n, endingHashKey: 999n }).userRecords,
    ).toHaveLength(2);
  });

  it("never throws, whatever the bytes", () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 300 }), fc.boolean(), (noise, dressed) => {
        const data = dressed ? aggregate(Buffer.from(noise).toString("hex")) : Buffer.from(noise);
        const { userRecords } = deaggregate({ partitionKey: "k", data });
        expect(Array.isArray(userRecords)).toBe(true);
      }),
      { numRuns: 5_000 },
    );
  });
});
