import type { RecordResult } from "../event.ts";
import type { PlayEvent, ReasonEnd } from "../vocabulary/play.ts";
import type { CrashNote } from "./crash-note.ts";
import { isOpen } from "./live.ts";
import type { Reason } from "./open-play.ts";
import { type Ended, isOtherSource } from "./reasons.ts";
import type { Item } from "./sighting.ts";

/**
 * Tells finals. One that may have come of another source is held until it is known what is played next: the note has it meanwhile,
 * and it is told before any other.
 */
export class Finals {
  readonly #record: (final: PlayEvent) => RecordResult | undefined;
  readonly #note: CrashNote;
  #held: PlayEvent | undefined;
  #ended: Ended | undefined;

  constructor(record: (final: PlayEvent) => RecordResult | undefined, note: CrashNote) {
    this.#record = record;
    this.#note = note;
  }

  /** The play that ended last. */
  get ended(): Ended | undefined {
    return this.#ended;
  }

  get isHolding(): boolean {
    return this.#held !== undefined;
  }

  /** When the play ended whose final is held, by the monotonic clock. */
  get heldMs(): number {
    return (this.#held && this.#ended?.atMs) ?? Number.POSITIVE_INFINITY;
  }

  /** @param next what takes the place of what has ended, without a stop in between. */
  tellOrHold(final: PlayEvent, ended: Ended, next: Item | null): void {
    this.tellHeld();
    this.#ended = ended;
    const { word, basis } = ended.reason;
    if (next && isOpen(next) && basis === "inferred" && word !== "trackdone") {
      this.#held = final;
      this.#note.open(final);
    } else {
      this.#deliver(final);
    }
  }

  /** @param next what is played after it, if that is known. */
  tellHeld(next?: Item): void {
    const held = this.#held;
    if (!held) return;
    this.#held = undefined;
    const ended = this.#ended!;
    if (!next || !isOtherSource(ended.item, next)) {
      this.#deliver(held);
      return;
    }
    const reason: Reason<ReasonEnd> = { word: "source_switch", basis: "inferred" };
    this.#ended = { ...ended, reason };
    this.#deliver({ ...held, reason_end: reason.word });
  }

  /** Nothing of what was is to be told. */
  discard(): void {
    this.#held = undefined;
    this.#ended = undefined;
  }

  #deliver(final: PlayEvent): void {
    this.#note.told(final, this.#record(final));
  }
}
