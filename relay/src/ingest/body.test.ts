import { spawnSync } from "node:child_process";
import { fileURLToPath } from "node:url";
import { brotliCompressSync, constants, gzipSync, zstdCompressSync } from "node:zlib";
import { BODY_BYTES_MAX, EVENT_BYTES_MAX, INFLATED_BYTES_MAX } from "@tonearm/sdk/wire";
import { describe, expect, it } from "vitest";
import { Refusal } from "../refusal.ts";
import { inflate } from "./body.ts";
import { Turns } from "./turns.ts";

const MIB = 1_048_576;
const codeOf = async (body: Buffer, encoding: string): Promise<string> => {
  try {
    await inflate(body, encoding);
    return "inflated";
  } catch (error) {
    if (error instanceof Refusal) return error.code;
    throw error;
  }
};
/** Bytes that no compression makes smaller. */
const noise = (length: number): Buffer => {
  const bytes = Buffer.alloc(length);
  let state = 1;
  for (let i = 0; i < length; i++) {
    state = (Math.imul(state, 1_103_515_245) + 12_345) >>> 0;
    bytes[i] = (state >>> 16) | 0x20;
  }
  return bytes;
};

/** Brotli beyond its standard: the decoder would need a window of 1 GiB. */
const wideBrotli = (bytes: Buffer): Buffer =>
  brotliCompressSync(bytes, {
    params: { [constants.BROTLI_PARAM_LARGE_WINDOW]: 1, [constants.BROTLI_PARAM_LGWIN]: 30 },
  });

describe("a compressed body", () => {
  it.each([
    ["200 MB of gzip in 200 KB", gzipSync(Buffer.alloc(200_000_000)), "gzip", "inflated_too_large"],
    ["200 MB of zstd in 7 KB", zstdCompressSync(Buffer.alloc(200_000_000)), "zstd", "inflated_too_large"],
    [
      "200 MB of brotli in 316 bytes",
      brotliCompressSync(Buffer.alloc(200_000_000)),
      "br",
      "inflated_too_large",
    ],
    ["deflate", gzipSync(noise(9)), "deflate", "unsupported_encoding"],
    ["gzip in gzip", gzipSync(gzipSync(noise(9))), "gzip", "malformed_body"],
    ["zstd in gzip", gzipSync(zstdCompressSync(noise(9))), "gzip", "malformed_body"],
    ["gzip in brotli", brotliCompressSync(gzipSync(noise(9))), "br", "malformed_body"],
    ["brotli cut off", brotliCompressSync(noise(900)).subarray(0, 500), "br", "malformed_body"],
    ["brotli of no bytes", Buffer.alloc(0), "br", "malformed_body"],
    ["brotli that is none", noise(900), "br", "malformed_body"],
    [
      "brotli with junk behind it",
      Buffer.concat([brotliCompressSync(noise(9)), noise(9)]),
      "br",
      "malformed_body",
    ],
    [
      "brotli twice in a row",
      Buffer.concat(Array(2).fill(brotliCompressSync(noise(9)))),
      "br",
      "malformed_body",
    ],
    ["brotli that wants a window of a GiB", wideBrotli(noise(9)), "br", "malformed_body"],
    ["gzip cut off", gzipSync(noise(900)).subarray(0, 500), "gzip", "malformed_body"],
    ["zstd cut off", zstdCompressSync(noise(900)).subarray(0, 500), "zstd", "malformed_body"],
    ["gzip with junk behind it", Buffer.concat([gzipSync(noise(9)), noise(9)]), "gzip", "malformed_body"],
    [
      "zstd with junk behind it",
      Buffer.concat([zstdCompressSync(noise(9)), noise(9)]),
      "zstd",
      "malformed_body",
    ],
    [
      "many members, each of them small",
      Buffer.concat(Array(20).fill(gzipSync(Buffer.alloc(MIB)))),
      "gzip",
      "inflated_too_large",
    ],
  ])("of %s is refused", async (_, body, encoding, code) => {
    expect(await codeOf(body, encoding)).toBe(code);
  });

  it.each(["gzip", "zstd"])("of %s in several members is one body", async (encoding) => {
    const compress = encoding === "gzip" ? gzipSync : zstdCompressSync;
    const body = Buffer.concat([compress(Buffer.from("one ")), compress(Buffer.from("two"))]);
    expect((await inflate(body, encoding)).toString()).toBe("one two");
  });

  it.each([40, 40_000])(
    "of brotli comes out whole, in this thread or in another: %d bytes",
    async (length) => {
      expect(await inflate(brotliCompressSync(noise(length)), "br")).toEqual(noise(length));
    },
  );

  it("may grow to a hundred times its size and no further, unless it stays small", async () => {
    // What cannot be compressed weighs the rest down to a ratio that is known.
    const body = (noiseBytes: number, zeros: number) =>
      gzipSync(Buffer.concat([noise(noiseBytes), Buffer.alloc(zeros, 0x20)]));
    expect(await codeOf(body(60_000, 2 * MIB), "gzip")).toBe("inflated");
    expect(await codeOf(body(10, 2 * MIB), "gzip")).toBe("inflated_too_large");
    // One event as large as it may be, of a single letter, is never refused for its ratio.
    expect(await codeOf(gzipSync(Buffer.alloc(EVENT_BYTES_MAX + 1_024, 0x61)), "gzip")).toBe("inflated");
  });

  it("is 8 MiB inflated at most, also when it is honest", async () => {
    const honest = (zeros: number) => gzipSync(Buffer.concat([noise(200_000), Buffer.alloc(zeros, 0x20)]));
    expect(await codeOf(honest(INFLATED_BYTES_MAX - 200_000), "gzip")).toBe("inflated");
    expect(await codeOf(honest(INFLATED_BYTES_MAX - 199_999), "gzip")).toBe("inflated_too_large");
    expect(honest(INFLATED_BYTES_MAX).length).toBeLessThan(BODY_BYTES_MAX);
  });
});

