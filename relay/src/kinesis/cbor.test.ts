import { cbor } from "@smithy/core/cbor";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { type CborValue, encodeCbor } from "./cbor.ts";

const hexOf = (value: CborValue): string => encodeCbor(value).toString("hex");

describe("CBOR", () => {
  // Vectors of RFC 8949, Appendix A.
  it.each<[CborValue, string]>([
    [0, "00"],
    [23, "17"],
    [24, "1818"],
    [100, "1864"],
    [1_000, "1903e8"],
    [1_000_000, "1a000f4240"],
    [false, "f4"],
    [true, "f5"],
    [Uint8Array.of(), "40"],
    [Uint8Array.of(1, 2, 3, 4), "4401020304"],
    ["", "60"],
    ["IETF", "6449455446"],
    ["ü", "62c3bc"],
    ["𐅑", "64f0908591"],
    [[], "80"],
    [[1, [2, 3], [4, 5]], "8301820203820405"],
    [{ a: 1, b: [2, 3] }, "a26161016162820203"],
  ])("spells %j as the standard does", (value, hex) => {
    expect(hexOf(value)).toBe(hex);
  });

  it("leaves out what is undefined", () => {
    expect(hexOf({ a: undefined, b: 1 })).toBe("a1616201");
  });

  it.each([-1, 1.5, Number.NaN, 2 ** 32])("has no room for %d", (value) => {
    expect(() => encodeCbor(value)).toThrow(RangeError);
  });

  it("is read back by a reader that is not ours, whatever the sizes are", () => {
    const bytes = fc.nat(70_000).map((length) => Buffer.alloc(length, 7));
    const record = fc.record({ PartitionKey: fc.string({ unit: "binary", maxLength: 300 }), Data: bytes });
    const request = fc.record({
      StreamName: fc.string(),
      Limit: fc.nat(),
      Records: fc.array(record, { maxLength: 4 }),
    });
    fc.assert(
      fc.property(request, (value) => {
        const text = (given: string) => Buffer.from(given).toString();
        const read = cbor.deserialize(encodeCbor(value)) as typeof value;
        expect(read.StreamName).toBe(text(value.StreamName));
        expect(read.Limit).toBe(value.Limit);
        expect(read.Records.map(({ PartitionKey }) => PartitionKey)).toEqual(
          value.Records.map(({ PartitionKey }) => text(PartitionKey)),
        );
        for (const [i, { Data }] of read.Records.entries())
          expect(Buffer.compare(Data, value.Records[i]!.Data)).toBe(0);
      }),
      { numRuns: 50 },
    );
  }, 60_000);
});
