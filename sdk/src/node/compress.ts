import { promisify } from "node:util";
import zlib, { brotliCompressSync, brotliDecompressSync, constants, gzip } from "node:zlib";
import type { Packer } from "../packer.ts";
import { discard } from "./discard.ts";

/** Content encodings this runtime can make, best first; `identity` always works. */
export type Encoding = "br" | "zstd" | "gzip" | "identity";

// Node has zstd from 22.15 on; before, importing it by name would be an error that nobody can catch.
const zstd = zlib.zstdCompressSync as typeof zlib.zstdCompressSync | undefined;
export const ENCODINGS: readonly Encoding[] = zstd
  ? ["br", "zstd", "gzip", "identity"]
  : ["br", "gzip", "identity"];

/** Below this size compression costs more than it saves. */
const WORTHWHILE_BYTES = 512;

/** Above this size brotli would keep the thread for longer than others do, and gain little: a full batch by columns is half of it. */
const BROTLI_BYTES_MAX = 65_536;

/** Quality 5 is the first with a model of contexts; 9 gains a third of a percent more, 10 a tenth, at twenty times the cost. */
const CLOSE = { [constants.BROTLI_PARAM_QUALITY]: 5, [constants.BROTLI_PARAM_LGWIN]: 16 };

/** Level 5 costs a microsecond more for an event than the usual 3, and saves a twelfth of its bytes. */
const THOROUGH = { [constants.ZSTD_c_compressionLevel]: 5 };

const gzipAsync = promisify<Uint8Array, Buffer>(gzip);

/**
 * The body in `encoding`, or in the next one where that suits its size better, or as it is when that pays; bytes of its own in any
 * case. Brotli takes half a millisecond for a full batch, at once: handed to the threads of libuv it would take as much of a CPU
 * and more, and each of them keeps what it has needed.
 */
export async function compress(
  body: Uint8Array,
  encoding: Encoding,
): Promise<{ readonly encoding: Encoding; readonly bytes: Uint8Array }> {
  if (encoding === "identity" || body.length < WORTHWHILE_BYTES) {
    return { encoding: "identity", bytes: body.slice() };
  }
  const chunkSize = roomFor(body.length);
  if (encoding === "br" && body.length <= BROTLI_BYTES_MAX) {
    const params = { ...CLOSE, [constants.BROTLI_PARAM_SIZE_HINT]: body.length };
    return { encoding, bytes: compact(brotliCompressSync(body, { params, chunkSize }), chunkSize) };
  }
  if (encoding === "gzip" || !zstd) return { encoding: "gzip", bytes: await gzipAsync(body) };
  const made = zstd(body, { pledgedSrcSize: body.length, params: THOROUGH, chunkSize });
  return { encoding: "zstd", bytes: compact(made, chunkSize) };
}

/** Half a microsecond for an event, and it takes a sixth of the room. */
const QUICK = { [constants.BROTLI_PARAM_QUALITY]: 1, [constants.BROTLI_PARAM_LGWIN]: 18 };

/** For what waits in memory and on disk: quick, and every Node reads what any other has packed. */
export const packer: Packer = {
  pack(bytes, headroom) {
    const chunkSize = roomFor(bytes.length);
    return compact(brotliCompressSync(bytes, { params: QUICK, chunkSize }), chunkSize, headroom);
  },
  unpack(bytes, lengthMax) {
    const chunkSize = lengthMax + 64;
    const made = brotliDecompressSync(bytes, { chunkSize, maxOutputLength: lengthMax });
    // Of a `Buffer` every part is a `Buffer` again, which costs ten times what a part of plain bytes does.
    return isAlone(made, chunkSize) ? new Uint8Array(made.buffer, 0, made.length) : new Uint8Array(made);
  },
};

/** Room for whatever becomes of so many bytes, in one piece. */
const roomFor = (length: number): number => length + (length >>> 8) + 1_024;

/** Whether a result stands in a buffer of its own, and not among others in the one that `Buffer` cuts small ones from. */
const isAlone = ({ buffer }: Buffer, chunkSize: number): boolean => buffer.byteLength === chunkSize;

/** A result out of a room that is mostly empty, in one that fits; the large one is given back at once. */
function compact(made: Buffer, chunkSize: number, headroom = 0): Uint8Array {
  const kept = new Uint8Array(headroom + made.length);
  kept.set(made, headroom);
  if (isAlone(made, chunkSize)) discard(made.buffer);
  return kept;
}
