import type { Random } from "./random.ts";

/** A point of a measured distribution: the share of all values that are below `value`. */
export type CurvePoint = readonly [share: number, value: number];

/**
 * A distribution given by measured quantiles. Between two of them values spread evenly by their logarithm, as times and
 * lengths do.
 */
export class Curve {
  readonly #points: readonly CurvePoint[];

  /** @param points from share 0 to share 1, neither share nor value ever falling; values are 0 or more. */
  constructor(points: readonly CurvePoint[]) {
    this.#points = points;
  }

  draw(random: Random): number {
    const share = random.fraction();
    const at = this.#points.findIndex(([upTo]) => upTo > share);
    const [toShare, to] = this.#points[at]!;
    const [fromShare, from] = this.#points[at - 1]!;
    const part = (share - fromShare) / (toShare - fromShare);
    return Math.expm1(Math.log1p(from) * (1 - part) + Math.log1p(to) * part);
  }
}
