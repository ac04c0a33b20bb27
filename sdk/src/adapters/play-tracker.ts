/**
 * The one place that decides what a play is. An adapter says what it sees of its player (`see`), what the player or its
 * application says of a change (`because`), and that the player is gone (`lost`); the plays and sources come out.
 *
 *   nothing open ──an item sounds──▶ a play is open ──another item, the same from its beginning, a stop──▶ final
 *
 * A play begins when its item first sounds, so what never sounded is none. Pauses, buffering and seeks do not end it.
 */

import type { Cancel, Clock } from "../clock.ts";
import { messageOf } from "../errors.ts";
import { systemClock } from "../system-clock.ts";
import type { Telemetry } from "../telemetry-api.ts";
import type { PlayEvent } from "../vocabulary/play.ts";
import type { Source, SourceEvent } from "../vocabulary/source.ts";
import { CrashNote } from "./crash-note.ts";
import { instantOf, OpenPlay, type Reason } from "./open-play.ts";
import { type Current, checkOptions, placeOf } from "./parts-of-tracker.ts";
import type { PlayNotes } from "./play-notes.ts";
import { type Ended, joined, type Known, knownOf, reasonOfEnd, reasonOfStart } from "./reasons.ts";
import type { Because, Item, Sighting } from "./sighting.ts";
import { usable } from "./usable.ts";

/** How often it is looked whether an update or a note is due, and the least time between two updates. */
const TICK_MS = 10_000;

/** How often a play that goes on is noted: so much of it a crash may take. */
const NOTE_MS = 30_000;

/** What was said of a change holds for a change that comes so soon. */
const SAID_MS = 3_000;

/** What a tracker takes of an instance that `createTelemetry` made. */
export type PlayRecorder = Pick<Telemetry, "play" | "source" | "on" | "stats" | "ready">;

/** Where plays sound. */
export interface PlayerPlace {
  /** This player: 1 to 128 characters. */
  readonly player_id: string;
  readonly group_id?: string | null;
  readonly household_id?: string | null;
}

/** What every adapter takes. */
export interface AdapterOptions extends PlayerPlace {
  readonly telemetry: PlayRecorder;
  /**
   * Where the play under way is kept, so that the next start can tell of it when this process crashes. Without it such a
   * play has no final.
   */
  readonly notes?: PlayNotes;
  /** Time between two updates of a play, in ms, 10,000 or more. Default: no updates. */
  readonly updateIntervalMs?: number;
  /** Told of what could not be recorded or read, one sentence each. Default: the console. */
  readonly onTrouble?: (message: string) => void;
  /** Default: the real clock. */
  readonly clock?: Clock;
}

/** An adapter at work. */
export interface Adapter {
  /**
   * What the application knows of the change that it is about to make, such as `{ end: "fwdbtn", start: "fwdbtn" }` when its
   * own button was pressed. Holds for the next change within 3 s.
   */
  because(because: Because): void;
  /** Ends the play under way, if there is one, with `unknown`, and stops listening. Nothing is recorded after it. */
  close(): void;
}

export class PlayTracker implements Adapter {
  readonly clock: Clock;
  readonly #options: AdapterOptions;
  readonly #note: CrashNote;
  /** Nothing that sounded before counts. */
  #fromMs: number;
  readonly #updateIntervalMs: number;
  #place: PlayerPlace;
  #play: OpenPlay | undefined;
  #ended: Ended | undefined;
  #said: { readonly known: Known; readonly untilMs: number } | undefined;
  /** Whether nothing was seen of the player yet: what it plays then began at a time that nobody knows. */
  #isBlind = true;
  #source: Source = { source_type: "idle", service: null };
  #updatedMs = 0;
  #notedMs = 0;
  #cancelTick: Cancel | undefined;
  #isClosed = false;
  /** What was seen last, for a play that begins because it may be told of from now on. */
  #seen: Sighting | undefined;
  readonly #stopListening: () => void;