describe.each([
  ["gzip", gzipSync(Buffer.alloc(200_000_000))],
  // What cannot be compressed, before the rest: else the body would be small, and its bomb stopped at 512 KiB.
  ["br", brotliCompressSync(Buffer.concat([noise(100_000), Buffer.alloc(200_000_000)]))],
])("bombs of %s", (encoding, bomb) => {
  /** By how many bytes the resident memory of a process rises at most that inflates so many of them. */
  function riseOf(count: number, ...how: readonly string[]): number {
    const script = fileURLToPath(new URL("../testing/explode.ts", import.meta.url));
    const args = ["--conditions=source", "--expose-gc", script, encoding, String(count), ...how];
    const { stdout, stderr } = spawnSync(process.execPath, args, { input: bomb, encoding: "utf8" });
    expect([stdout, stderr]).toEqual([expect.stringMatching(/^\d+\n$/), ""]);
    return Number(stdout);
  }

  it("one after another raise resident memory by less than 32 MB", () => {
    expect(riseOf(10)).toBeLessThan(32_000_000);
  }, 60_000);

  it("all at once do not inflate at once: 60 of them would take 480 MB", () => {
    expect(riseOf(60, "at-once")).toBeLessThan(120_000_000);
  }, 60_000);
});

describe("turns", () => {
  it("let so many tasks run at once, the others in the order in which they came, failures included", async () => {
    const turns = new Turns(2);
    const begun: number[] = [];
    const ends: (() => void)[] = [];
    const task = (n: number) =>
      turns
        .run(async () => {
          begun.push(n);
          await new Promise<void>((resolve) => ends.push(resolve));
          if (n === 0) throw new Error("scripted");
        })
        .catch(() => undefined);
    const all = [0, 1, 2, 3].map(task);
    expect(begun).toEqual([0, 1]);
    for (let i = 0; i < 4; i++) {
      ends[i]!();
      await all[i];
    }
    expect(begun).toEqual([0, 1, 2, 3]);
  });
});
