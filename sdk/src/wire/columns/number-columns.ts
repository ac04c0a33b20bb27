import type { ByteWriter } from "./byte-writer.ts";
import { instantIn, wholeIn } from "./numbers.ts";
import { bestPrediction, type Numbers, predicted } from "./prediction.ts";
import { isSame, type Shape, type Spans } from "./shape.ts";

/** How the numbers of a column are written in JSON. */
export const WHOLE = 0;
export const INSTANT = 1;
/** Some of them may be null. */
const OR_NULL = 2;

const NULL = /* @__PURE__ */ new TextEncoder().encode("null");

/**
 * Puts a column of numbers: how they are written, which others each is told from, and what these leave to be said; null where
 * nothing is, and the rest is one more then.
 */
export function putNumbers(out: ByteWriter, numbers: Numbers, column: number, form: number): void {
  const values = numbers[column]!;
  const hasNull = values.some(Number.isNaN);
  const prediction = bestPrediction(numbers, column);
  out.byte(form + (hasNull ? OR_NULL : 0));
  out.byte(prediction.same);
  out.byte(prediction.also);
  out.byte(prediction.before);
  let zeros = 0;
  for (let row = 0; row < values.length; row++) {
    const value = values[row]!;
    const left = zigzag(value - predicted(prediction, numbers, row));
    const said = Number.isNaN(value) ? 0 : hasNull ? left + 1 : left;
    if (said === 0) zeros++;
    else {
      for (; zeros > 0; zeros--) out.byte(0);
      out.varint(said);
    }
  }
}

/** Small numbers of either sign as small ones from 0 on. */
const zigzag = (value: number): number => (value < 0 ? -2 * value - 1 : 2 * value);

/** The numbers of a place, NaN for null; undefined where a value is neither, or all are null. */
export function numbersOf(
  { events, rows }: Shape,
  spans: Spans,
  place: number,
  form: typeof WHOLE | typeof INSTANT,
): number[] | undefined {
  let numbers: number[] | undefined;
  let nulls = 0;
  for (let row = 0; row < rows.length; row++) {
    const event = events[row]!;
    const from = spans.at(rows[row]! + 2 * place);
    const to = spans.at(rows[row]! + 2 * place + 1);
    const number = form === WHOLE ? wholeIn(event, from, to) : instantIn(event, from, to);
    if (Number.isNaN(number)) {
      if (to - from !== NULL.length || !isSame(event, from, to, NULL, 0)) return undefined;
      nulls++;
    }
    // Most columns are no numbers, and their first value says so.
    numbers ??= [];
    numbers.push(number);
  }
  return nulls < rows.length ? numbers : undefined;
}
