/** A stretch of numbers, both ends included. */
export type Interval = readonly [from: number, to: number];

/** A set of whole numbers as stretches: as small as the number of holes in it, whatever its size. */
export class IntervalSet {
  readonly #intervals: [number, number][] = [];

  /** Puts in a number; returns whether it was missing. */
  add(value: number): boolean {
    const last = this.#intervals.at(-1);
    // Numbers come in order nearly always.
    if (last && value === last[1] + 1) {
      last[1] = value;
      return true;
    }
    return this.addRange(value, value) === 1;
  }

  /** Puts in a stretch; returns how many of its numbers were missing. */
  addRange(from: number, to: number): number {
    const at = this.#firstEndingAt(from - 1);
    let [lower, upper] = [from, to];
    let known = 0;
    let end = at;
    for (; end < this.#intervals.length && this.#intervals[end]![0] <= to + 1; end++) {
      const [otherFrom, otherTo] = this.#intervals[end]!;
      known += Math.max(0, Math.min(to, otherTo) - Math.max(from, otherFrom) + 1);
      lower = Math.min(lower, otherFrom);
      upper = Math.max(upper, otherTo);
    }
    this.#intervals.splice(at, end - at, [lower, upper]);
    return to - from + 1 - known;
  }

  has(value: number): boolean {
    const interval = this.#intervals[this.#firstEndingAt(value)];
    return interval !== undefined && interval[0] <= value;
  }

  /** The stretches of [from, to] that are not in the set. */
  missing(from: number, to: number): Interval[] {
    const gaps: Interval[] = [];
    let next = from;
    for (let at = this.#firstEndingAt(from); at < this.#intervals.length && next <= to; at++) {
      const [lower, upper] = this.#intervals[at]!;
      if (lower > next) gaps.push([next, Math.min(lower - 1, to)]);
      next = Math.max(next, upper + 1);
    }
    if (next <= to) gaps.push([next, to]);
    return gaps;
  }

  get intervals(): readonly Interval[] {
    return this.#intervals;
  }

  /** How many numbers there are. */
  get size(): number {
    return this.#intervals.reduce((sum, [from, to]) => sum + to - from + 1, 0);
  }

  /** The largest number; 0 in an empty set. */
  get max(): number {
    return this.#intervals.at(-1)?.[1] ?? 0;
  }

  /** Index of the first stretch that ends at `value` or later. */
  #firstEndingAt(value: number): number {
    let low = 0;
    let high = this.#intervals.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (this.#intervals[middle]![1] < value) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}
