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

const HEX = /* @__PURE__ */ Array.from({ length: 256 }, (_, byte) => (byte + 256).toString(16).slice(1));

/** A UUID version 7 (RFC 9562): time in the first 48 bits, so that ids of one player sort by their beginning. */
export function newPlayId(clock: Clock): string {
  const time = Math.max(0, Math.trunc(clock.wallMs())).toString(16).padStart(12, "0").slice(-12);
  let random = "";
  for (const byte of clock.randomBytes(10)) random += HEX[byte];
  const variant = "89ab"[Number.parseInt(random[3]!, 16) & 3];
  return `${time.slice(0, 8)}-${time.slice(8)}-7${random.slice(0, 3)}-${variant}${random.slice(4, 7)}-${random.slice(8)}`;
}
