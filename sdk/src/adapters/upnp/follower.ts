import type { Cancel, Clock } from "../../clock.ts";
import { type Adapter, type AdapterOptions, PlayTracker } from "../play-tracker.ts";
import type { Because, Sighting } from "../sighting.ts";
import { type Group, Membership } from "./groups.ts";
import { positionOf } from "./metadata.ts";
import { type PositionInfo, Questions } from "./questions.ts";
import {
  anew,
  isTimeless,
  resting,
  TransportReader,
  type TransportSight,
  type Variables,
} from "./transport.ts";
import { isVirtual } from "./uri.ts";

interface FollowerOptions {
  /** Whether the player is believed when it says that it plays. Others have to prove it: they say so of a dead address, too. */
  readonly trusts: boolean;
  /** Asks the player where it is; rejects when it is gone. */
  readonly ask: () => Promise<PositionInfo | undefined>;
  /** Told when a player that plays does not answer any more. */
  readonly onLost?: () => void;
}

/** The next item of a gapless change is announced so much before it sounds. */
const EARLY_MS = 1_500;
/** How often a player is asked that has not proved yet that it plays, and one that has. */
const UNPROVED_ASK_MS = 1_000;
const ASK_MS = 5_000;
/** A repeated item is not notified of: so much behind its end it is looked where the player is, and again. */
const ROUND_ASK_MS = 250;
/** Positions are whole seconds, and late: only one further away has been seeked. */
const SEEKED_MS = 2_500;
/** One that is further behind than a whole second cut off, and an answer on its way. */
const BEHIND_MS = 1_500;
/** So long after a change a player may answer where it was before. */
const STALE_MS = 2_000;
/** So long a player has to say where it is that may have begun an item again. */
const DOUBT_MS = 1_000;

/** Turns what an AVTransport notifies, and where it says it is, into plays. */
export class TransportFollower implements Adapter {
  readonly #tracker: PlayTracker;
  readonly #clock: Clock;
  readonly #trusts: boolean;
  readonly #questions: Questions;
  #reader = new TransportReader();
  #last: TransportSight | undefined;
  #deferred: { readonly sight: TransportSight; readonly cancel: Cancel } | undefined;
  #doubtful: { readonly sight: TransportSight; readonly cancel: Cancel } | undefined;
  readonly #membership: Membership;
  /** Since when the player says that it plays this item. */
  #sinceMs = 0;
  /** Since when the item is on, if that was seen. */
  #begunMs = Number.NEGATIVE_INFINITY;
  /** Whether the item was on when the player was first heard of: nobody knows where in it that was. */
  #isJoined = false;
  #isProved = false;
  #asked: { readonly positionMs: number; readonly atMs: number } | undefined;
  #isOver = false;

