import { rangesOf } from "../run.ts";
import type { Entry, SeqRange } from "../store.ts";
import type { Catalog, Segment } from "./catalog.ts";

/** What of a segment goes and what stays, as `split` tells; undefined while its file cannot be read. */
type Parts = { readonly given: readonly Entry[]; readonly damaged: boolean } | undefined;

/**
 * Every stretch that a purge of all segments gives up. Where damage was met nobody knows which numbers it took, so the
 * whole stretch up to the segment's end is declared; control records in it may arrive all the same.
 */
export async function rangesToPurge(
  catalog: Catalog,
  isBehindHole: (segment: Segment) => boolean,
  split: (segment: Segment) => Promise<Parts>,
): Promise<SeqRange[]> {
  const ranges: SeqRange[] = [];
  const covered = new Map<string, number>();
  const doubtful = new Set<string>();
  for (const segment of catalog.segments) {
    const { epoch, firstSeq } = segment.header;
    const parts = await split(segment);
    const unread = segment.readOffset < segment.bytes;
    if (unread && (!parts || parts.damaged || isBehindHole(segment))) doubtful.add(epoch);
    // What came before the oldest segment has gone its way, unless a file was lost there.
    const before = covered.get(epoch) ?? (isBehindHole(segment) ? 0 : firstSeq - 1);
    const from = Math.max(before, catalog.acknowledgedThrough(epoch)) + 1;
    if (!doubtful.has(epoch)) ranges.push(...rangesOf(epoch, parts?.given ?? []));
    else if (segment.lastSeq >= from) ranges.push({ epoch, fromSeq: from, toSeq: segment.lastSeq });
    covered.set(epoch, Math.max(from - 1, segment.lastSeq));
  }
  return ranges;
}
