import { rangesOf } from "../run.ts";
import { CONTROL, type Entry, type Priority, type SeqRange } from "../store.ts";
import { type Frame, holds, type StoredEpoch } from "./stored-epoch.ts";

/** A frame that gives something up, and what of it must stay. */
export interface Sacrifice {
  readonly epoch: StoredEpoch;
  readonly frame: Frame;
  readonly kept: readonly Entry[];
}

export interface Sacrifices {
  /** What is given up. */
  readonly ranges: readonly SeqRange[];
  readonly sacrifices: readonly Sacrifice[];
}

/** Brings the events of a frame into memory. */
type Load = (epoch: StoredEpoch, frame: Frame) => Promise<void>;

/** One eviction reads at most this many frames. */
const FRAMES_MAX = 64;

/**
 * The oldest of the least important, until about `bytes` and `events` are free. Control records always stay, and so does
 * the newest frame of an epoch, because it says where the epoch ends.
 * @param epochs oldest first.
 */
export async function chooseSacrifices(
  epochs: readonly StoredEpoch[],
  { bytes, events }: { readonly bytes: number; readonly events: number },
  load: Load,
): Promise<Sacrifices> {
  const chosen = new Map<Frame, { readonly epoch: StoredEpoch; readonly priority: Priority }>();
  let left = { bytes, events };
  for (const priority of [3, 2, 1] as const) {
    for (const epoch of epochs) {
      for (const frame of epoch.frames.slice(0, -1)) {
        if ((left.bytes <= 0 && left.events <= 0) || chosen.size >= FRAMES_MAX) break;
        if (!holds(frame, priority)) continue;
        await load(epoch, frame);
        const given = epoch.waiting([frame]).filter((entry) => entry.priority === priority);
        if (given.length > 0) chosen.set(frame, { epoch, priority });
        left = {
          bytes: given.reduce((sum, entry) => sum - entry.bytes.length, left.bytes),
          events: left.events - given.length,
        };
      }
    }
  }
  return splitAll(chosen);
}

/** Everything but control records, acknowledged or not. */
export async function everythingOf(epochs: readonly StoredEpoch[], load: Load): Promise<Sacrifices> {
  const chosen = new Map<Frame, { readonly epoch: StoredEpoch; readonly priority: Priority }>();
  for (const epoch of epochs) {
    for (const frame of epoch.frames) {
      if (frame.priorities === 1 << CONTROL) continue;
      await load(epoch, frame);
      chosen.set(frame, { epoch, priority: 1 });
    }
  }
  return splitAll(chosen);
}

function splitAll(
  chosen: ReadonlyMap<Frame, { readonly epoch: StoredEpoch; readonly priority: Priority }>,
): Sacrifices {
  const given = new Map<StoredEpoch, Entry[]>();
  const sacrifices = Array.from(chosen, ([frame, { epoch, priority }]) => {
    const waiting = epoch.waiting([frame]);
    const gone = given.get(epoch) ?? [];
    gone.push(...waiting.filter((entry) => entry.priority >= priority));
    given.set(epoch, gone);
    return { epoch, frame, kept: waiting.filter((entry) => entry.priority < priority) };
  });
  const ranges = Array.from(given, ([{ header }, entries]) =>
    rangesOf(
      header.epoch,
      entries.toSorted((a, b) => a.seq - b.seq),
    ),
  );
  return { ranges: ranges.flat(), sacrifices };
}
