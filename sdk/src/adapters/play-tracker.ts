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
import type { ReasonEnd } from "../vocabulary/play.ts";
import type { Source, SourceEvent } from "../vocabulary/source.ts";
import { CrashNote } from "./crash-note.ts";
import { Finals } from "./finals.ts";
import { atFirst, isOpen } from "./live.ts";
import { OpenPlay, type Reason } from "./open-play.ts";
import { type Current, checkOptions, type PlayerPlace, placeOf, tickInMs } from "./parts-of-tracker.ts";
import type { PlayNotes } from "./play-notes.ts";
import { type Opening, reasonOfEnd, reasonOfLoss, reasonOfStart } from "./reasons.ts";
import { Said } from "./said.ts";
import type { Because, Item, Sighting } from "./sighting.ts";
import { SourceBook, sourceOf } from "./source-book.ts";
import { usable } from "./usable.ts";

/** How often it is looked whether an update or a note is due, and the least time between two updates. */
const TICK_MS = 10_000;

/** How often a play that goes on is noted: so much of it a crash may take. */
const NOTE_MS = 30_000;

/** What a tracker takes of an instance that `createTelemetry` made. */
export type PlayRecorder = Pick<Telemetry, "play" | "source" | "on" | "stats" | "ready">;

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
  readonly #said: Said;
  /** Whether nothing was seen of the player yet: what it plays then began at a time that nobody knows. */
  #isBlind = true;
  readonly #sources: SourceBook;
  /** What is to be told of the play under way when it is known what it plays. */
  #opening: Opening | undefined;
  readonly #finals: Finals;
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
    this.#sources = new SourceBook(clock);
    this.#said = new Said(clock);
    this.#options = options;
    this.#updateIntervalMs = updateIntervalMs;
    this.#place = placeOf(options);
    this.#fromMs = clock.monotonicMs();
    this.#note = new CrashNote(options.telemetry, options.notes, (message) => this.trouble(message));
    this.#finals = new Finals((final) => this.#record(() => options.telemetry.play(final)), this.#note);
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
      const next = item && atFirst(item, seen);
      const reason = reasonOfEnd(play, { ...seen, item: next }, this.#said.with(seen));
      this.#end(play, reason, seen.state === "stopped" ? null : next);
    } else if (play && item) {
      play.goOn(seen, item);
      this.#keepNote();
      this.#settle(play);
    }
    // Whoever hears of an event may close the tracker, or let it see more.
    if (!this.#play && !this.#isClosed && item && seen.state === "playing") this.#begin(item, seen);
    this.#isBlind = false;
  }

  because(because: Because): void {
    this.#said.add(because);
  }

  /** The player is gone, without a word. @param silentMs how long it has not answered. What it did meanwhile nobody knows. */
  lost(silentMs = 0): void {
    this.#play?.stood(silentMs);
    this.end(reasonOfLoss(this.#play));
    this.#isBlind = true;
    this.#said.clear();
  }

  /** Ends the play under way for a reason that is no change of the player. */
  end(reason: Reason<ReasonEnd>): void {
    this.#seen = undefined;
    this.#cancelTick?.();
    this.#finals.tellHeld();
    if (this.#play) this.#end(this.#play, reason, null);
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
    const event = this.#isClosed ? undefined : this.#sources.change(to, more);
    if (event) this.#record(() => this.#options.telemetry.source({ ...this.#place, ...event }));
  }

  /** Players have joined or left this one; what it plays is what it was. */
  regroup(more: Pick<SourceEvent, "group_change" | "member_ids"> & Partial<SourceEvent>): void {
    this.source(this.#sources.source, more);
  }

  /** Tells whoever is responsible for the player's program. */
  trouble(message: string): void {
    const { onTrouble = (line: string) => console.warn(`tonearm: ${line}`) } = this.#options;
    onTrouble(message);
  }

  #begin(item: Item, seen: Sighting): void {
    const nowMs = this.clock.monotonicMs();
    const said = this.#said.with(seen);
    const isBlind = this.#isBlind;
    this.#said.clear();
    // No time is counted twice.
    const freeMs = nowMs - (this.#finals.ended?.atMs ?? this.#fromMs);
    const soundedMs = Math.max(0, Math.min(seen.soundedMs ?? 0, freeMs));
    const first = atFirst(item, { ...seen, soundedMs });
    if (!isOpen(first)) {
      this.#finals.tellHeld(first);
      this.source(...sourceOf(first, said));
      if (this.#isClosed || this.#play) return;
    }
    const reason = (as: Item) => reasonOfStart(as, this.#finals.ended, said, nowMs, isBlind);
    this.#play = new OpenPlay(this.clock, item, seen, reason(first), soundedMs);
    this.#opening = isOpen(first) ? { said, reason } : undefined;
    this.#updatedMs = nowMs;
    this.#keepNote();
    this.#scheduleTick();
  }

  /** Tells what waits for it to be known what is played, if it is by now. */
  #settle(play: OpenPlay): void {
    const opening = this.#opening;
    const { item } = play;
    if (isOpen(item)) {
      this.#scheduleTick();
      return;
    }
    this.#opening = undefined;
    if (opening) {
      this.#finals.tellHeld(item);
      if (this.#play !== play) return;
      play.began = opening.reason(item);
      this.#keepNote();
    }
    this.source(...sourceOf(item, opening?.said, opening && play.startedAt));
  }

  /** @param next what takes its place, without a stop in between. */
  #end(play: OpenPlay, reason: Reason<ReasonEnd>, next: Item | null): void {
    this.#cancelTick?.();
    this.#play = undefined;
    this.#opening = undefined;
    const ended = { item: play.item, reason, atMs: this.clock.monotonicMs(), isReplaced: next !== null };
    this.#finals.tellOrHold({ ...play.final(reason), ...this.#place }, ended, next);
    if (this.#isClosed) this.#finals.tellHeld();
    else if (this.#finals.isHolding) this.#scheduleTick();
  }

  /** Whether consent is denied. What sounds meanwhile is no play, nor part of one: the one under way goes without a final. */
  #isDenied(): boolean {
    if (this.#isClosed || this.#options.telemetry.stats().consent !== "denied") return false;
    this.#play = undefined;
    this.#opening = undefined;
    this.#finals.discard();
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
    const nowMs = this.clock.monotonicMs();
    const updateInMs = this.#updatedMs + this.#updateIntervalMs - nowMs;
    const tellInMs = Math.max(1, this.#finals.heldMs + TICK_MS - nowMs);
    const inMs = Math.min(tellInMs, tickInMs(TICK_MS, this.#play, updateInMs));
    this.#cancelTick = this.clock.after(inMs, () => this.#tick());
  }

  #tick(): void {
    if (this.#isDenied()) return;
    const play = this.#play;
    const nowMs = this.clock.monotonicMs();
    if (this.#opening && play) this.#settle(play);
    const held = this.#finals.isHolding;
    if (!play || nowMs - this.#finals.heldMs >= TICK_MS) this.#finals.tellHeld();
    if (this.#play !== play) return;
    // The note was the held one's; of a pause, too, something is to be said now.
    if (play && held && !this.#finals.isHolding) this.#keepNote();
    if (!play) {
      // Consent is given again; where in the item it is nobody knows.
      this.see({ ...this.#seen!, because: {}, positionMs: undefined, soundedMs: 0 });
      return;
    }
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
    // What is held is noted, until it is told.
    if (!this.#options.notes || this.#finals.isHolding) return;
    this.#notedMs = this.clock.monotonicMs();
    this.#note.open({ ...play.final(reasonOfLoss(play)), ...this.#place });
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
