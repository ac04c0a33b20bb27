const ZERO = 0x30;
const MINUS = 0x2d;
/** Numbers below fit into 32 bits, where division is cheap. */
const PART = 1_000_000_000;
const PART_DIGITS = 9;

/**
 * Writes a safe integer in decimal, at most 17 bytes; returns where it ends. Times are beyond 2^31, and making text of
 * such a number takes ten times as long as writing its digits.
 */
export function writeInteger(bytes: Uint8Array, from: number, value: number): number {
  let at = from;
  let rest = value;
  if (rest < 0) {
    bytes[at++] = MINUS;
    rest = -rest;
  }
  if (rest < PART) return writeDigits(bytes, at, rest, digitsOf(rest));
  // Exact, whichever way the division was rounded.
  const low = rest % PART;
  const high = (rest - low) / PART;
  at = writeDigits(bytes, at, high, digitsOf(high));
  return writeDigits(bytes, at, low, PART_DIGITS);
}

function digitsOf(value: number): number {
  let digits = 1;
  for (let power = 10; power <= value; power *= 10) digits++;
  return digits;
}

function writeDigits(bytes: Uint8Array, from: number, value: number, digits: number): number {
  let rest = value | 0;
  for (let at = from + digits - 1; at >= from; at--) {
    const tens = (rest / 10) | 0;
    bytes[at] = ZERO + rest - tens * 10;
    rest = tens;
  }
  return from + digits;
}