  /** @throws TonearmError `invalid_option` when `player_id` or `updateIntervalMs` is none. */
  constructor(options: AdapterOptions) {
    const { player_id, updateIntervalMs = Number.POSITIVE_INFINITY, clock = systemClock } = options;
    checkOptions(player_id, updateIntervalMs, TICK_MS);
    this.clock = clock;
    this.#options = options;
    this.#updateIntervalMs = updateIntervalMs;
    this.#place = placeOf(options);
    this.#fromMs = clock.monotonicMs();
    this.#note = new CrashNote(options.telemetry, options.notes, (message) => this.trouble(message));
    this.#stopListening = options.telemetry.on("drop", ({ reason }) => {
      if (reason === "consent") this.#isDenied();
    });
  }

  /** The play under way, for adapters: the key of its item, where it is, and what is left of it in ms. */
  get current(): Current | undefined {
    const play = this.#play;
    return play && { key: play.item.key, positionMs: play.positionMs, remainingMs: play.remainingMs };
  }

  /** What the player does now. */
  see(sighting: Sighting): void {
    if (this.#isClosed) return;
    this.#seen = sighting;
    if (this.#isDenied()) return;
    const play = this.#play;
    const seen = usable(sighting);
    const { item } = seen;
    if (play?.isEndedBy(seen)) {
      const isReplaced = item !== null && seen.state !== "stopped";
      this.#end(play, reasonOfEnd(play, seen, this.#known(seen)), isReplaced);
    } else if (play && item) {
      play.goOn(seen, item);
      this.#keepNote();
      // Of some it is known late what they are.
      this.#tellSource(item);
    }
    // Whoever hears of an event may close the tracker, or let it see more.
    if (!this.#play && !this.#isClosed && item && seen.state === "playing") this.#begin(item, seen);
    this.#isBlind = false;
  }

  because(because: Because): void {
    const known = { ...this.#stillSaid, ...knownOf(because) };
    this.#said = { known, untilMs: this.clock.monotonicMs() + SAID_MS };
  }

  /** The player is gone, without a word. */
  lost(): void {
    const word = this.#play?.isPaused ? "unexpected-exit-while-paused" : "unexpected-exit";
    this.end({ word, basis: "inferred" });
    this.#isBlind = true;
    this.#said = undefined;
  }

  /** Ends the play under way for a reason that is no change of the player. */
  end(reason: Reason<NonNullable<PlayEvent["reason_end"]>>): void {
    this.#seen = undefined;
    this.#cancelTick?.();
    if (this.#play) this.#end(this.#play, reason, false);
  }

  close(): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.end({ word: "unknown", basis: "inferred" });
    this.#stopListening();
    this.#note.close();
  }

  /** Where the player stands from now on. */
  move(place: Partial<PlayerPlace>): void {
    if (!this.#isClosed) this.#place = { ...this.#place, ...place };
  }

  /**
   * The player's source from now on; the stream is told when it is another one, or when its group has changed.
   * @param more what else is known of the change.
   */
  source(to: Source, more: Partial<SourceEvent> = {}): void {
    const from = this.#source;
    const isSame = from.source_type === to.source_type && (from.service ?? null) === (to.service ?? null);
    if (this.#isClosed || (isSame && (more.group_change ?? "none") === "none")) return;
    this.#source = to;
    const occurred_at = instantOf(this.clock.wallMs());
    this.#record(() =>
      this.#options.telemetry.source({
        occurred_at,
        ...this.#place,
        from,
        to,
        trigger_basis: "inferred",
        ...more,
      }),
    );
  }

  /** Players have joined or left this one; what it plays is what it was. */
  regroup(more: Pick<SourceEvent, "group_change" | "member_ids"> & Partial<SourceEvent>): void {
    this.source(this.#source, more);
  }

  /** Tells whoever is responsible for the player's program. */
  trouble(message: string): void {
    const { onTrouble = (line: string) => console.warn(`tonearm: ${line}`) } = this.#options;
    onTrouble(message);
  }

  #begin(item: Item, seen: Sighting): void {
    const nowMs = this.clock.monotonicMs();
    const known = this.#known(seen);
    this.#said = undefined;
    const reason = reasonOfStart(item, this.#ended, known, nowMs, this.#isBlind);
    // No time is counted twice.
    const freeMs = nowMs - (this.#ended?.atMs ?? this.#fromMs);
    const soundedMs = Math.max(0, Math.min(seen.soundedMs ?? 0, freeMs));
    this.#tellSource(item, known);
    if (this.#isClosed || this.#play) return;
    this.#play = new OpenPlay(this.clock, item, seen, reason, soundedMs);
    this.#updatedMs = nowMs;
    this.#keepNote();
    this.#scheduleTick();
  }

  #end(play: OpenPlay, reason: Reason<NonNullable<PlayEvent["reason_end"]>>, isReplaced: boolean): void {
    this.#cancelTick?.();
    this.#play = undefined;
    this.#ended = { item: play.item, reason, atMs: this.clock.monotonicMs(), isReplaced };
    const final = { ...play.final(reason), ...this.#place };
    const result = this.#record(() => this.#options.telemetry.play(final));
    this.#note.told(final, result);
  }

  #tellSource(item: Item, { trigger }: Known = {}): void {
    const { source_type = "unknown", service = null } = item.words;
    const said = trigger && { trigger: trigger.word, trigger_basis: trigger.basis };
    this.source({ source_type, service }, { evidence: item.evidence ?? null, ...said });
  }

  /** What is known of a change: from the player with the sighting, or from the application before it. */
  #known({ because = {} }: Sighting): Known {
    return joined(this.#stillSaid, knownOf(because));
  }

  get #stillSaid(): Known {
    return this.#said && this.#said.untilMs >= this.clock.monotonicMs() ? this.#said.known : {};
  }

  /** Whether consent is denied. What sounds meanwhile is no play, nor part of one: the one under way goes without a final. */
  #isDenied(): boolean {
    if (this.#isClosed || this.#options.telemetry.stats().consent !== "denied") return false;
    this.#play = undefined;
    this.#ended = undefined;
    this.#fromMs = this.clock.monotonicMs();
    this.#isBlind = true;
    this.#note.discard();
    this.#scheduleTick();
    return true;
  }

  #scheduleTick(): void {
    this.#cancelTick?.();
    if (!this.#seen) return;
    // A timer that fires a moment too early is set again for the rest.
    const dueMs = this.#updatedMs + this.#updateIntervalMs - this.clock.monotonicMs();
    const isNext = this.#play?.isSounding && dueMs > 0 && dueMs < TICK_MS;
    this.#cancelTick = this.clock.after(isNext ? dueMs : TICK_MS, () => this.#tick());
  }

  #tick(): void {
    if (this.#isDenied()) return;
    const play = this.#play;
    if (!play) {
      // Consent is given again; where in the item it is nobody knows.
      this.see({ ...this.#seen!, because: {}, positionMs: undefined, soundedMs: 0 });
      return;
    }
    const nowMs = this.clock.monotonicMs();
    if (play.isSounding && nowMs - this.#updatedMs >= this.#updateIntervalMs) {
      this.#updatedMs = nowMs;
      this.#record(() => this.#options.telemetry.play({ ...play.update(), ...this.#place }));
      if (this.#play !== play) return;
    }
    this.#note.forgetIfDenied();
    // Of a pause nothing new can be said.
    if (!play.isPaused && nowMs - this.#notedMs >= NOTE_MS) this.#keepNote();
    this.#scheduleTick();
  }

  #keepNote(): void {
    const play = this.#play!;
    if (!this.#options.notes) return;
    this.#notedMs = this.clock.monotonicMs();
    const word = play.isPaused ? "unexpected-exit-while-paused" : "unexpected-exit";
    this.#note.open({ ...play.final({ word, basis: "inferred" }), ...this.#place });
  }

  /** A player's callback is no place to throw. */
  #record<T>(work: () => T): T | undefined {
    try {
      return work();
    } catch (error) {
      this.trouble(`an event of player ${this.#place.player_id} cannot be recorded (${messageOf(error)})`);
      return undefined;
    }
  }
}
