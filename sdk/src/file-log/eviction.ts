import { rangesOf } from "../run.ts";
import type { Entry, Priority, SeqRange } from "../store.ts";
import type { Segment } from "./catalog.ts";
import { scanFrames } from "./scan.ts";

/** What an eviction of one segment gives up, and what of it must stay. */
export interface Sacrifice {
  readonly segment: Segment;
  readonly ranges: readonly SeqRange[];
  readonly kept: readonly Entry[];
}

/**
 * Splits a segment's unacknowledged events into those of at most the given importance, which go, and the rest.
 * @param bytes the segment's file, from its first byte.
 */
export function chooseSacrifice(
  segment: Segment,
  priority: Priority,
  acknowledgedThrough: number,
  bytes: Uint8Array,
  framesStart: number,
): Sacrifice {
  const { epoch, salt } = segment.header;
  const kept: Entry[] = [];
  const given: Entry[] = [];
  for (const finding of scanFrames(bytes, framesStart, salt)) {
    if (finding.kind !== "events") continue;
    for (const entry of finding.entries) {
      if (entry.seq > acknowledgedThrough) (entry.priority < priority ? kept : given).push(entry);
    }
  }
  return { segment, ranges: rangesOf(epoch, given), kept };
}
