/**
 * CRC-32C (Castagnoli, reflected polynomial 0x82F63B78), eight bytes a step. Node has only the other CRC-32.
 * Check value: crc32c("123456789") = e3069283.
 */
const POLYNOMIAL = 0x82f63b78;

/** The effect of each byte. */
const T0 = /* @__PURE__ */ tableOf((byte) => {
  let crc = byte;
  for (let bit = 0; bit < 8; bit++) crc = crc & 1 ? (crc >>> 1) ^ POLYNOMIAL : crc >>> 1;
  return crc;
});
/** The same, followed by one to seven zero bytes. */
const T1 = /* @__PURE__ */ followedByZero(T0);
const T2 = /* @__PURE__ */ followedByZero(T1);
const T3 = /* @__PURE__ */ followedByZero(T2);
const T4 = /* @__PURE__ */ followedByZero(T3);
const T5 = /* @__PURE__ */ followedByZero(T4);
const T6 = /* @__PURE__ */ followedByZero(T5);
const T7 = /* @__PURE__ */ followedByZero(T6);

function tableOf(effect: (byte: number) => number): Int32Array {
  return Int32Array.from({ length: 256 }, (_, byte) => effect(byte));
}

function followedByZero(table: Int32Array): Int32Array {
  return tableOf((byte) => (table[byte]! >>> 8) ^ T0[table[byte]! & 0xff]!);
}

/**
 * CRC of `bytes`, continuing from `previous` (the CRC of what came before; 0 to begin).
 * @returns an unsigned 32-bit number.
 */
export function crc32c(bytes: Uint8Array, previous = 0): number {
  let crc = ~previous;
  let at = 0;
  const end8 = bytes.length - (bytes.length % 8);
  for (; at < end8; at += 8) {
    const low = crc ^ (bytes[at]! | (bytes[at + 1]! << 8) | (bytes[at + 2]! << 16) | (bytes[at + 3]! << 24));
    crc =
      T7[low & 0xff]! ^
      T6[(low >>> 8) & 0xff]! ^
      T5[(low >>> 16) & 0xff]! ^
      T4[low >>> 24]! ^
      T3[bytes[at + 4]!]! ^
      T2[bytes[at + 5]!]! ^
      T1[bytes[at + 6]!]! ^
      T0[bytes[at + 7]!]!;
  }
  for (; at < bytes.length; at++) crc = (crc >>> 8) ^ T0[(crc ^ bytes[at]!) & 0xff]!;
  return ~crc >>> 0;
}
