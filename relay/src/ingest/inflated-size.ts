/**
 * What compressed bodies say of the size of what is in them. Nothing here is checked, and none of it is to be believed: it says
 * how much room to make at first.
 *
 *   zstd (RFC 8878)   magic (4) | descriptor (1) | window (0 or 1) | dictionary (0, 1, 2 or 4) | content size (0, 1, 2, 4 or 8) …
 *   gzip (RFC 1952)   … | size modulo 2^32 (4)
 */

const DICTIONARY_BYTES = [0, 1, 2, 4] as const;
const GZIP_BYTES_MIN = 18;
/** What batches in msgpack come to, and those by columns do not. */
const BROTLI_RATIO = 8;

/** What the frame that begins here says; undefined when it says nothing. */
export function zstdSizeIn(bytes: Buffer): number | undefined {
  const descriptor = bytes[4] ?? 0;
  const isSingle = (descriptor & 0x20) !== 0;
  const at = 5 + (isSingle ? 0 : 1) + DICTIONARY_BYTES[(descriptor & 3) as 0 | 1 | 2 | 3];
  switch (descriptor >>> 6) {
    case 0:
      return isSingle ? bytes[at] : undefined;
    case 1:
      return at + 2 <= bytes.length ? bytes.readUInt16LE(at) + 256 : undefined;
    default:
      // Of eight bytes these are the lower ones: what is beyond them is refused anyway.
      return at + 4 <= bytes.length ? bytes.readUInt32LE(at) : undefined;
  }
}

/** What the last member says; undefined when there is none. */
export const gzipSizeIn = (bytes: Buffer): number | undefined =>
  bytes.length < GZIP_BYTES_MIN ? undefined : bytes.readUInt32LE(bytes.length - 4);

/** Brotli says nothing: as much as is likely. */
export const brotliSizeIn = (bytes: Buffer): number => BROTLI_RATIO * bytes.length;
