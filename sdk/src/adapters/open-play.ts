import type { Clock } from "../clock.ts";
import { newPlayId } from "../ids.ts";
import type { Basis, PlayEvent, ReasonEnd, ReasonStart } from "../vocabulary/play.ts";
import { isOpen, known, LIVE_AFTER_MS } from "./live.ts";
import type { Item, Sighting } from "./sighting.ts";

/** An end this near to where it was to be expected is the item's own. */
const NATURAL_END_MS = 1_500;

/** Further than this behind the clock, a position is not only late. */
const STOOD_MS = 1_000;

/** Why a play began or ended, and whether somebody said so. */
export interface Reason<Word> {
  readonly word: Word;
  readonly basis: Basis;
}

type Spell = "playing" | "buffering" | "paused";

/**
 * The book of one play: how long it sounded, stood still and waited, by the monotonic clock. What it adds up to is never
 * more than the time since it began.
 */
export class OpenPlay {
  readonly id: string;
  readonly #clock: Clock;
  #began: Reason<ReasonStart>;
  readonly #startedMs: number;
  readonly #startedWallMs: number;
  #positionStartMs: number | null;
  readonly #spentMs: Record<Spell, number> = { playing: 0, buffering: 0, paused: 0 };
  #item: Item;
  #seen: Sighting;
  #state: Spell = "playing";
  /** So much of its playing is certain: what was seen to have passed, or was told already. */
  #settledMs = 0;
  /** Up to when the time is in the book. */
  #bookedMs: number;
  #positionMs: number;
  #rate: number;

