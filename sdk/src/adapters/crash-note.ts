import { messageOf } from "../errors.ts";
import type { RecordResult } from "../event.ts";
import type { PlayEvent } from "../vocabulary/play.ts";
import type { PlayNotes } from "./play-notes.ts";
import type { PlayRecorder } from "./play-tracker.ts";

/** A final that was recorded, and is not known to be durable. */
interface Told {
  readonly play: PlayEvent;
  readonly epoch: string;
  readonly seq: number;
}

/** What stands in a note. */
interface Note {
  readonly v: 1;
  /** The final of the play under way, as it would be if the process ended now. */
  readonly open: PlayEvent | null;
  readonly told: readonly Told[];
}

/** More finals than this never wait: the recorder stores every second. The oldest is forgotten beyond it. */
const TOLD_MAX = 16;

/**
 * Sees to it that a play whose process crashes gets its final at the next start, and only one. A final enters the note before its
 * number can be durable, and stays until it is; the next start tells by the log's `previous` whether it became so.
 */
export class CrashNote {
  readonly #telemetry: PlayRecorder;
  readonly #notes: PlayNotes | undefined;
  readonly #trouble: (message: string) => void;
  readonly #ready: Promise<void>;
  /** Whether what was left has been taken over. Before that nothing may be put in its place. */
  #isTaken = false;
  #previous: { readonly epoch: string; readonly lastSeq: number | null } | undefined;
  #open: PlayEvent | null = null;
  #told: readonly Told[] = [];
  #listening: readonly (() => void)[] = [];
  #isOver = false;
  /** Whether there may be a note on the medium. */
  #isKept = true;
  #writes = 0;
  #isKeeping = false;
  #isStale = false;
  #isFailing = false;

  constructor(telemetry: PlayRecorder, notes: PlayNotes | undefined, trouble: (message: string) => void) {
    this.#telemetry = telemetry;
    this.#notes = notes;
    this.#trouble = trouble;
    if (!notes) {
      this.#ready = Promise.resolve();
      return;
    }
    const isSafe = (told: { readonly epoch: string; readonly throughSeq: number }) => this.#isSafe(told);
    this.#listening = [
      telemetry.on("epoch", ({ previous }) => {
        this.#previous = previous;
      }),
      telemetry.on("durable", isSafe),
      // What a store in memory holds is never durable.
      telemetry.on("accepted", isSafe),
      telemetry.on("drop", ({ reason }) => {
        if (reason === "consent") this.forgetIfDenied();
      }),
    ];
    this.#ready = this.#tellWhatWasLeft(notes);
  }

  /** A play goes on; `final` is what would be told of it if the process ended now. */
  open(final: PlayEvent): void {
    this.#open = final;
    this.#keep();
  }

  /** A play has ended, and this came of recording it. */
  told(final: PlayEvent, result: RecordResult | undefined): void {
    this.#open = null;
    this.#remember(final, result);
    this.#keepNow();
  }

  /** Without consent nothing is kept, whatever the player does. Cheap while nothing is. */
  forgetIfDenied(): void {
    if (!this.#isKept || this.#telemetry.stats().consent === "granted") return;
    this.#told = [];
    this.#keep();
  }

  /** The play under way is not to be told of, nor is what was told before. */
  discard(): void {
    this.#open = null;
    this.forgetIfDenied();
  }

  /** No play will be told of any more; what was told is kept until it is safe. */
  close(): void {
    this.#isOver = true;
    this.#isSafe({ epoch: "", throughSeq: 0 });
  }

  #remember(play: PlayEvent, result: RecordResult | undefined): void {
    if (result?.status !== "recorded" || !this.#notes?.keepNow) return;
    this.#told = [...this.#told, { play, epoch: result.epoch, seq: result.seq }].slice(-TOLD_MAX);
  }

  #isSafe({ epoch, throughSeq }: { readonly epoch: string; readonly throughSeq: number }): void {
    const waiting = this.#told.filter((told) => told.epoch !== epoch || told.seq > throughSeq);
    if (waiting.length < this.#told.length) {
      this.#told = waiting;
      this.#keepNow();
    }
    if (this.#isOver && this.#told.length === 0) for (const stop of this.#listening) stop();
  }

  async #tellWhatWasLeft(notes: PlayNotes): Promise<void> {
    try {
      const texts = await notes.left();
      await this.#telemetry.ready;
      // One that is spoilt takes none of the others with it.
      for (const text of texts) {
        this.#attempt(() => {
          for (const play of this.#untold(text)) {
            this.#attempt(() => this.#remember(play, this.#telemetry.play(play)));
          }
        });
      }
      this.#isTaken = true;
      if (texts.length > 0) this.#keepNow();
    } catch (error) {
      this.#isTaken = true;
      this.#cannotRead(error);
    }
  }

  #attempt(work: () => void): void {
    try {
      work();
    } catch (error) {
      this.#cannotRead(error);
    }
  }

  #cannotRead(error: unknown): void {
    this.#trouble(`the note of the last play cannot be read (${messageOf(error)})`);
  }

  /** The plays of a note that have no final in the log. */
  #untold(text: string): PlayEvent[] {
    const { v, open, told } = JSON.parse(text) as Note;
    if (v !== 1) throw new Error(`its version is ${v}, expected 1`);
    const lost = told.filter(({ epoch, seq }) => {
      const previous = this.#previous;
      return previous?.epoch !== epoch || (previous.lastSeq ?? 0) < seq;
    });
    return [...lost.map(({ play }) => play), ...(open ? [open] : [])];
  }

  /** Writes the note as it is by then, one write at a time. Without consent there is none. */
  #keep(): void {
    this.#isStale = true;
    if (this.#isKeeping || !this.#notes) return;
    this.#isKeeping = true;
    void this.#keepOn(this.#notes);
  }

  /**
   * Writes the note before anything else can happen: what was recorded in this turn cannot be durable before it. A play that has a
   * final must not stand as open meanwhile; where that cannot be written, the note goes.
   */
  #keepNow(): void {
    const notes = this.#notes;
    if (!notes?.keepNow || !this.#isTaken) {
      this.#keep();
      return;
    }
    this.#writes++;
    this.#isStale = false;
    try {
      const text = this.#text();
      notes.keepNow(text);
      this.#isKept = text !== undefined;
      this.#isFailing = false;
    } catch (error) {
      this.#isKept = true;
      this.#cannotKeep(error);
      try {
        notes.keepNow(undefined);
      } catch {
        // It has been told already that the medium takes nothing.
      }
    }
  }

  async #keepOn(notes: PlayNotes): Promise<void> {
    await this.#ready;
    while (this.#isStale) {
      this.#isStale = false;
      const write = ++this.#writes;
      try {
        const text = this.#text();
        await notes.keep(text);
        this.#isKept = text !== undefined || write !== this.#writes;
        this.#isFailing = false;
      } catch (error) {
        this.#cannotKeep(error);
      }
    }
    this.#isKeeping = false;
  }

  #cannotKeep(error: unknown): void {
    if (!this.#isFailing) this.#trouble(`the play under way cannot be noted (${messageOf(error)})`);
    this.#isFailing = true;
  }

  #text(): string | undefined {
    const isNeeded = this.#open !== null || this.#told.length > 0;
    if (!isNeeded || this.#telemetry.stats().consent !== "granted") return undefined;
    return JSON.stringify({ v: 1, open: this.#open, told: this.#told } satisfies Note);
  }
}
