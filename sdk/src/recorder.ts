import { Ages } from "./ages.ts";
import type { Clock } from "./clock.ts";
import type { Codec } from "./codec.ts";
import type { DropLedger } from "./drops.ts";
import { messageOf } from "./errors.ts";
import type { DropReason, EventData, RecordResult } from "./event.ts";
import type { EventQueue } from "./event-queue.ts";
import { rangesOf, runOf } from "./run.ts";
import { CONTROL, type Entry, type OpenedStore, type Priority, type Run, type RunLimit } from "./store.ts";
import { type ControlType, reservedKeyIn } from "./wire/names.ts";

export interface RecorderOptions {
  readonly device: string;
  readonly eventBytesMax: number;
  readonly bufferBytesMax: number;
  /** The data to record in the place of what was given; undefined drops the event. Never throws. */
  readonly redact?: ((type: string, data: EventData) => EventData | undefined) | undefined;
}

/**
 * Stamps events with (device, epoch, seq, time), encodes them once and holds them until a commit takes them. Every
 * call gets a number, and so does every drop: a number that is not in the stream is in a declaration.
 */
export class Recorder {
  readonly epoch: string;
  /** When the numbers were given that are not acknowledged. */
  readonly ages = new Ages();
  readonly #options: RecorderOptions;
  readonly #clock: Clock;
  readonly #codec: Codec;
  readonly drops: DropLedger;
  readonly #queue: EventQueue;
  readonly #beganMs: number;
  /** What the relay's clock is ahead of ours; null until it has said, and again after our clock has jumped. */
  #offsetMs: number | null = null;
  /** How far the wall clock was ahead of the monotonic one when the offset was last confirmed. */
  #aheadMs = 0;
  /** 1 is `$open`, which is written when the store has told what came before. */
  #nextSeq = 2;
  #encodedMs = 0;
  /** From this number on nothing leaves memory. */
  #heldFrom = Number.POSITIVE_INFINITY;
  #closed = false;
  #recorded = 0;

  constructor(
    epoch: string,
    options: RecorderOptions,
    parts: { clock: Clock; codec: Codec; drops: DropLedger; queue: EventQueue },
  ) {
    this.epoch = epoch;
    this.#options = options;
    this.#clock = parts.clock;
    this.#codec = parts.codec;
    this.drops = parts.drops;
    this.#queue = parts.queue;
    this.#beganMs = this.#clock.monotonicMs();
  }