  constructor(adapter: AdapterOptions, options: FollowerOptions) {
    this.#tracker = new PlayTracker(adapter);
    this.#clock = this.#tracker.clock;
    this.#membership = new Membership(this.#tracker);
    this.#trusts = options.trusts;
    this.#questions = new Questions(this.#clock, {
      ask: options.ask,
      onAnswer: (info) => {
        if (!this.#isOver) this.position(info);
      },
      onLost: () => {
        this.lost();
        options.onLost?.();
      },
      onAsked: () => this.#askLater(),
    });
  }

  because(because: Because): void {
    this.#tracker.because(because);
  }

  close(): void {
    this.#isOver = true;
    this.#forget();
    this.#membership.settle();
    this.#tracker.close();
  }

  /** The player is gone. What it says next is taken for its beginning. */
  lost(): void {
    this.#forget();
    this.#membership.lost();
    this.#tracker.lost();
    this.#last = undefined;
    this.#isProved = false;
    this.#reader = new TransportReader();
  }

  /** What was to be done later. */
  #forget(): void {
    this.#deferred?.cancel();
    this.#deferred = undefined;
    this.#doubtful?.cancel();
    this.#doubtful = undefined;
    this.#questions.cancel();
  }

  trouble(message: string): void {
    this.#tracker.trouble(message);
  }

  /** Some of the transport's variables have changed. */
  change(changed: Variables): void {
    this.#catchUp();
    const before = this.#last;
    const sight = this.#reader.change(changed, this.#clock.monotonicMs());
    const { state, item } = sight.seen;
    const { key, remainingMs = Number.POSITIVE_INFINITY } = this.#tracker.current ?? {};
    const isOtherItem = key !== undefined && item !== null && item.key !== key;
    if (Math.abs(remainingMs) <= EARLY_MS && (sight.again || isOtherItem)) {
      const next = sight.again ? anew(sight) : sight;
      const isGapless =
        state === "playing" && before?.seen.state === "playing" && !("TransportState" in changed);
      if (isGapless && remainingMs > 0) this.#defer(next, remainingMs);
      else this.#apply(next);
    } else if (
      key !== undefined &&
      (sight.again === "twin" || sight.again === "moved") &&
      state !== "stopped"
    ) {
      this.#doubt(sight);
    } else {
      this.#apply(sight);
    }
  }

  /** Where the player says it is. */
  position({ RelTime, TrackDuration, TrackURI }: PositionInfo): void {
    const positionMs = positionOf(RelTime);
    if (this.#doubtful) this.#decide(positionMs);
    if (positionMs === undefined || this.#last?.seen.state !== "playing") return;
    if (this.#deferred || !this.#isOwn(this.#last)) return;
    const nowMs = this.#clock.monotonicMs();
    const expectedMs = this.#tracker.current?.positionMs ?? 0;
    const isOthers = isOther(TrackURI, this.#last.uri);
    // It speaks of the next item already, and will notify of it: no seek back.
    if (isOthers && positionMs < expectedMs - SEEKED_MS) return;
    const ageMs = nowMs - this.#begunMs;
    // It speaks of where it was in the item before, or of how long the whole session is.
    const isOfMore = ageMs < STALE_MS || isVirtual(this.#last.uri);
    if (isOfMore && positionMs > Math.max(expectedMs, ageMs) + SEEKED_MS) return;
    const opened = positionMs > 0 && !isOthers && this.#reader.opened(TrackDuration, ageMs);
    if (opened) this.#last = resting(opened);
    const { seen } = this.#last;
    if (positionMs > (seen.item?.durationMs ?? Number.POSITIVE_INFINITY) + SEEKED_MS) return;
    const asked = this.#asked;
    const stands = asked !== undefined && asked.positionMs === positionMs;
    if (!stands || !asked) this.#asked = { positionMs, atMs: nowMs };
    if (!this.#isProved) {
      if (positionMs > 0) this.#prove(this.#last, positionMs);
    } else if (stands && nowMs - asked.atMs >= ASK_MS && !isTimeless(this.#last)) {
      this.#tracker.see({ ...seen, state: "buffering" });
    } else {
      const isSeeked = Math.abs(positionMs - expectedMs) > SEEKED_MS;
      // Until a beginning is known, what is expected is what was heard.
      const beganMs = Math.max(0, positionMs - expectedMs);
      // It began to sound later than it said, or stood still: its end comes later, too.
      const isBehind = !seen.mayRepeat && expectedMs - positionMs > BEHIND_MS;
      const toldMs = isBehind ? positionMs + BEHIND_MS / 3 : undefined;
      this.#tracker.see({
        ...seen,
        positionMs: isSeeked ? positionMs : toldMs,
        beganMs: beganMs > SEEKED_MS ? beganMs : 0,
      });
    }
  }

  /** Which rooms play together. @param own which of the members this player is. */
  regroup(groups: readonly Group[], own: string): void {
    if (this.#isOver) return;
    this.#membership.regroup(groups, own, this.#last);
    // What went on went on in another group.
    if (!this.#tracker.current && this.#isProved && this.#last && this.#isOwn(this.#last)) {
      this.#see(this.#last, { because: { start: "resume", basis: "inferred" } });
    }
    this.#askLater();
  }

  #defer(sight: TransportSight, remainingMs: number): void {
    this.#deferred = { sight, cancel: this.#clock.after(remainingMs, () => this.#catchUp()) };
  }

  /** What was announced before its time, and what is not certain yet. */
  #catchUp(): void {
    if (this.#doubtful) this.#decide();
    const deferred = this.#deferred;
    this.#deferred = undefined;
    deferred?.cancel();
    if (deferred) this.#apply(deferred.sight);
  }

  /** Its place in the queue is another one: the item again, or the same play of it in a queue that has changed. It tells by where it is. */
  #doubt(sight: TransportSight): void {
    this.#questions.turn();
    this.#doubtful = { sight, cancel: this.#clock.after(DOUBT_MS, () => this.#decide()) };
    this.#askLater(0);
  }

  /** @param toldMs where it is now, if it said so. */
  #decide(toldMs?: number): void {
    const { sight, cancel } = this.#doubtful!;
    this.#doubtful = undefined;
    cancel();
    const expectedMs = this.#tracker.current?.positionMs ?? 0;
    const isBack =
      toldMs !== undefined && expectedMs > SEEKED_MS ? toldMs < expectedMs - SEEKED_MS : undefined;
    this.#apply((isBack ?? sight.again === "twin") ? anew(sight) : sight);
  }

  #apply(sight: TransportSight): void {
    const { seen, proves } = sight;
    const before = this.#last?.seen;
    this.#last = resting(sight);
    const isSame =
      before?.item?.key === seen.item?.key && before?.state === "playing" && seen.isAnew !== true;
    if (!isSame) {
      this.#sinceMs = this.#clock.monotonicMs();
      this.#questions.turn();
      this.#isJoined = before === undefined;
    }
    if (!isSame || seen.state !== "playing") this.#asked = undefined;
    const isOther = before?.item?.key !== seen.item?.key || before?.state === "stopped" || seen.isAnew;
    if (isOther && before) this.#begunMs = this.#clock.monotonicMs();
    if (isOther) this.#isProved = this.#trusts;
    const isOwnAgain = this.#membership.heed(sight);
    if (!this.#isOwn(sight)) {
      const because = { end: "group_change", basis: "inferred" } as const;
      this.#tracker.see({ state: "stopped", item: null, because });
    } else if (isOwnAgain && seen.state === "playing") {
      // The group's sound goes on, and this player is where it comes from now: nobody knows where in the item it is.
      this.#begunMs = Number.NEGATIVE_INFINITY;
      this.#isJoined = true;
      this.#see(sight, { because: { start: "resume", basis: "inferred" } });
    } else if (seen.state !== "playing" || this.#isProved) {
      this.#see(sight);
    } else if (proves) {
      this.#prove(sight);
    } else {
      this.#tracker.see({ ...seen, state: "buffering" });
    }
    // Where it was seeked to, and where it was when it was first heard of, only an answer tells.
    this.#askLater(before?.state === "playing" ? undefined : 0);
  }

  /** Whether the player speaks of something that it plays for itself. */
  #isOwn({ source }: TransportSight): boolean {
    return !this.#membership.follows && source?.source_type !== "group_follower";
  }

  #see(sight: TransportSight, more: Partial<Sighting> = {}): void {
    if (sight.seen.state === "playing") this.#membership.sounds(sight);
    this.#tracker.see({ ...sight.seen, ...more });
  }

  /** It does play, and has since it said so. @param toldMs where it said it is. */
  #prove(sight: TransportSight, toldMs?: number): void {
    this.#isProved = true;
    const soundedMs = this.#clock.monotonicMs() - this.#sinceMs;
    const positionMs = toldMs ?? (this.#isJoined ? undefined : soundedMs);
    this.#see(sight, { soundedMs, positionMs });
  }

  #askLater(soonMs = Number.POSITIVE_INFINITY): void {
    const isSilent = this.#last?.seen.state !== "playing" && !this.#doubtful;
    if (this.#isOver || !this.#last || !this.#isOwn(this.#last) || isSilent) {
      this.#questions.cancel();
      return;
    }
    const isSure = this.#isProved && !this.#questions.isFailing;
    const endMs = this.#endMs(this.#last.seen.mayRepeat);
    this.#questions.later(Math.min(soonMs, isSure ? ASK_MS : UNPROVED_ASK_MS, endMs));
  }

  /** In how long the item will have ended: it may have begun again, or be late. */
  #endMs(mayRepeat = false): number {
    const remainingMs = this.#tracker.current?.remainingMs;
    if (remainingMs === undefined || remainingMs < (mayRepeat ? -EARLY_MS : 0)) {
      return Number.POSITIVE_INFINITY;
    }
    return Math.max(0, remainingMs) + ROUND_ASK_MS;
  }
}

const isOther = (uri: unknown, own: string): boolean =>
  typeof uri === "string" && uri !== "" && uri !== "NOT_IMPLEMENTED" && uri !== own;
