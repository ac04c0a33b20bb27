import type { Entry, Run, RunLimit, SeqRange } from "./store.ts";

/** The sequence number of a run's last event. */
export const lastSeqOf = (run: Run): number => run.firstSeq + run.events.length - 1;

/** Whether an encoded event is a control record: in both spellings a `$` stands behind the two bytes that begin its type. */
export const isControl = (bytes: Uint8Array): boolean => bytes[2] === 0x24 && bytes[1] !== STR_8;

/** In msgpack, a type of more than 31 characters has its length in the third byte. */
const STR_8 = 0xd9;

/** How many events of `run` up to `throughSeq` have not been given up, and their bytes. */
export function sizeThrough(
  run: Run,
  throughSeq: number,
): { readonly events: number; readonly bytes: number } {
  const events = run.events.slice(0, throughSeq - run.firstSeq + 1).filter(({ length }) => length > 0);
  return { events: events.length, bytes: events.reduce((sum, { length }) => sum + length, 0) };
}

/** The bytes of an event that was given up. */
const HOLE = /* @__PURE__ */ new Uint8Array(0);

/** The consecutive events at the head of `entries`, as many as the limit allows and at least one. */
export function runOf(
  device: string,
  epoch: string,
  entries: readonly Entry[],
  limit: RunLimit,
): Run | undefined {
  const first = entries[0];
  if (!first) return undefined;
  const events: Uint8Array[] = [];
  let bytes = 0;
  for (const { seq, bytes: event } of entries) {
    bytes += event.length;
    const gap = seq - first.seq - events.length;
    const over = events.length + gap >= limit.eventsMax || (events.length > 0 && bytes > limit.bytesMax);
    if (gap < 0 || gap > (limit.gapMax ?? 0) || over) break;
    for (let i = 0; i < gap; i++) events.push(HOLE);
    events.push(event);
  }
  return { device, epoch, firstSeq: first.seq, events };
}

/** Ascending events, cut wherever a number is missing. */
export function stretchesOf<E extends Pick<Entry, "seq">>(entries: readonly E[]): E[][] {
  const stretches: E[][] = [];
  for (const entry of entries) {
    const last = stretches.at(-1);
    if (last && entry.seq === last.at(-1)!.seq + 1) last.push(entry);
    else stretches.push([entry]);
  }
  return stretches;
}

/** More stretches than this become one that says how many of its numbers are meant. */
const RANGES_MAX = 8;

/**
 * Ascending events as stretches of consecutive sequence numbers. When they lie scattered they become one stretch with a
 * count: a declaration for each would take more room than the events did.
 */
export function rangesOf(epoch: string, entries: readonly Pick<Entry, "seq">[]): SeqRange[] {
  const ranges = stretchesOf(entries).map((stretch) => {
    return { epoch, fromSeq: stretch[0]!.seq, toSeq: stretch.at(-1)!.seq };
  });
  if (ranges.length <= RANGES_MAX) return ranges;
  return [{ epoch, fromSeq: entries[0]!.seq, toSeq: entries.at(-1)!.seq, count: entries.length }];
}
