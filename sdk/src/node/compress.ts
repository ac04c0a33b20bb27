import { promisify } from "node:util";
import { gzip, zstdCompress } from "node:zlib";

/** Content encodings this runtime can make, best first; `identity` always works. */
export type Encoding = "zstd" | "gzip" | "identity";

// Node has zstd from 22.15 on.
const zstd = zstdCompress as typeof zstdCompress | undefined;
export const ENCODINGS: readonly Encoding[] = zstd ? ["zstd", "gzip", "identity"] : ["gzip", "identity"];

/** Below this size compression costs more than it saves. */
const WORTHWHILE_BYTES = 512;

const gzipAsync = promisify<Uint8Array, Buffer>(gzip);
const zstdAsync = zstd && promisify<Uint8Array, Buffer>(zstd);

/** The body in `encoding`, or as it is when that pays better. */
export async function compress(
  body: Uint8Array,
  encoding: Encoding,
): Promise<{ readonly encoding: Encoding; readonly bytes: Uint8Array }> {
  if (encoding === "identity" || body.length < WORTHWHILE_BYTES) return { encoding: "identity", bytes: body };
  const bytes = encoding === "zstd" && zstdAsync ? await zstdAsync(body) : await gzipAsync(body);
  return { encoding, bytes };
}
