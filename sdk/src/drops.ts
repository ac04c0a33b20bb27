import type { DropReason } from "./event.ts";
import type { SeqRange } from "./store.ts";

/** Events given up. */
export interface Drop extends SeqRange {
  /** How many numbers of the stretch are given up: all of them, or fewer where they lie scattered. */
  readonly count: number;
  readonly reason: DropReason;
  /** What happened, in a sentence. */
  readonly message: string;
}

/** Stretches remembered before neighbours are joined whatever their reasons; the totals stay exact. */
const PENDING_MAX = 64;

/**
 * What was dropped and must be declared. Totals are cumulative for the life of the epoch: a declaration that is lost
 * is made good by the next.
 */
export class DropLedger {
  readonly #totals = new Map<DropReason, number>();
  readonly #onDrop: (drop: Drop) => void;
  #pending: Drop[] = [];

  constructor(onDrop: (drop: Drop) => void) {
    this.#onDrop = onDrop;
  }

  /** Takes note of a drop; neighbouring drops for one reason become one declaration. */
  add(range: SeqRange, reason: DropReason, message: string): void {
    const { count = range.toSeq - range.fromSeq + 1 } = range;
    this.#totals.set(reason, (this.#totals.get(reason) ?? 0) + count);
    const last = this.#pending.at(-1);
    const adjoins = last?.epoch === range.epoch && range.fromSeq === last.toSeq + 1;
    if (last && adjoins && (last.reason === reason || this.#pending.length >= PENDING_MAX)) {
      this.#pending[this.#pending.length - 1] = { ...last, toSeq: range.toSeq, count: last.count + count };
    } else {
      this.#pending.push({ ...range, count, reason, message });
    }
    this.#onDrop({ ...range, count, reason, message });
  }

  get hasPending(): boolean {
    return this.#pending.length > 0;
  }

  /** Hands over what is to be declared now; whoever takes it declares it. */
  takePending(): readonly Drop[] {
    const taken = this.#pending;
    this.#pending = [];
    return taken;
  }

  /** All events dropped in the life of this epoch. */
  get total(): number {
    return [...this.#totals.values()].reduce((sum, count) => sum + count, 0);
  }

  byReason(): Partial<Record<DropReason, number>> {
    return Object.fromEntries(this.#totals);
  }
}
