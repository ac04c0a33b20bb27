/** Marks kept; when there are more, every second one goes. */
const MARKS_MAX = 4_096;
const FIRST_INTERVAL_MS = 1_000;

/** Remembers when batches were stored, roughly: what an operator asks is how old the oldest is. */
export class StoredTimes {
  #marks: { readonly fromSeq: number; readonly atMs: number }[] = [];
  #intervalMs = FIRST_INTERVAL_MS;

  /** Batches from `fromSeq` on were stored at `atMs`; numbers and times rise. */
  stored(fromSeq: number, atMs: number): void {
    const last = this.#marks.at(-1);
    if (last && atMs - last.atMs < this.#intervalMs) return;
    this.#marks.push({ fromSeq, atMs });
    if (this.#marks.length <= MARKS_MAX) return;
    this.#intervalMs *= 2;
    this.#marks = this.#marks.filter((_, i) => i % 2 === 0);
  }

  /** When the batch `seq` was stored, not later than it was and within an interval of it; undefined when nothing is known. */
  storedMs(seq: number): number | undefined {
    while (this.#marks.length > 1 && this.#marks[1]!.fromSeq <= seq) this.#marks.shift();
    return this.#marks[0]?.atMs;
  }
}
