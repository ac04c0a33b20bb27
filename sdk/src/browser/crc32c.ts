/** CRC-32C as in `file-log/crc32c.ts`, a byte a step: for the little that a page stores, in a tenth of the code. */
const EFFECTS = /* @__PURE__ */ Int32Array.from({ length: 256 }, (_, byte) => {
  let crc = byte;
  for (let bit = 0; bit < 8; bit++) crc = (crc >>> 1) ^ (crc & 1 && 0x82f63b78);
  return crc;
});

/** CRC of `bytes`, continuing from `previous`; an unsigned 32-bit number. */
export function crc32c(bytes: Uint8Array, previous: number): number {
  let crc = ~previous;
  // By index, which takes a third of the time that an iterator or a callback does.
  for (let at = 0; at < bytes.length; at++) crc = (crc >>> 8) ^ EFFECTS[(crc ^ bytes[at]!) & 0xff]!;
  return ~crc >>> 0;
}
