import type { Entry, Priority, SeqRange } from "@tonearm/sdk/file-log";

/** Names one event of one epoch. */
export const keyOf = (epoch: string, seq: number): string => `${epoch} ${seq}`;

/** What a log was given and what it has promised, kept outside of it. */
export class Promises {
  /** Everything that was ever given to it, with what it holds. */
  readonly given = new Map<string, string>();
  /** What it has said to be durable, and must show until it is acknowledged or given up. */
  readonly owed = new Set<string>();
  /** What was owed until somebody acknowledged it. */
  readonly settled = new Set<string>();
  /** What it has said to have removed without a trace. */
  readonly purged = new Set<string>();
  /** The highest number of each epoch that it has said to be durable, acknowledged or not. */
  readonly ends = new Map<string, number>();
  /** Changes whenever `owed` or `purged` does. */
  version = 0;
  readonly #controls = new Set<string>();

  /** Makes an event, and takes note of it. */
  entry(epoch: string, seq: number, priority: Priority): Entry {
    const text = `event ${epoch}/${seq}.`;
    this.given.set(keyOf(epoch, seq), text);
    if (priority === 0) this.#controls.add(keyOf(epoch, seq));
    return { seq, priority, bytes: new TextEncoder().encode(text) };
  }

  promised(epoch: string, entries: readonly Pick<Entry, "seq">[]): void {
    for (const { seq } of entries) {
      this.owed.add(keyOf(epoch, seq));
      this.ends.set(epoch, Math.max(seq, this.ends.get(epoch) ?? 0));
    }
    this.version++;
  }

  /** It has said that everything that it found of an earlier epoch is durable up to here. */
  named(epoch: string, lastSeq: number): void {
    const from = (this.ends.get(epoch) ?? 0) + 1;
    for (let seq = from; seq <= lastSeq; seq++)
      if (this.given.has(keyOf(epoch, seq))) this.promised(epoch, [{ seq }]);
  }

  /** It has said that damage took these: they may be lost. */
  damaged({ epoch, fromSeq, toSeq }: SeqRange): void {
    for (let seq = fromSeq; seq <= toSeq; seq++) this.owed.delete(keyOf(epoch, seq));
    this.version++;
  }

  /** Nobody needs it any more: it is acknowledged. */
  acknowledged(epoch: string, throughSeq: number): void {
    for (const key of this.owed) {
      const [of, seq] = key.split(" ");
      if (of === epoch && Number(seq) <= throughSeq && this.owed.delete(key)) this.settled.add(key);
    }
    this.version++;
  }

  /** It may go: that is declared. */
  declared(ranges: readonly SeqRange[]): void {
    for (const { epoch, fromSeq, toSeq } of ranges) {
      for (let seq = fromSeq; seq <= toSeq; seq++) {
        const key = keyOf(epoch, seq);
        if (!this.#controls.has(key)) this.owed.delete(key);
      }
    }
    this.version++;
  }

  /** No byte of any event is left, but of control records. */
  removed(): void {
    for (const key of this.given.keys()) if (!this.#controls.has(key)) this.purged.add(key);
    this.version++;
  }

  snapshot(): Owed {
    const { given, owed, settled, purged, ends } = this;
    return {
      given,
      owed: new Set(owed),
      settled: new Set(settled),
      purged: new Set(purged),
      ends: new Map(ends),
    };
  }
}

/** What a log owes at one moment; what it was given goes on growing. */
export interface Owed {
  readonly given: ReadonlyMap<string, string>;
  readonly owed: ReadonlySet<string>;
  readonly settled: ReadonlySet<string>;
  readonly purged: ReadonlySet<string>;
  readonly ends: ReadonlyMap<string, number>;
}
