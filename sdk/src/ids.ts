import type { Clock } from "./clock.ts";

const BASE32 = "abcdefghijklmnopqrstuvwxyz234567";
/** 80 random bits: 16 characters of base32, safe in file listings, URLs and shells. */
const EPOCH_BYTES = 10;

/** A fresh epoch id. Never reused: among a billion epochs of one device the odds of a repeat are 1 in a million. */
export function newEpochId(clock: Clock): string {
  let id = "";
  let bits = 0;
  let held = 0;
  for (const byte of clock.randomBytes(EPOCH_BYTES)) {
    held = (held << 8) | byte;
    for (bits += 8; bits >= 5; bits -= 5) id += BASE32[(held >>> (bits - 5)) & 31];
    held &= (1 << bits) - 1;
  }
  return id;
}

/** A UUID version 7 (RFC 9562): time in the first 48 bits, so that ids of one player sort by their beginning. */
export function newPlayId(clock: Clock): string {
  const bytes = clock.randomBytes(16);
  const timeMs = Math.max(0, Math.trunc(clock.wallMs()));
  for (let i = 0; i < 6; i++) bytes[i] = Math.floor(timeMs / 2 ** (8 * (5 - i))) & 0xff;
  bytes[6] = (bytes[6]! & 0x0f) | 0x70;
  bytes[8] = (bytes[8]! & 0x3f) | 0x80;
  const hex = Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
  return [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20)].join("-");
}
