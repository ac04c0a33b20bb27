import type { DropReason } from "./event.ts";
import type { News } from "./news.ts";
import type { SeqRange } from "./store.ts";

/** Events given up that are to be declared, as the declaration says it. */
interface Drop {
  readonly drop_epoch: string;
  readonly from_seq: number;
  to_seq: number;
  /** How many numbers of the stretch are given up: all of them, or fewer where they lie scattered. */
  count: number;
  readonly reason: DropReason;
}

/** Stretches remembered before neighbours are joined whatever their reasons; the totals stay exact. */
const PENDING_MAX = 64;

/**
 * What was dropped and must be declared. Totals are cumulative for the life of the epoch: a declaration that is lost
 * is made good by the next.
 */
export class DropLedger {
  /** What is to be declared; whoever takes it away declares it. */
  readonly pending: Drop[] = [];
  /** All events dropped in the life of this epoch. */
  total = 0;
  readonly byReason: Partial<Record<DropReason, number>> = {};
  readonly #news: News;
  #isTelling = false;

  constructor(news: News) {
    this.#news = news;
  }

  /**
   * Takes note of a drop; neighbouring drops for one reason become one declaration.
   * @param message what happened, in a sentence.
   */
  add(range: SeqRange, reason: DropReason, message: string): void {
    const { epoch, fromSeq, toSeq, count = toSeq - fromSeq + 1 } = range;
    this.total += count;
    this.byReason[reason] = (this.byReason[reason] ?? 0) + count;
    const last = this.pending.at(-1);
    const adjoins = last?.drop_epoch === epoch && fromSeq === last.to_seq + 1;
    if (last && adjoins && (last.reason === reason || this.pending.length >= PENDING_MAX)) {
      last.to_seq = toSeq;
      last.count += count;
    } else this.pending.push({ drop_epoch: epoch, from_seq: fromSeq, to_seq: toSeq, count, reason });
    // What a listener records, and is dropped as well, it knows from `record`: told again, there would be no end of it.
    if (this.#isTelling) return;
    this.#isTelling = true;
    this.#news.emit("drop", { epoch, fromSeq, toSeq, count, reason, message });
    this.#isTelling = false;
  }
}
