import type { Interval, IntervalSet } from "./interval-set.ts";

/** A declared drop of fewer numbers than its stretch has. */
export interface SparseDrop {
  readonly fromSeq: number;
  readonly toSeq: number;
  readonly count: number;
}

/** Drops whose stretches overlap, and what is missing within them. */
interface Cluster {
  readonly drops: readonly SparseDrop[];
  readonly toSeq: number;
  readonly absent: readonly Interval[];
}

/**
 * What sparse drops account for: all that is missing within overlapping stretches when their counts suffice for it, and
 * nothing of it otherwise, because nobody can say which of the numbers were meant.
 * @param accounted numbers received, or declared exactly.
 */
export function coveredBySparse(drops: readonly SparseDrop[], accounted: IntervalSet): Interval[] {
  return clustersOf(drops, accounted)
    .filter(suffice)
    .flatMap(({ absent }) => absent);
}

function clustersOf(drops: readonly SparseDrop[], accounted: IntervalSet): Cluster[] {
  const groups: { drops: SparseDrop[]; toSeq: number }[] = [];
  for (const drop of drops.toSorted((a, b) => a.fromSeq - b.fromSeq)) {
    const last = groups.at(-1);
    if (last && drop.fromSeq <= last.toSeq) {
      last.drops.push(drop);
      last.toSeq = Math.max(last.toSeq, drop.toSeq);
    } else {
      groups.push({ drops: [drop], toSeq: drop.toSeq });
    }
  }
  return groups.map((group) => ({
    ...group,
    absent: accounted.missing(group.drops[0]!.fromSeq, group.toSeq),
  }));
}

/** Whether every absent number can be given to a drop: each to the one, of those that reach it, that ends first. */
function suffice({ drops, absent }: Cluster): boolean {
  const left = drops.map((drop) => ({ ...drop }));
  let next = 0;
  const open: { toSeq: number; count: number }[] = [];
  for (const [from, to] of absent) {
    for (let seq = from; seq <= to; ) {
      while (next < left.length && left[next]!.fromSeq <= seq) open.push(left[next++]!);
      open.sort((a, b) => a.toSeq - b.toSeq);
      while (open[0] && (open[0].toSeq < seq || open[0].count === 0)) open.shift();
      const drop = open[0];
      if (!drop) return false;
      // As far as this one reaches, but a drop that begins before that may end earlier.
      const end = Math.min(to, drop.toSeq, seq + drop.count - 1, (left[next]?.fromSeq ?? Infinity) - 1);
      drop.count -= end - seq + 1;
      seq = end + 1;
    }
  }
  return true;
}
