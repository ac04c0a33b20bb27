import { isUtf8 } from "node:buffer";

const TAB = 0x09;
const LINE_FEED = 0x0a;
const SPACE = 0x20;
const DELETE = 0x7f;

/**
 * A user record as one line that a terminal can be shown: nothing in it moves the cursor, changes colours or looks like
 * two lines. In text, control characters are spelled as JSON spells them, so that a line of JSON stays what it is; of bytes
 * that are no text, each beyond ASCII is spelled `\xNN`. Everything else is unchanged; the line ends with a line feed.
 */
export function printableLine(data: Uint8Array): Uint8Array {
  const end = data.at(-1) === LINE_FEED ? data.length - 1 : data.length;
  const line = Buffer.from(data.buffer, data.byteOffset, end);
  if (isPlain(line)) return end < data.length ? data : Buffer.concat([line, Buffer.of(LINE_FEED)]);
  const text = isUtf8(line)
    ? line.toString("utf8")
    : line.toString("latin1").replace(/[\x80-\xff]/g, (each) => `\\x${hex(each, 2)}`);
  return Buffer.from(`${text.replace(CONTROLS, (each) => `\\u${hex(each, 4)}`)}\n`);
}

/** C0 but the tab, delete, and C1, which some terminals obey as well; what turns the direction of text; other line ends. */
const CONTROLS = /(?!\t)[\p{Cc}\p{Bidi_Control}\u2028\u2029]/gu;

/** Most records are: then nothing is copied. */
function isPlain(line: Buffer): boolean {
  return line.every((byte) => (byte >= SPACE && byte < DELETE) || byte === TAB);
}

const hex = (character: string, digits: number): string =>
  character.charCodeAt(0).toString(16).padStart(digits, "0");
