/**
 * From which other numbers one is told: those of these columns, counted from 1, are added up; 0 is none. `same` are earlier
 * columns of the same event, `before` is any column of the event of this shape before.
 */
export interface Prediction {
  readonly same: number;
  readonly also: number;
  readonly before: number;
}

/** The numbers of each column, NaN for null; undefined where it does not hold numbers. */
export type Numbers = readonly (readonly number[] | undefined)[];

/** So many events of a batch are looked at to choose a prediction. */
const SAMPLE = 8;
/** Reference to more columns does not fit into a byte. */
const COLUMNS_MAX = 255;

/** What a prediction says of an event, where null counts as 0; not exact where that is more than 2^53. */
export function predicted({ same, also, before }: Prediction, numbers: Numbers, row: number): number {
  let sum = 0;
  if (same > 0) sum += numbers[same - 1]![row]! || 0;
  if (also > 0) sum += numbers[also - 1]![row]! || 0;
  if (before > 0 && row > 0) sum += numbers[before - 1]![row - 1]! || 0;
  return sum;
}

/** The prediction that leaves the least of a column to be said; greedily: one number, then perhaps a second. */
export function bestPrediction(numbers: Numbers, column: number): Prediction {
  const none: Prediction = { same: 0, also: 0, before: 0 };
  const first = [none];
  const second: number[] = [];
  for (let other = 0; other < Math.min(numbers.length, COLUMNS_MAX); other++) {
    if (!numbers[other]) continue;
    first.push({ ...none, before: other + 1 });
    if (other >= column) continue;
    first.push({ ...none, same: other + 1 });
    second.push(other + 1);
  }
  const best = cheapest(first, numbers, column);
  const more = second.filter((other) => other !== best.same);
  return cheapest(
    [best, ...more.map((other) => ({ ...best, ...(best.same ? { also: other } : { same: other }) }))],
    numbers,
    column,
  );
}

function cheapest(candidates: readonly Prediction[], numbers: Numbers, column: number): Prediction {
  let best = candidates[0]!;
  let least = Number.POSITIVE_INFINITY;
  for (const candidate of candidates) {
    // What is told from others must be worth it: values that come again compress well as they are.
    const cost = costOf(candidate, numbers, column) + (candidate === candidates[0] ? 0 : SAMPLE / 4);
    if (cost >= least) continue;
    least = cost;
    best = candidate;
  }
  return best;
}

/** About how many bytes a prediction leaves of the sample. */
function costOf(prediction: Prediction, numbers: Numbers, column: number): number {
  const values = numbers[column]!;
  const step = Math.max(1, Math.floor(values.length / SAMPLE));
  let cost = 0;
  for (let row = Math.min(1, values.length - 1); row < values.length; row += step) {
    const left = Math.abs(values[row]! - predicted(prediction, numbers, row));
    if (left > 0) cost += 1.5 + Math.log2(left) / 7;
  }
  return cost;
}
