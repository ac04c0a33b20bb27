import { constants, gzipSync, zstdCompressSync } from "node:zlib";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { gzipSizeIn, zstdSizeIn } from "./inflated-size.ts";

const plains = fc
  .tuple(fc.oneof(fc.nat(300), fc.nat(70_000), fc.constantFrom(255, 256, 65_791, 65_792)), fc.nat(255))
  .map(([length, byte]) => Buffer.alloc(length, byte));

describe("the inflated size", () => {
  it("is what zstd's frame says of it, however many bytes it says it in", () => {
    fc.assert(
      fc.property(plains, fc.boolean(), (plain, checksum) => {
        const params = { [constants.ZSTD_c_checksumFlag]: checksum ? 1 : 0 };
        const packed = zstdCompressSync(plain, { pledgedSrcSize: plain.length, params });
        expect(zstdSizeIn(packed)).toBe(plain.length);
      }),
    );
  });

  it("is unknown when zstd's frame does not say it", () => {
    const params = { [constants.ZSTD_c_contentSizeFlag]: 0 };
    expect(zstdSizeIn(zstdCompressSync(Buffer.alloc(5_000, "text"), { params }))).toBeUndefined();
  });

  it("is what gzip ends with", () => {
    fc.assert(
      fc.property(plains, (plain) => {
        expect(gzipSizeIn(gzipSync(plain))).toBe(plain.length);
      }),
    );
  });

  it("is read from anything without looking beyond its end", () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 20 }), (bytes) => {
        for (const size of [zstdSizeIn(Buffer.from(bytes)), gzipSizeIn(Buffer.from(bytes))])
          expect(size === undefined || (Number.isInteger(size) && size >= 0)).toBe(true);
      }),
    );
  });
});
