const MS_OF_DAY = 86_400_000;
/** More digits than these are not told apart by a double. */
const DIGITS_MAX = 15;
/** Length of "2026-11-24T12:00:00.000Z" with its quotes. */
const INSTANT_LENGTH = 26;
const INSTANT = /* @__PURE__ */ new TextEncoder().encode('"dddd-dd-ddTdd:dd:dd.dddZ"');
const DIGIT = 0x64;

/** A whole number as `JSON.stringify` writes it; NaN for anything else. */
export function wholeIn(json: Uint8Array, from: number, to: number): number {
  const isNegative = json[from] === 0x2d;
  const first = isNegative ? from + 1 : from;
  if (to - first > DIGITS_MAX || to === first) return Number.NaN;
  if (json[first] === 0x30 && (isNegative || to - first > 1)) return Number.NaN;
  const value = digits(json, first, to);
  return isNegative ? -value : value;
}

/** The ms since 1970 of an instant as `Date.toISOString` writes it, in quotes; NaN for anything else. */
export function instantIn(json: Uint8Array, from: number, to: number): number {
  if (to - from !== INSTANT_LENGTH) return Number.NaN;
  for (let i = 0; i < INSTANT_LENGTH; i++) {
    if (INSTANT[i] !== DIGIT && json[from + i] !== INSTANT[i]) return Number.NaN;
  }
  // What begins with a quote; without closures and arrays, of which every value would leave some to be collected.
  const year = digits(json, from + 1, from + 5);
  const month = digits(json, from + 6, from + 8);
  const day = digits(json, from + 9, from + 11);
  const hour = digits(json, from + 12, from + 14);
  const minute = digits(json, from + 15, from + 17);
  const second = digits(json, from + 18, from + 20);
  if (hour > 23 || minute > 59 || second > 59) return Number.NaN;
  const time = hour * 3_600_000 + minute * 60_000 + second * 1_000 + digits(json, from + 21, from + 24);
  return dayOf(year, month, day) * MS_OF_DAY + time;
}

/** Days since 1970 of a date; NaN when there is no such date. */
function dayOf(year: number, month: number, day: number): number {
  if (month < 1 || month > 12 || day < 1 || day > 31) return Number.NaN;
  // Years are counted from March here, so that the leap day is the last.
  const years = month > 2 ? year : year - 1;
  const months = month > 2 ? month - 3 : month + 9;
  const isLeap = (year % 4 === 0 && year % 100 !== 0) || year % 400 === 0;
  const last = month === 2 ? (isLeap ? 29 : 28) : 31 - ((months % 5) % 2);
  if (day > last) return Number.NaN;
  const leaps = Math.floor(years / 4) - Math.floor(years / 100) + Math.floor(years / 400);
  return 365 * years + leaps + Math.floor((153 * months + 2) / 5) + day - 719_469;
}

/** What the digits say; NaN when one of them is none. */
function digits(json: Uint8Array, from: number, to: number): number {
  let value = 0;
  for (let at = from; at < to; at++) {
    const digit = json[at]! - 0x30;
    if (digit < 0 || digit > 9) return Number.NaN;
    value = value * 10 + digit;
  }
  return value;
}
