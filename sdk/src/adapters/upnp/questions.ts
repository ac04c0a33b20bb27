import { type Cancel, type Clock, within } from "../../clock.ts";

/** What `GetPositionInfo` answers, as far as it is used. */
export interface PositionInfo {
  /** `H:MM:SS`, or `NOT_IMPLEMENTED`. */
  readonly RelTime?: string | undefined;
  /** The item's length, likewise. */
  readonly TrackDuration?: string | undefined;
  /** The address of the item that it speaks of. */
  readonly TrackURI?: unknown;
}

/** A player that does not answer so often is gone. */
const FAILURES_MAX = 3;
/** Nor is one an answer that takes longer: whoever asks may not have a limit of its own. */
const ANSWER_MS = 10_000;

interface QuestionsOptions {
  /** Asks the player where it is; rejects when it is gone. */
  readonly ask: () => Promise<PositionInfo | undefined>;
  readonly onAnswer: (info: PositionInfo) => void;
  readonly onLost: () => void;
  /** Told after each question: the time for the next one. */
  readonly onAsked: () => void;
}

/** Questions to a player, one at a time. */
export class Questions {
  readonly #clock: Clock;
  readonly #options: QuestionsOptions;
  #next: { readonly atMs: number; readonly cancel: Cancel } | undefined;
  #turn = 0;
  #failures = 0;

  constructor(clock: Clock, options: QuestionsOptions) {
    this.#clock = clock;
    this.#options = options;
  }

  get isFailing(): boolean {
    return this.#failures > 0;
  }

  /** Asks in so many ms. A question that is due earlier stays: a player that notifies all the time is asked, too. */
  later(delayMs: number): void {
    const atMs = this.#clock.monotonicMs() + delayMs;
    if (this.#next && this.#next.atMs <= atMs) return;
    this.cancel();
    this.#next = { atMs, cancel: this.#clock.after(delayMs, () => void this.#ask()) };
  }

  cancel(): void {
    this.#next?.cancel();
    this.#next = undefined;
  }

  /** Something else began: what the player answers to an earlier question was true before. */
  turn(): void {
    this.#turn++;
  }

  async #ask(): Promise<void> {
    this.#next = undefined;
    const turn = this.#turn;
    try {
      const info = await within(this.#clock, ANSWER_MS, this.#options.ask(), "no answer");
      this.#failures = 0;
      if (info && turn === this.#turn) this.#options.onAnswer(info);
    } catch {
      this.#failures++;
      if (this.#failures >= FAILURES_MAX) {
        this.#failures = 0;
        this.#options.onLost();
      }
    }
    this.#options.onAsked();
  }
}
