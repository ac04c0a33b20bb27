/** What is known of every event that a log was given, from outside of it. */
import type { Run, RunLimit, SeqRange } from "../store.ts";

/**
 * `owed`: it was said to be durable, or it has been shown, and nobody has acknowledged it: it must be shown. `maybe`: it may
 * be there or not, after a failed append or the loss of an acknowledgement. `gone`: acknowledged or given up in this life.
 * `purged`: no byte of it may ever be seen again.
 */
type Fate = "owed" | "shown" | "maybe" | "gone" | "purged";

/** One event, and what became of it. */
interface Given {
  readonly text: string;
  readonly isControl: boolean;
  fate: Fate;
  /** A sync of it may have failed, and it stands in two files: what was given up in one may be shown from the other. */
  isTwice: boolean;
  /** Given up in this life: nothing is twice in one, unless it could not be removed. */
  isDeclared: boolean;
}

interface Epoch {
  readonly name: string;
  readonly events: Map<number, Given>;
  lastSeq: number;
  /** The highest number that was said to be durable. */
  durableSeq: number;
}

/** The event that is to be shown first. */
interface Oldest {
  readonly epoch: Epoch;
  readonly seq: number;
}

/** Kept beside a log: each method throws when what the log says contradicts it. */
export class LogTruth {
  readonly epochs: Epoch[] = [];
  /** Something has gone wrong in some life: the end of an epoch need not be known. */
  wasTroubled = false;

  /** The log says that damage took these. */
  damaged({ epoch, fromSeq, toSeq }: SeqRange): void {
    if (!this.wasTroubled) throw new Error("damage is declared, and nothing was damaged");
    for (const [seq, { fate }] of this.epochs.find(({ name }) => name === epoch)!.events)
      if (seq >= fromSeq && seq <= toSeq && isDue(fate))
        throw new Error(`${seq} of ${epoch} is declared damaged`);
  }

  /** The first event that has to be shown. */
  #oldest(): Oldest | undefined {
    for (const epoch of this.epochs)
      for (const [seq, { fate }] of epoch.events) if (isDue(fate)) return { epoch, seq };
    return undefined;
  }

  /** What is shown must be the oldest that waits, as it was given, up to a limit, a hole or the end of its epoch. */
  checkRun(run: Run | undefined, limit: RunLimit): void {
    const oldest = this.#oldest();
    if (!run && oldest) throw new Error(`nothing is shown, and ${oldest.seq} of ${oldest.epoch.name} waits`);
    if (!run) return;
    const epoch = this.epochs.find(({ name }) => name === run.epoch);
    if (!epoch) throw new Error(`a run of ${run.epoch} is shown, which never began`);
    const order = this.epochs.indexOf(epoch);
    const oldestOrder = oldest ? this.epochs.indexOf(oldest.epoch) : Infinity;
    if (order > oldestOrder || (order === oldestOrder && run.firstSeq > oldest!.seq))
      throw new Error(
        `${run.firstSeq} of ${run.epoch} is shown before ${oldest!.seq} of ${oldest!.epoch.name}`,
      );
    let bytes = 0;
    let gap = 0;
    for (const [i, event] of run.events.entries()) {
      const seq = run.firstSeq + i;
      const given = epoch.events.get(seq);
      gap = event.length === 0 ? gap + 1 : 0;
      bytes += event.length;
      if (gap > (limit.gapMax ?? 0)) throw new Error(`a gap of ${gap} is shown, ${limit.gapMax} is allowed`);
      if (event.length === 0 ? given && isDue(given.fate) : !given || !isFit(given.fate))
        throw new Error(
          `${seq} of ${run.epoch} is ${given?.fate}, and is ${event.length > 0 ? "" : "not "}shown`,
        );
      if (event.length === 0 || !given) continue;
      if (Buffer.from(event).toString() !== given.text) throw new Error(`${seq} of ${run.epoch} is another`);
      if (given.fate === "maybe") given.fate = "shown";
    }
    if (gap > 0) throw new Error("a run ends with a gap");
    if (run.events.length > Math.max(1, limit.eventsMax)) throw new Error("a run has too many events");
    if (run.events.length > 1 && bytes > limit.bytesMax) throw new Error("a run has too many bytes");
    this.#checkEnd(run, limit, epoch, bytes);
  }

  /** A run ends where a limit, a hole or the epoch does, and not before. */
  #checkEnd({ firstSeq, events }: Run, limit: RunLimit, epoch: Epoch, bytes: number): void {
    const throughSeq = firstSeq + events.length - 1;
    const next = [...epoch.events].find(([seq, { fate }]) => seq > throughSeq && isFit(fate));
    if (!next || !isDue(next[1].fate)) return;
    const [seq, { text }] = next;
    const isNear = seq - throughSeq - 1 <= (limit.gapMax ?? 0) && seq - firstSeq + 1 <= limit.eventsMax;
    if (isNear && bytes + text.length <= limit.bytesMax) throw new Error(`a run ends before ${seq}`);
  }

  /** The newest epoch is named of which anything was durable, and no lower end of it than that. */
  checkPrevious(previous: { readonly epoch: string; readonly lastSeq: number | null } | undefined): void {
    const newest = this.epochs.findLast(({ durableSeq }) => durableSeq > 0);
    if (!newest) return;
    const named = this.epochs.findIndex(({ name }) => name === previous?.epoch);
    if (named < this.epochs.indexOf(newest))
      throw new Error(`${previous?.epoch} is named, and something of ${newest.name} was durable`);
    const { lastSeq } = previous!;
    if (lastSeq === null && !this.wasTroubled) throw new Error("no end is named, and nothing was damaged");
    if (lastSeq === null) return;
    const epoch = this.epochs[named]!;
    if (!epoch.events.has(lastSeq)) throw new Error(`${lastSeq} is named as an end, and was never given`);
    if (lastSeq < epoch.durableSeq)
      throw new Error(`${lastSeq} is named as an end, ${epoch.durableSeq} was durable`);
    epoch.durableSeq = lastSeq;
  }

  /** Everything that was ever given. */
  all(): Given[] {
    return this.epochs.flatMap(({ events }) => [...events.values()]);
  }
}

/** It must be shown. */
export const isDue = (fate: Fate): boolean => fate === "owed" || fate === "shown";
/** It may be shown. */
export const isFit = (fate: Fate): boolean => isDue(fate) || fate === "maybe";
