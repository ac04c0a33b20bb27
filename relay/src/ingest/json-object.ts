/**
 * Says of most events, without parsing them, that they are what an event's data must be. It knows the grammar of JSON (RFC 8259)
 * and of UTF-8 (RFC 3629) and makes nothing of what it reads, so it takes half the time of a parser. It never says no: whatever it
 * is not sure of is for the parser to decide.
 */
import { RESERVED_KEYS } from "@tonearm/sdk/wire";

const TAB = 0x09;
const SPACE = 0x20;
const QUOTE = 0x22;
const PLUS = 0x2b;
const COMMA = 0x2c;
const MINUS = 0x2d;
const POINT = 0x2e;
const ZERO = 0x30;
const NINE = 0x39;
const COLON = 0x3a;
const BACKSLASH = 0x5c;
const OPEN_BRACKET = 0x5b;
const CLOSE_BRACKET = 0x5d;
const OPEN_BRACE = 0x7b;
const CLOSE_BRACE = 0x7d;
const LETTER_E = 0x65;
const LETTER_U = 0x75;
/** What sets a capital apart from its small letter. */
const CASE = 0x20;

/** Deeper data, and longer, is not looked at. Both are far below what data may have, whatever its values are. */
const DEPTH_MAX = 30;
const BYTES_MAX = 16_384;

/** 1 for every byte of a string that stands for itself and is followed by another letter. */
const PLAIN = Uint8Array.from({ length: 256 }, (_, byte) =>
  byte >= SPACE && byte < 0x80 && byte !== QUOTE && byte !== BACKSLASH ? 1 : 0,
);
/** 1 for every byte that may stand alone behind a backslash. */
const ESCAPED = new Uint8Array(256);
for (const letter of '"\\/bfnrt') ESCAPED[letter.charCodeAt(0)] = 1;

/** By their first letter. */
const LITERALS: (Buffer | undefined)[] = Array(256).fill(undefined);
for (const text of ["true", "false", "null"]) LITERALS[text.charCodeAt(0)] = Buffer.from(text);

/** Names of the relay's own, by their length. */
const RESERVED: (Buffer[] | undefined)[] = Array(64).fill(undefined);
for (const key of RESERVED_KEYS) RESERVED[key.length] = [...(RESERVED[key.length] ?? []), Buffer.from(key)];

/**
 * Whether `json[from, to)` is surely one JSON object in UTF-8 with at least one member, nothing around it, no line break outside
 * of strings and none of the relay's own names at its top level.
 */
export function isSurelyData(json: Uint8Array, from: number, to: number): boolean {
  if (to - from > BYTES_MAX || json[from] !== OPEN_BRACE) return false;
  let at = from;
  let depth = 0;
  // One bit for each level, the innermost lowest: 1 for an object, 0 for an array.
  let objects = 0;
  for (;;) {
    const byte = json[at];
    if (byte === OPEN_BRACE || byte === OPEN_BRACKET) {
      at = pastBlanks(json, at + 1, to);
      const isObject = byte === OPEN_BRACE;
      if (depth > 0 && json[at] === (isObject ? CLOSE_BRACE : CLOSE_BRACKET)) at++;
      else {
        if (depth === DEPTH_MAX) return false;
        depth++;
        objects = (objects << 1) | (isObject ? 1 : 0);
        if (isObject) at = pastName(json, at, to, depth === 1);
        if (at < 0) return false;
        continue;
      }
    } else at = byte === QUOTE ? pastString(json, at, to) : pastScalar(json, at, to);
    if (at < 0) return false;
    for (;;) {
      at = pastBlanks(json, at, to);
      const isObject = (objects & 1) === 1;
      const behind = json[at++];
      if (behind === COMMA) {
        at = pastBlanks(json, at, to);
        if (isObject) at = pastName(json, at, to, depth === 1);
        break;
      }
      if (behind !== (isObject ? CLOSE_BRACE : CLOSE_BRACKET)) return false;
      objects >>>= 1;
      if (--depth === 0) return at === to;
    }
    if (at < 0) return false;
  }
}

/** Line breaks are no blanks here: they may not stand between tokens. */
function pastBlanks(json: Uint8Array, from: number, to: number): number {
  let at = from;
  while (at < to && (json[at] === SPACE || json[at] === TAB)) at++;
  return at;
}

