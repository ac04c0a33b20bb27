import type { Packer } from "../packer.ts";
import type { Entry, Priority } from "../store.ts";
import { liveCount, type Segment } from "./catalog.ts";
import { scanFrames } from "./scan.ts";
import { FRAMES_START } from "./segment-format.ts";

/** How much is over the caps: so many bytes and events have to go. */
export interface Excess {
  readonly bytes: number;
  readonly events: number;
}

/** A segment of which something has to go: its unacknowledged events of this importance and of less. */
export interface Sacrifice {
  readonly segment: Segment;
  readonly priority: Priority;
}

/**
 * What must stay of the segments of one eviction is written anew: about so much, so that a little to be gained from each of
 * many does not become one long write.
 */
const REWRITTEN_BYTES_MAX = 2_097_152;

/**
 * The oldest of the least important, about as much as is over the caps. Control records are never among them: they are what
 * declares the others.
 * @param ripeBytes a segment still being written counts from this size on, or when there is nothing else.
 */
export function chooseSacrifices(
  candidates: readonly Segment[],
  excess: Excess,
  ripeBytes: number,
): Sacrifice[] {
  const chosen = new Map<Segment, Priority>();
  let { bytes, events } = excess;
  let rewritten = 0;
  const choose = (segments: readonly Segment[]) => {
    for (const priority of [3, 2, 1] as const) {
      for (const segment of segments) {
        if (chosen.size > 0 && ((bytes <= 0 && events <= 0) || rewritten >= REWRITTEN_BYTES_MAX)) return;
        const gained = segment.live[priority];
        if (gained === 0) continue;
        const gainedBytes = (segment.bytes * gained) / liveCount(segment);
        bytes -= gainedBytes;
        events -= gained;
        rewritten += (chosen.has(segment) ? 0 : segment.bytes) - gainedBytes;
        chosen.set(segment, priority);
      }
    }
  };
  choose(candidates.filter(({ sealed, bytes: size }) => sealed || size >= ripeBytes));
  if (chosen.size === 0) choose(candidates);
  return Array.from(chosen, ([segment, priority]) => ({ segment, priority }));
}

/**
 * A segment's unacknowledged events: those that go, those that stay, and whether there may have been others. What stands in an
 * earlier segment, too, goes with that one, and is declared once.
 */
export function split(
  { segment, priority }: Sacrifice,
  acknowledgedThrough: number,
  bytes: Uint8Array,
  packer: Packer | undefined,
): { readonly given: readonly Entry[]; readonly kept: readonly Entry[]; readonly damaged: boolean } {
  const kept: Entry[] = [];
  const given: Entry[] = [];
  let damaged = bytes.length < segment.bytes;
  for (const finding of scanFrames(bytes, FRAMES_START, segment.header.salt, packer)) {
    if (finding.kind === "damage") damaged = true;
    if (finding.kind !== "events") continue;
    for (const entry of finding.entries) {
      if (entry.seq <= acknowledgedThrough) continue;
      if (entry.priority < priority) kept.push(entry);
      else if (entry.seq > segment.repeatedSeq) given.push(entry);
    }
  }
  return { given, kept, damaged };
}
