/** Deepest nesting of an event's data, the object itself included: half of what readers of JSON commonly stop at. */
export const DEPTH_MAX = 500;
/** Most values in an event's data: members and items at every depth, taken together. */
export const VALUES_MAX = 10_000;

const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const COMMA = 0x2c;
const OPEN_BRACE = 0x7b;
const CLOSE_BRACE = 0x7d;
const OPEN_BRACKET = 0x5b;
const CLOSE_BRACKET = 0x5d;

/**
 * Holds JSON text against the limits of depth and number before anything is made of it: what a parser builds costs many
 * times the text. Text that is too short to go beyond either, as nearly all events are, is not looked at.
 * @param json any bytes: whether they are JSON is the parser's to say.
 * @param around how many arrays of the envelope stand around the data, 0 or 1.
 * @returns what is wrong, and what was expected.
 */
export function shapeFault(json: Buffer, around: 0 | 1 = 0): string | undefined {
  if (json.length < 2 * DEPTH_MAX) return undefined;
  const depthMax = DEPTH_MAX + around;
  const valuesMax = VALUES_MAX + around * ENVELOPE_VALUES;
  let depth = 0;
  let values = 0;
  for (let at = 0; at < json.length; at++) {
    switch (json[at]) {
      case QUOTE:
        at = endOfString(json, at);
        break;
      case OPEN_BRACE:
      case OPEN_BRACKET:
        depth++;
        values++;
        break;
      case CLOSE_BRACE:
      case CLOSE_BRACKET:
        depth--;
        break;
      case COMMA:
        values++;
        break;
      default:
    }
    if (depth > depthMax) return `data is nested deeper than ${DEPTH_MAX} levels`;
    if (values > valuesMax)
      return `data has more than ${VALUES_MAX} values, members and items taken together`;
  }
  return undefined;
}

/** Type, two times, offset, and the array around them. */
const ENVELOPE_VALUES = 5;

/** Where the string that begins at `from` ends: its closing quote, or the end of the text. */
export function endOfString(json: Buffer, from: number): number {
  for (let at = json.indexOf(QUOTE, from + 1); at >= 0; at = json.indexOf(QUOTE, at + 1)) {
    let escapes = 0;
    while (json[at - 1 - escapes] === BACKSLASH && at - 1 - escapes > from) escapes++;
    if (escapes % 2 === 0) return at;
  }
  return json.length;
}
