export function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / (values.length || 1);
}

/** The share of items that `holds` for; 0 when there are none. */
export function shareOf<T>(items: readonly T[], holds: (item: T, at: number) => boolean): number {
  return items.filter(holds).length / (items.length || 1);
}

/** How often each key occurs. */
export function countBy<T>(items: readonly T[], keyOf: (item: T) => string): Map<string, number> {
  const counts = new Map<string, number>();
  for (const item of items) {
    const key = keyOf(item);
    counts.set(key, (counts.get(key) ?? 0) + 1);
  }
  return counts;
}

/**
 * The exponent s that makes counts most likely if the item of rank r occurs in proportion to r^-s, to two digits. The
 * ranks are those of the counts themselves, which makes s a little too large for what is rarely heard; two samples of
 * one size can be compared by it.
 */
export function zipfExponent(counts: Iterable<number>): number {
  const ranked = [...counts].toSorted((a, b) => b - a);
  const total = ranked.reduce((sum, count) => sum + count, 0);
  const logRanks = ranked.map((_, at) => Math.log(at + 1));
  const observed = ranked.reduce((sum, count, at) => sum + count * logRanks[at]!, 0);
  let best = { exponent: 0, likelihood: Number.NEGATIVE_INFINITY };
  for (let step = 1; step <= 200; step++) {
    const exponent = step / 100;
    const norm = logRanks.reduce((sum, log) => sum + Math.exp(-exponent * log), 0);
    const likelihood = -exponent * observed - total * Math.log(norm);
    if (likelihood > best.likelihood) best = { exponent, likelihood };
  }
  return best.exponent;
}

/** The share of all occurrences that the most frequent `part` of the items has. */
export function topShare(counts: Iterable<number>, part: number): number {
  const ranked = [...counts].toSorted((a, b) => b - a);
  const total = ranked.reduce((sum, count) => sum + count, 0);
  const top = ranked.slice(0, Math.max(1, Math.round(ranked.length * part)));
  return top.reduce((sum, count) => sum + count, 0) / (total || 1);
}

/** The shares at which every distribution is read, and `listening/fitted.ts` takes its points. */
const SPREAD = [0.05, 0.1, 0.25, 0.5, 0.75, 0.9, 0.95, 0.99] as const;

export const SPREAD_NAME = SPREAD.map((p) => `p${p * 100}`).join(" ");

/** Quantiles in one line. */
export function spread(values: readonly number[], digits = 0): string {
  const sorted = values.toSorted((a, b) => a - b);
  return SPREAD.map((p) => quantileOf(sorted, p).toFixed(digits)).join(" ");
}

export function percent(share: number): string {
  return `${(share * 100).toFixed(1)}%`;
}

function quantileOf(sorted: readonly number[], p: number): number {
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * p))] ?? 0;
}
