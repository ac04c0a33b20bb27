const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const COLON = 0x3a;
const MINUS = 0x2d;

/**
 * Finds the values of the JSON text from `from` on: its strings that are no names, numbers, `true`, `false` and `null`, however deep.
 * @returns where each begins and ends, in turn; undefined where a control character stands, which none that is written by
 *   `JSON.stringify` holds.
 */
export function valuesOf(json: Uint8Array, from: number): number[] | undefined {
  const spans: number[] = [];
  for (let at = from; at < json.length; at++) {
    const byte = json[at]!;
    if (byte < 0x20) return undefined;
    if (byte !== QUOTE && byte !== MINUS && !isLetterOrDigit(byte)) continue;
    const end = endOfValue(json, at);
    if (end < 0) return undefined;
    if (json[end] !== COLON) spans.push(at, end);
    at = end - 1;
  }
  return spans;
}

/** Where the value that begins at `from` ends; -1 when it does not, or holds what `JSON.stringify` escapes. */
export function endOfValue(json: Uint8Array, from: number): number {
  let at = from + 1;
  if (!(json[from]! >= 0x20)) return -1;
  if (json[from] !== QUOTE) {
    while (at < json.length && !isEnd(json[at]!)) at++;
    return at;
  }
  for (; at < json.length; at++) {
    const byte = json[at]!;
    if (byte === QUOTE) return at + 1;
    if (byte < 0x20) return -1;
    if (byte === BACKSLASH) at++;
  }
  return -1;
}

const isLetterOrDigit = (byte: number): boolean =>
  (byte >= 0x30 && byte <= 0x39) || (byte >= 0x61 && byte <= 0x7a);

/** A comma, or a closing bracket; or what stands in no value. */
const isEnd = (byte: number): boolean => byte === 0x2c || byte === 0x5d || byte === 0x7d || byte < 0x20;
