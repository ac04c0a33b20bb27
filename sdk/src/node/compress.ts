import { promisify } from "node:util";
import zlib, { brotliCompressSync, brotliDecompressSync, constants, gzip, type ZstdOptions } from "node:zlib";
import type { Packer } from "../packer.ts";

/** Content encodings this runtime can make, best first; `identity` always works. */
export type Encoding = "zstd" | "gzip" | "identity";

// Node has zstd from 22.15 on; before, importing it by name would be an error that nobody can catch.
const zstd = zlib.zstdCompress as typeof zlib.zstdCompress | undefined;
export const ENCODINGS: readonly Encoding[] = zstd ? ["zstd", "gzip", "identity"] : ["gzip", "identity"];

/** Below this size compression costs more than it saves. */
const WORTHWHILE_BYTES = 512;

/** Level 5 costs a microsecond more for an event than the usual 3, and saves a twelfth of its bytes. */
const THOROUGH = { [constants.ZSTD_c_compressionLevel]: 5 };

const gzipAsync = promisify<Uint8Array, Buffer>(gzip);
const zstdAsync = zstd && promisify<Uint8Array, ZstdOptions, Buffer>(zstd);

/** The body in `encoding`, or as it is when that pays better; bytes of its own either way. */
export async function compress(
  body: Uint8Array,
  encoding: Encoding,
): Promise<{ readonly encoding: Encoding; readonly bytes: Uint8Array }> {
  if (encoding === "identity" || body.length < WORTHWHILE_BYTES) {
    return { encoding: "identity", bytes: body.slice() };
  }
  const bytes =
    encoding === "zstd" && zstdAsync
      ? await zstdAsync(body, { pledgedSrcSize: body.length, params: THOROUGH })
      : await gzipAsync(body);
  return { encoding, bytes };
}

/** Half a microsecond for an event, and it takes a sixth of the room. */
const QUICK = { [constants.BROTLI_PARAM_QUALITY]: 1, [constants.BROTLI_PARAM_LGWIN]: 18 };

/** For what waits in memory and on disk: quick, and every Node reads what any other has packed. */
export const packer: Packer = {
  pack: (bytes) => plain(brotliCompressSync(bytes, { params: QUICK })).slice(),
  unpack: (bytes, lengthMax) =>
    plain(brotliDecompressSync(bytes, { chunkSize: lengthMax + 64, maxOutputLength: lengthMax })),
};

/** Of a `Buffer` every part is a `Buffer` again, which costs ten times what a part of plain bytes does. */
const plain = ({ buffer, byteOffset, length }: Buffer) => new Uint8Array(buffer, byteOffset, length);