  /** @param soundedMs how long it has been sounding already. */
  constructor(clock: Clock, item: Item, seen: Sighting, began: Reason<ReasonStart>, soundedMs: number) {
    this.#clock = clock;
    this.#seen = seen;
    this.#began = began;
    this.#startedMs = clock.monotonicMs() - soundedMs;
    this.#startedWallMs = clock.wallMs() - soundedMs;
    this.#bookedMs = this.#startedMs;
    this.#rate = seen.rate ?? 1;
    const { positionMs } = seen;
    const startMs = positionMs === undefined ? undefined : Math.max(0, positionMs - soundedMs * this.#rate);
    this.#positionStartMs = startMs ?? null;
    this.#positionMs = startMs ?? 0;
    this.id = newPlayId(clock);
    this.#item = item;
    this.#book();
  }

  /** What it plays, as far as it is known by now. */
  get item(): Item {
    this.#book();
    if (isOpen(this.#item)) this.#item = known(this.#item, this.#heardMs);
    return this.#item;
  }

  /** In how many ms it is known what it plays if it goes on sounding; undefined if that is known, or it does not. */
  get knownInMs(): number | undefined {
    return isOpen(this.item) && this.isSounding ? LIVE_AFTER_MS - this.#heardMs : undefined;
  }

  /** When it began, by the wall clock. */
  get startedAt(): string {
    return instantOf(this.#startedWallMs);
  }

  /** Why it began is another thing than was thought, now that it is known what it plays. */
  set began(reason: Reason<ReasonStart>) {
    this.#began = reason;
  }

  get isPaused(): boolean {
    return this.#state === "paused";
  }

  get isSounding(): boolean {
    return this.#state === "playing";
  }

  /** Where in the item it is now; for a player that never told, how much of it was heard. */
  get positionMs(): number {
    this.#book();
    return this.#positionMs;
  }

  /** How much longer it sounds if nothing intervenes; undefined for a live stream, and backwards. May be negative. */
  get remainingMs(): number | undefined {
    const { durationMs } = this.#item;
    return durationMs === null || this.#rate < 0 ? undefined : (durationMs - this.positionMs) / this.#rate;
  }

  /** Whether an end now is the item's own. @param crossfadeMs how much earlier it may come. */
  endsNaturally(crossfadeMs = 0): boolean {
    const remaining = this.remainingMs;
    if (remaining === undefined || this.#item.livestream) return false;
    return remaining <= NATURAL_END_MS + crossfadeMs && remaining >= -NATURAL_END_MS;
  }

  /** Whether what is seen is no longer this play. */
  isEndedBy(seen: Sighting): boolean {
    const { state, item, isAnew = false } = seen;
    return !item || state === "stopped" || item.key !== this.#item.key || isAnew || this.#isRepeatedBy(seen);
  }

  /** Whether it is at its beginning again, from its end. A seek from there looks alike, and is told by the repeat mode. */
  #isRepeatedBy({ positionMs, repeat, mayRepeat = repeat !== "off", crossfadeMs }: Sighting): boolean {
    if (positionMs === undefined || positionMs > NATURAL_END_MS || !mayRepeat) return false;
    // Behind the position by more than what positions are apart when nothing happened.
    return this.positionMs - positionMs > 500 && this.endsNaturally(crossfadeMs);
  }

  /** The same item goes on; how, the sighting tells. */
  goOn(seen: Sighting, item: Item): void {
    this.#book();
    const behindMs = this.#positionMs - (seen.positionMs ?? this.#positionMs);
    if (seen.isUntouched && this.#rate > 0 && behindMs > STOOD_MS) this.stood(behindMs / this.#rate);
    this.#seen = seen;
    this.#settledMs = this.#spentMs.playing;
    this.#item = known(item, this.#heardMs, this.item);
    if (seen.state !== "stopped") this.#state = seen.state;
    this.#rate = seen.rate ?? 1;
    if (seen.positionMs !== undefined) this.#positionMs = seen.positionMs;
    this.#positionStartMs ??= seen.beganMs ?? null;
  }

  /** So much of its last time it did not sound, although it was taken for playing. */
  stood(ms: number): void {
    this.#book();
    const stoodMs = Math.min(ms, this.#spentMs.playing - this.#settledMs);
    this.#spentMs.playing -= stoodMs;
    this.#spentMs.buffering += stoodMs;
    this.#positionMs -= stoodMs * this.#rate;
  }

  /** What the stream is told while it lasts. */
  update(): PlayEvent {
    this.#book();
    this.#settledMs = this.#spentMs.playing;
    return this.#event({ report_type: "update", ended_at: null, reason_basis: this.#began.basis });
  }

  /** What the stream is told when it ends now. */
  final(reason: Reason<ReasonEnd>): PlayEvent {
    const endedMs = this.#startedWallMs + this.#clock.monotonicMs() - this.#startedMs;
    const { durationMs } = this.#item;
    return this.#event({
      report_type: "final",
      ended_at: instantOf(endedMs),
      // An end that is the item's own is at its end, whatever a clock that runs beside it says.
      ...(reason.word === "trackdone" &&
        this.#isPlaced &&
        durationMs !== null && { position_end_ms: Math.round(durationMs) }),
      reason_end: reason.word,
      reason_basis: reason.basis,
    });
  }

  get #heardMs(): number {
    return Math.max(this.#spentMs.playing, this.#positionMs);
  }

  /** Whether it is known where in the item it is. */
  get #isPlaced(): boolean {
    return this.#positionStartMs !== null && !this.#item.livestream;
  }

  #event(rest: Partial<PlayEvent> & Pick<PlayEvent, "ended_at">): PlayEvent {
    this.#book();
    const { livestream = false, durationMs, words } = this.item;
    const { shuffle, repeat } = this.#seen;
    const isPlaced = this.#isPlaced;
    return {
      play_id: this.id,
      started_at: instantOf(this.#startedWallMs),
      ms_played: Math.floor(this.#spentMs.playing),
      ms_paused: Math.floor(this.#spentMs.paused),
      ms_buffering: Math.floor(this.#spentMs.buffering),
      position_start_ms: isPlaced ? Math.round(this.#positionStartMs ?? 0) : null,
      position_end_ms: isPlaced ? Math.min(Math.round(this.#positionMs), Number.MAX_SAFE_INTEGER) : null,
      duration_ms: durationMs === null || livestream ? null : Math.round(durationMs),
      livestream,
      ...words,
      reason_start: this.#began.word,
      ...(shuffle !== undefined && { shuffle }),
      ...(repeat !== undefined && { repeat }),
      ...rest,
    };
  }

  #book(): void {
    const nowMs = this.#clock.monotonicMs();
    const spentMs = nowMs - this.#bookedMs;
    this.#bookedMs = nowMs;
    this.#spentMs[this.#state] += spentMs;
    if (this.#state === "playing") this.#positionMs = Math.max(0, this.#positionMs + spentMs * this.#rate);
  }
}

/** As the vocabulary writes moments. */
export const instantOf = (wallMs: number): string => new Date(wallMs).toISOString();