/** Where the value of a member begins, its name and the colon passed; below 0 when that is not sure. */
function pastName(json: Uint8Array, from: number, to: number, isTop: boolean): number {
  if (json[from] !== QUOTE) return -1;
  let at = from + 1;
  if (isTop) {
    while (PLAIN[json[at]!] === 1) at++;
    // A name in other letters, or with an escape in it, may be one of the relay's own in disguise.
    if (json[at] !== QUOTE || isReserved(json, from + 1, at)) return -1;
    at++;
  } else {
    at = pastString(json, from, to);
    if (at < 0) return -1;
  }
  at = pastBlanks(json, at, to);
  return json[at] === COLON ? pastBlanks(json, at + 1, to) : -1;
}

function isReserved(json: Uint8Array, from: number, to: number): boolean {
  const names = RESERVED[to - from];
  if (names === undefined) return false;
  for (const name of names) if (startsWith(json, from, name)) return true;
  return false;
}

function startsWith(json: Uint8Array, from: number, text: Uint8Array): boolean {
  for (let i = 0; i < text.length; i++) if (json[from + i] !== text[i]) return false;
  return true;
}

/** Where a string ends, its closing quote passed; below 0 when that is not sure. */
function pastString(json: Uint8Array, from: number, to: number): number {
  let at = from + 1;
  while (at > 0 && at < to) {
    // Not held against `to` at every byte: what runs beyond it is found out below.
    while (PLAIN[json[at]!] === 1) at++;
    const byte = json[at]!;
    if (byte === QUOTE) return at < to ? at + 1 : -1;
    at = byte === BACKSLASH ? pastEscape(json, at) : pastLetter(json, at);
  }
  return -1;
}

function pastEscape(json: Uint8Array, from: number): number {
  const byte = json[from + 1]!;
  if (ESCAPED[byte] === 1) return from + 2;
  if (byte !== LETTER_U) return -1;
  for (let at = from + 2; at < from + 6; at++) if (!isHexDigit(json[at]!)) return -1;
  return from + 6;
}

const isDigit = (byte: number | undefined): boolean => byte !== undefined && byte >= ZERO && byte <= NINE;

function isHexDigit(byte: number): boolean {
  const small = byte | CASE;
  return isDigit(byte) || (small >= 0x61 && small <= 0x66);
}

/** Where a letter of two bytes or more ends. Overlong spellings, surrogates and what lies beyond U+10FFFF are not letters. */
function pastLetter(json: Uint8Array, from: number): number {
  const first = json[from]!;
  const second = json[from + 1]!;
  if (first < 0xc2 || first > 0xf4) return -1;
  const least = first === 0xe0 ? 0xa0 : first === 0xf0 ? 0x90 : 0x80;
  const most = first === 0xed ? 0x9f : first === 0xf4 ? 0x8f : 0xbf;
  if (!(second >= least && second <= most)) return -1;
  const end = from + (first < 0xe0 ? 2 : first < 0xf0 ? 3 : 4);
  for (let at = from + 2; at < end; at++) if ((json[at]! & 0xc0) !== 0x80) return -1;
  return end;
}

/** Where a number, true, false or null ends. */
function pastScalar(json: Uint8Array, from: number, to: number): number {
  const byte = json[from];
  if (isDigit(byte) || byte === MINUS) return pastNumber(json, from, to);
  const literal = LITERALS[byte ?? 0];
  return literal !== undefined && startsWith(json, from, literal) ? from + literal.length : -1;
}

function pastNumber(json: Uint8Array, from: number, to: number): number {
  let at = json[from] === MINUS ? from + 1 : from;
  // A zero in front of other digits is no JSON: it ends the number, and what follows is no comma.
  at = json[at] === ZERO ? at + 1 : pastDigits(json, at, to);
  if (at > 0 && json[at] === POINT) at = pastDigits(json, at + 1, to);
  if (at > 0 && (json[at]! | CASE) === LETTER_E) {
    const sign = json[at + 1];
    at = pastDigits(json, sign === PLUS || sign === MINUS ? at + 2 : at + 1, to);
  }
  return at;
}

/** Where digits end, below 0 when there are none. */
function pastDigits(json: Uint8Array, from: number, to: number): number {
  let at = from;
  while (at < to && isDigit(json[at])) at++;
  return at > from ? at : -1;
}
