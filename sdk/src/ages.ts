/** Marks kept before every other one is let go and the spacing doubles. */
const MARKS_MAX = 64;

/**
 * How long the oldest event has waited, without a note for each: a mark says when its number was given, and covers
 * those behind it. What is told is never less than the truth, and at first at most a second more.
 */
export class Ages {
  #marks: { readonly seq: number; readonly atMs: number }[] = [];
  #spacingMs = 1_000;

  /** Takes note that `seq` was given at `atMs`. */
  note(seq: number, atMs: number): void {
    const last = this.#marks.at(-1);
    if (last && atMs - last.atMs < this.#spacingMs) return;
    if (this.#marks.length === MARKS_MAX) {
      this.#marks = this.#marks.filter((_, at) => at % 2 === 0);
      this.#spacingMs *= 2;
    }
    this.#marks.push({ seq, atMs });
  }

  /** Everything up to `throughSeq` waits no more; `lastSeq` is the last number given. */
  forget(throughSeq: number, lastSeq: number): void {
    const next = this.#marks.findIndex(({ seq }) => seq > throughSeq + 1);
    this.#marks.splice(0, throughSeq >= lastSeq ? Infinity : (next < 0 ? this.#marks.length : next) - 1);
    if (this.#marks.length === 0) this.#spacingMs = 1_000;
  }

  /** When the oldest number that waits was given; undefined when none waits. */
  get oldestMs(): number | undefined {
    return this.#marks[0]?.atMs;
  }
}
