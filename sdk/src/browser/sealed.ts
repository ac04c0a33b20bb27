/**
 * A stored value: lines of text, before them one with their checksum.
 *
 *   3718459142      crc32c, in decimal, of what names the value, and of all that stands behind
 *   22213           of a frame: the priority of each event, a digit
 *   ["play",…]      the events, as they are sent: an event in NDJSON holds no line end
 *
 * IndexedDB keeps a value whole or not at all, so it needs neither magic, length nor salt, as a frame in a file does.
 */

import { encodeText, joinLines, LINE_END } from "../wire/ndjson.ts";
import { crc32c } from "./crc32c.ts";

const sumOf = (name: string, body: Uint8Array): string => `${crc32c(body, crc32c(encodeText(name), 0))}`;

/** @param name what the value is of: under another name it is not opened. */
export const seal = (name: string, lines: readonly Uint8Array[]): Uint8Array =>
  joinLines([encodeText(sumOf(name, joinLines(lines))), ...lines]);

/** The lines, as views; undefined when they are not as they were sealed. */
export function unseal(name: string, value: Uint8Array): Uint8Array[] | undefined {
  const lines: Uint8Array[] = [];
  let from = 0;
  for (let end = value.indexOf(LINE_END); end >= 0; end = value.indexOf(LINE_END, from)) {
    lines.push(value.subarray(from, end));
    from = end + 1;
  }
  const sum = lines.shift();
  const body = value.subarray((sum?.length ?? 0) + 1);
  return new TextDecoder().decode(sum) === sumOf(name, body) ? lines : undefined;
}
