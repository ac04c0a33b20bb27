import type { Batch } from "./before-send.ts";
import type { ConsentResult, ConsentState } from "./consent.ts";
import type { TonearmError } from "./errors.ts";
import type { DropReason, RecordOptions, RecordResult } from "./event.ts";
import type { OpenedStore } from "./store.ts";
import type { AnyEvents, DataOf, EventDefinitions, TypeOf } from "./typed-events.ts";
import type { PlayEvent } from "./vocabulary/play.ts";
import type { SourceEvent } from "./vocabulary/source.ts";
import type { Durable } from "./wire/answer.ts";

/** A listener of one kind of news; whatever it returns is ignored, and told as an error when it is a promise that is rejected. */
export type Listener<T> = (news: T) => void;

/** What `on` tells. */
export interface TelemetryEvents {
  /** Everything of `epoch` up to `throughSeq` is on the medium (L1). Never told by a store in memory. */
  durable: { readonly epoch: string; readonly throughSeq: number };
  /** A batch is safe with a relay (L2). `bodyBytes` is what was sent for it, compressed. */
  accepted: {
    readonly epoch: string;
    readonly fromSeq: number;
    readonly throughSeq: number;
    readonly durable: Durable;
    readonly bodyBytes: number;
  };
  /** A request is begun, which may never get there; what comes of it is told by `accepted`, `reject` or `error`, or it is sent again. */
  sent: Batch & {
    /** Length of the body as sent. */
    readonly bodyBytes: number;
    /** `br`, `zstd`, `gzip` or `identity`. */
    readonly encoding: string;
  };
  /** A relay refused one event for what it holds. A `drop` with the reason `rejected` follows. */
  reject: {
    readonly epoch: string;
    readonly seq: number;
    /** The relay's, such as `invalid_event`. */
    readonly code: string;
    readonly message: string;
  };
  /** Whether what is recorded becomes durable has changed. */
  degraded: { readonly durable: boolean; readonly message: string };
  /** This epoch has begun; `previous` is the newest earlier one of which anything is left. */
  epoch: { readonly epoch: string; readonly previous: OpenedStore["previous"] };
  /** Events were given up. They are, or will be, declared in the stream. What a listener itself records is told by `record` only. */
  drop: {
    readonly epoch: string;
    readonly fromSeq: number;
    readonly toSeq: number;
    /** How many numbers of the stretch: all of them, or fewer where they lie scattered. */
    readonly count: number;
    readonly reason: DropReason;
    readonly message: string;
  };
  /** Something an operator should know. Nothing is lost by it unless a `drop` says so. Printed when nobody listens. */
  error: TonearmError;
}

/** Where things stand, at one moment. */
export interface TelemetryStats {
  readonly epoch: string;
  readonly consent: ConsentState;
  /** Whether the store survives a crash. */
  readonly durable: boolean;
  /** What delivery is doing; `waiting` means that the last attempt failed, or that `beforeSend` held it back. */
  readonly delivery: "idle" | "scheduled" | "sending" | "waiting" | "stopped";
  /** Events recorded in this epoch, and the highest number given, drops and control records included. */
  readonly recorded: number;
  readonly lastSeq: number;
  /** In memory, not stored yet. */
  readonly waitingEvents: number;
  readonly waitingBytes: number;
  /** In the store, not acknowledged yet, earlier epochs and control records included. */
  readonly storedEvents: number;
  readonly storedBytes: number;
  /** Events and control records that this instance has made durable (L1). */
  readonly durableEvents: number;
  /** Events and control records in the request under way. */
  readonly inFlightEvents: number;
  /** Events and control records that a relay has accepted since this instance began. */
  readonly acceptedEvents: number;
  /** Bodies of requests begun by this instance, compressed, those sent again and those that never got there included. */
  readonly sentBytes: number;
  /** Requests that had to be sent again. */
  readonly retries: number;
  /**
   * Milliseconds by the monotonic clock since the oldest event that waits was recorded, at most a little more than the
   * truth; an event of an earlier epoch counts since this instance began. 0 when nothing waits.
   */
  readonly oldestPendingMs: number;
  readonly dropped: Readonly<Partial<Record<DropReason, number>>>;
}