  /** Records one event; `type` has been checked. Synchronous, and never throws for what the data holds. */
  record(type: string, given: EventData, priority: Priority): RecordResult {
    if (this.#closed) return { status: "dropped", reason: "closed", message: "close() was called before" };
    const { redact } = this.#options;
    const data = redact ? redact(type, given) : given;
    if (!data) return this.#drop("redacted", "redact() kept it back");
    const spelled = spell(data);
    if ("reason" in spelled) return this.#drop(spelled.reason, spelled.message);
    // All of the buffer is open to critical events, an eighth less to normal ones, a quarter less to bulk.
    const { bytes: waitingBytes } = this.#queue;
    if (waitingBytes >= (this.#options.bufferBytesMax / 8) * (9 - priority)) {
      return this.#drop(
        "buffer_full",
        `${waitingBytes} bytes wait to be stored, as many as its priority may`,
      );
    }
    if (this.drops.hasPending) this.declareDrops();
    const { json } = spelled;
    const { eventBytesMax } = this.#options;
    // No character takes less than a byte. What is made room for once stays in memory.
    const bytes = json.length > eventBytesMax ? undefined : this.#encode(type, json);
    const length = bytes?.length ?? json.length;
    if (!bytes || length > eventBytesMax) {
      const message = `the event takes ${length} bytes, eventBytesMax is ${eventBytesMax}`;
      return this.#drop("too_large", message);
    }
    this.#recorded++;
    return { status: "recorded", epoch: this.epoch, seq: this.#push(bytes, priority) };
  }

  /** Puts `$open` before everything else. */
  begin(previous: OpenedStore["previous"]): void {
    const data = { previous_epoch: previous?.epoch ?? null, previous_last_seq: previous?.lastSeq ?? null };
    const bytes = this.#encode("$open", JSON.stringify(data));
    this.#queue.unshift({ seq: 1, priority: CONTROL, bytes });
  }

  /** Says that the epoch goes on, after others may have declared its end. */
  goOn(): void {
    if (!this.#closed) this.#control("$open", { previous_epoch: null, previous_last_seq: null });
  }

  /** Declares where an epoch ends whose owner is gone; undefined when nothing can be declared any more. */
  declareEnd(epoch: string, lastSeq: number): number | undefined {
    return this.#closed ? undefined : this.#control("$close", { close_epoch: epoch, last_seq: lastSeq });
  }

  /** Ends the epoch: `$close` is its last number. */
  end(): void {
    if (this.#closed) return;
    this.declareDrops();
    this.#closed = true;
    this.#control("$close", { last_seq: this.#nextSeq });
  }

  /**
   * Puts a `$drop`, or a `$purge` where consent was withdrawn, for everything given up and not declared yet. It stands before any later event, so whatever is
   * durable behind a hole is durable together with its declaration.
   */
  declareDrops(): void {
    if (this.#closed) return;
    for (const { epoch, fromSeq, toSeq, count, reason } of this.drops.takePending()) {
      this.#control(reason === "consent" ? "$purge" : "$drop", {
        drop_epoch: epoch,
        from_seq: fromSeq,
        to_seq: toSeq,
        count,
        reason,
        dropped_total: this.drops.total,
      });
    }
  }

  /** Gives up every waiting event, because consent was withdrawn; control records stay. */
  purge(): void {
    for (const range of rangesOf(this.epoch, this.#queue.purge())) {
      this.drops.add(range, "consent", "consent was withdrawn");
    }
    this.unhold();
  }

  /** Keeps what is recorded from now on in memory: neither `peek` nor `peekRun` shows it before `unhold`. */
  hold(): void {
    this.#heldFrom = Math.min(this.#heldFrom, this.#nextSeq);
  }

  unhold(): void {
    this.#heldFrom = Number.POSITIVE_INFINITY;
  }

  /** The oldest events waiting that are not held, up to about `bytesMax`; they stay until `release`. */
  peek(bytesMax: number): Entry[] {
    return this.#queue.peek(bytesMax, this.#heldFrom);
  }

  /** The waiting events as a run, for when they cannot be stored and are sent from memory. */
  peekRun(limit: RunLimit, before: readonly Entry[] = []): Run | undefined {
    const entries = [...before, ...this.peek(limit.bytesMax)];
    return runOf(this.#options.device, this.epoch, entries, limit);
  }

  /** Lets go of the events up to `throughSeq`: stored, or acknowledged. Returns how many bytes they were. */
  release(throughSeq: number): number {
    return this.#queue.release(throughSeq);
  }

  /** Learns the relay's time. Small differences are the network's doing and are left alone. */
  learnTime(serverTimeMs: number): void {
    const wallMs = this.#clock.wallMs();
    const offsetMs = Math.round(serverTimeMs - wallMs);
    if (this.#offsetMs === null || differ(offsetMs, this.#offsetMs)) this.#offsetMs = offsetMs;
    this.#aheadMs = wallMs - this.#clock.monotonicMs();
  }

  get waitingEvents(): number {
    return this.#queue.events;
  }

  get waitingBytes(): number {
    return this.#queue.bytes;
  }

  /** The highest number given so far. */
  get lastSeq(): number {
    return this.#nextSeq - 1;
  }

  get recorded(): number {
    return this.#recorded;
  }

  /** Whether `end` was called; nothing can be declared in this epoch any more. */
  get closed(): boolean {
    return this.#closed;
  }

  #drop(reason: DropReason, message: string): RecordResult {
    const seq = this.#nextSeq++;
    this.drops.add({ epoch: this.epoch, fromSeq: seq, toSeq: seq }, reason, message);
    return { status: "dropped", reason, message };
  }

  #control(type: ControlType, data: EventData): number {
    return this.#push(this.#encode(type, JSON.stringify(data)), CONTROL);
  }

  #encode(type: string, json: string): Uint8Array {
    const wallMs = this.#clock.wallMs();
    const nowMs = this.#clock.monotonicMs();
    this.#encodedMs = nowMs;
    // The clocks came apart: one was set, or the device slept. What was learned before holds no longer.
    if (differ(wallMs - nowMs, this.#aheadMs)) this.#offsetMs = null;
    const timeMs = Math.max(0, Math.trunc(wallMs));
    const monoMs = Math.max(0, Math.round(nowMs - this.#beganMs));
    return this.#codec.encodeEvent({ type, timeMs, monoMs, offsetMs: this.#offsetMs, json });
  }

  #push(bytes: Uint8Array, priority: Priority): number {
    const seq = this.#nextSeq++;
    this.ages.note(seq, this.#encodedMs);
    this.#queue.push({ seq, priority, bytes });
    return seq;
  }
}

/** Whether two differences between clocks are more than a network's or a clock's inaccuracy apart: 1 s. */
const differ = (aMs: number, bMs: number): boolean => Math.abs(aMs - bMs) > 1_000;

interface Refusal {
  readonly reason: DropReason;
  readonly message: string;
}

/** The data as JSON. Whatever it is made of, a proxy among others, nothing that it throws gets any further. */
function spell(data: EventData): { readonly json: string } | Refusal {
  const reason = "unserializable";
  try {
    const reserved = reservedKeyIn(data);
    if (reserved !== undefined) {
      const message = `"${reserved}" at the top level of the data belongs to the relay; rename it`;
      return { reason: "reserved_key", message };
    }
    const json: unknown = JSON.stringify(data);
    if (typeof json === "string" && json.startsWith("{")) return { json };
    return { reason, message: "the data's toJSON does not return an object" };
  } catch (error) {
    return { reason, message: messageOf(error) };
  }
}
