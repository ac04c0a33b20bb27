import { brotliDecompressSync, gunzipSync, zstdDecompressSync } from "node:zlib";
import { expect, test } from "vitest";
import { compress, packer } from "./compress.ts";
import { discard } from "./discard.ts";

const text = (length: number) =>
  new TextEncoder().encode("a play of a track by somebody, ".repeat(length / 31 + 1)).subarray(0, length);

test.each([10, 600, 4_000, 9_000, 40_000, 70_000, 300_000])(
  "%d bytes come back as they were, in buffers that can be given back, and small ones of others stay",
  (length) => {
    const other = Buffer.from("somebody else's");
    const packed = packer.pack(text(length), 4);
    expect(packed.subarray(0, 4)).toEqual(new Uint8Array(4));
    const unpacked = packer.unpack(packed.subarray(4), length);
    expect(unpacked).toEqual(text(length));
    discard(unpacked.buffer);
    discard(packed.buffer);
    expect([unpacked.length, packed.length]).toEqual([0, 0]);
    expect(other.toString()).toBe("somebody else's");
    expect(Buffer.from("and later").toString()).toBe("and later");
  },
);

test.each([
  [511, "br", "identity"],
  [512, "br", "br"],
  [65_536, "br", "br"],
  [65_537, "br", "zstd"],
  [600, "zstd", "zstd"],
  [600, "gzip", "gzip"],
  [600, "identity", "identity"],
] as const)("a body of %d bytes where %s may be sent goes in %s", async (length, best, expected) => {
  const { encoding, bytes } = await compress(text(length), best);
  expect(encoding).toBe(expected);
  const undo = {
    br: brotliDecompressSync,
    zstd: zstdDecompressSync,
    gzip: gunzipSync,
    identity: Buffer.from,
  };
  expect(new Uint8Array(undo[encoding](bytes))).toEqual(text(length));
});