/** What `flush` and `close` reached within their time. */
export interface FlushResult {
  /** Everything recorded before the call is on the medium. Always false with a store in memory. */
  readonly durable: boolean;
  /** Everything recorded before the call has been acknowledged by a relay. */
  readonly delivered: boolean;
  /** Events that still wait, earlier epochs included; in a browser, those that this tab has taken over. */
  readonly pendingEvents: number;
}

/** One recording instance: one epoch. `E` is what `defineEvents` was told. */
export interface Telemetry<E extends EventDefinitions = AnyEvents> {
  /** The id of this epoch; with the device and a sequence number it names an event for ever. */
  readonly epoch: string;
  /**
   * Resolves when events can become durable and, but in a browser, earlier epochs have been found: there one tab takes
   * over what dead ones left, moments later. While consent is pending that has to wait. Never rejects.
   */
  readonly ready: Promise<{ readonly durable: boolean }>;
  /**
   * Records one event. Synchronous; waits for nothing.
   * @param type 1 to 64 of A–Z, a–z, 0–9, `_`, `.`, `-`, beginning with a letter; with `events` one of those named
   *   there, unless unknown ones are allowed.
   * @param data a plain object that JSON can spell, without the relay's own names at its top level. Data of a type with a
   *   schema, `play` and `source` among them, is checked, and recorded as the schema returns it.
   * @param options `priority`: who goes first when space runs out; default `normal`.
   * @returns what became of it; trouble with spelling or keeping it is a `dropped` with its reason, never an exception.
   * @throws TonearmError `invalid_argument` when `type` is not allowed, `data` is no object, its schema refuses it, or `priority`
   *   is none; the message names the path of the fault.
   */
  record<T extends TypeOf<E>>(type: T, data: DataOf<E, T>, options?: RecordOptions): RecordResult;
  /** `record("play", …)`, with the priority `normal`. @throws TonearmError `invalid_argument` with the path of the fault. */
  play(play: PlayEvent): RecordResult;
  /** `record("source", …)`, with the priority `normal`. @throws TonearmError `invalid_argument` with the path of the fault. */
  source(source: SourceEvent): RecordResult;
  /**
   * Makes everything durable now and sends it now. Always resolves: at the latest after `timeoutMs` (default 10,000, also for
   * what is no number; at most 2^31 - 1), at once while consent is pending.
   */
  flush(options?: { readonly timeoutMs?: number }): Promise<FlushResult>;
  /**
   * Ends the epoch: `$close` is its last record. What cannot be delivered within `timeoutMs` (default 5,000) stays in
   * the store and is sent by the next instance; a medium that does not answer is waited for up to 10 s at each step. Calling it again returns the same promise.
   */
  close(options?: { readonly timeoutMs?: number }): Promise<FlushResult>;
  /**
   * Changes consent. `denied` counts at once: nothing is recorded any more, a request under way is broken off, and
   * everything that this instance keeps, of earlier epochs too, is removed from memory and medium; the stream is told
   * which numbers, nothing else. `granted` after it goes on in the same epoch, once the purge has ended. `pending` holds back
   * what is kept, and what is recorded from now on in memory.
   * @returns a promise that resolves when it is done, and never rejects.
   * @throws TonearmError `invalid_argument` when `consent` is none.
   */
  setConsent(consent: ConsentState): Promise<ConsentResult>;
  /** Registers a listener; the returned function takes it off again. */
  on<K extends keyof TelemetryEvents>(name: K, listener: Listener<TelemetryEvents[K]>): () => void;
  stats(): TelemetryStats;
}
