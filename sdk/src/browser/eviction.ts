import { rangesOf } from "../run.ts";
import type { Priority, SeqRange } from "../store.ts";
import { type Frame, holds, type StoredEpoch } from "./stored-epoch.ts";

/** A frame that gives up what is of `priority` or less important. */
interface Sacrifice {
  readonly epoch: StoredEpoch;
  readonly priority: Priority;
}

export interface Sacrifices {
  /** What is given up, of events that are not acknowledged. */
  readonly ranges: readonly SeqRange[];
  readonly frames: ReadonlyMap<Frame, Sacrifice>;
  /** Whether every frame could be read. */
  readonly complete: boolean;
}

/** One eviction reads at most this many frames. */
const FRAMES_MAX = 64;

/**
 * The oldest of the least important, until about `bytes` and `events` are free. Control records always stay, and so does
 * the newest frame of an epoch, because it says where the epoch ends. Without a need: everything but control records.
 * @param epochs oldest first.
 * @param load brings events into memory; false when the medium does not answer now.
 */
export async function chooseSacrifices(
  epochs: readonly StoredEpoch[],
  load: (epoch: StoredEpoch, frames: readonly Frame[]) => Promise<boolean>,
  need?: { readonly bytes: number; readonly events: number },
): Promise<Sacrifices> {
  const chosen = new Map<Frame, Sacrifice>();
  let complete = true;
  let { bytes, events } = need ?? { bytes: 0, events: 0 };
  for (const priority of need ? ([3, 2, 1] as const) : ([1] as const)) {
    for (const epoch of epochs) {
      for (const frame of epoch.frames.slice(0, need && -1)) {
        if (need && ((bytes <= 0 && events <= 0) || chosen.size >= FRAMES_MAX)) break;
        if (!holds(frame, priority)) continue;
        if (!(await load(epoch, [frame]))) {
          complete = false;
          continue;
        }
        const given = epoch.waiting([frame]).filter((entry) => entry.priority === priority);
        if (!need || given.length > 0) chosen.set(frame, { epoch, priority });
        for (const entry of given) bytes -= entry.bytes.length;
        events -= given.length;
      }
    }
  }
  const ranges = epochs.map((epoch) => {
    const gone = epoch.frames.flatMap((frame) => {
      const { priority } = chosen.get(frame) ?? {};
      return epoch.waiting([frame]).filter((entry) => priority && entry.priority >= priority);
    });
    return rangesOf(epoch.id, gone);
  });
  return { ranges: ranges.flat(), frames: chosen, complete };
}
