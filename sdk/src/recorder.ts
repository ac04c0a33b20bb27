import { Ages } from "./ages.ts";
import { DropLedger } from "./drops.ts";
import { messageOf } from "./errors.ts";
import type { DropReason, EventData, RecordResult } from "./event.ts";
import { type EventQueue, PlainQueue } from "./event-queue.ts";
import type { News } from "./news.ts";
import type { Ports } from "./ports.ts";
import { rangesOf, runOf } from "./run.ts";
import { CONTROL, type Entry, type OpenedStore, type Priority, type Run, type RunLimit } from "./store.ts";
import { type ControlType, reservedKeyIn } from "./wire/names.ts";

interface RecorderOptions {
  readonly device: string;
  readonly eventBytesMax: number;
  readonly bufferBytesMax: number;
  /** The data to record in the place of what was given; undefined drops the event. Never throws. */
  readonly redact: ((type: string, data: EventData) => EventData | undefined) | undefined;
}

/**
 * Stamps events with (device, epoch, seq, time), encodes them once and holds them until a commit takes them. Every
 * call gets a number, and so does every drop: a number that is not in the stream is in a declaration.
 */
export class Recorder {
  readonly epoch: string;
  readonly drops: DropLedger;
  /** What waits to be stored. */
  readonly queue: EventQueue;
  /** When the numbers were given that are not acknowledged. */
  readonly ages = new Ages();
  /** The highest number given so far. 1 is `$open`, which is written when the store has told what came before. */
  lastSeq = 1;
  /** Events recorded, control records and drops not counted. */
  recorded = 0;
  /** Whether `end` was called; nothing can be declared in this epoch any more. */
  closed = false;
  readonly #ports: Ports;
  readonly #options: RecorderOptions;
  readonly #beganMs: number;
  /** What the relay's clock is ahead of ours; null until it has said, and again after our clock has jumped. */
  #offsetMs: number | null = null;
  /** How far the wall clock was ahead of the monotonic one when the offset was last confirmed. */
  #aheadMs = 0;
  #encodedMs = 0;
  /** From this number on nothing leaves memory. */
  #heldFrom = Infinity;

  constructor(epoch: string, ports: Ports, news: News, options: RecorderOptions) {
    this.epoch = epoch;
    this.drops = new DropLedger(news);
    this.queue = ports.queue ?? new PlainQueue();
    this.#ports = ports;
    this.#options = options;
    this.#beganMs = ports.clock.monotonicMs();
  }

  /** Records one event; `type` has been checked. Synchronous, and never throws for what the data holds. */
  record(type: string, given: EventData, priority: Priority): RecordResult {
    const { redact, bufferBytesMax, eventBytesMax } = this.#options;
    let spelled = spell(given, !redact);
    if (redact && "json" in spelled) {
      // It sees what would be sent: whatever toJSON makes of the data stands in it.
      const data = redact(type, JSON.parse(spelled.json));
      if (!data) return this.#drop("redacted", "redact() kept it back");
      spelled = spell(data, true);
    }
    if ("reason" in spelled) return this.#drop(spelled.reason, spelled.message);
    // All of the buffer is open to critical events, an eighth less to normal ones, a quarter less to bulk.
    const waitingBytes = this.queue.bytes;
    if (waitingBytes >= (bufferBytesMax / 8) * (9 - priority)) {
      const message = `${waitingBytes} bytes wait to be stored, as many as its priority may`;
      return this.#drop("buffer_full", message);
    }
    if (this.drops.pending.length > 0) this.declareDrops();
    const { json } = spelled;
    // No character takes less than a byte. What is made room for once stays in memory.
    const bytes = json.length > eventBytesMax ? undefined : this.#encode(type, json);
    const length = bytes?.length ?? json.length;
    if (!bytes || length > eventBytesMax) {
      const message = `the event takes ${length} bytes, eventBytesMax is ${eventBytesMax}`;
      return this.#drop("too_large", message);
    }
    this.recorded++;
    return { status: "recorded", epoch: this.epoch, seq: this.#push(bytes, priority) };
  }

  /** Puts `$open` before everything else. */
  begin(previous: OpenedStore["previous"]): void {
    const bytes = this.#encode("$open", JSON.stringify(openOf(previous)));
    this.queue.unshift({ seq: 1, priority: CONTROL, bytes });
  }

  /** Says that the epoch goes on, after others may have declared its end. */
  goOn(): void {
    if (!this.closed) this.#control("$open", openOf(undefined));
  }

  /** Declares where an epoch ends whose owner is gone; undefined when nothing can be declared any more. */
  declareEnd(epoch: string, lastSeq: number): number | undefined {
    return this.closed ? undefined : this.#control("$close", { close_epoch: epoch, last_seq: lastSeq });
  }

  /** Ends the epoch: `$close` is its last number. */
  end(): void {
    this.declareDrops();
    this.closed = true;
    this.#control("$close", { last_seq: this.lastSeq + 1 });
  }

  /**
   * Puts a `$drop`, or a `$purge` where consent was withdrawn, for everything given up and not declared yet. It stands before any later event, so whatever is
   * durable behind a hole is durable together with its declaration.
   */
  declareDrops(): void {
    const { drops } = this;
    // After `$close` nothing can be declared.
    for (const drop of this.closed ? [] : drops.pending.splice(0)) {
      const type = drop.reason === "consent" ? "$purge" : "$drop";
      this.#control(type, { ...drop, dropped_total: drops.total });
    }
  }

  /** Gives up every waiting event, because consent was withdrawn; control records stay. */
  purge(): void {
    for (const range of rangesOf(this.epoch, this.queue.purge())) {
      this.drops.add(range, "consent", "consent was withdrawn");
    }
    this.unhold();
  }

  /** Keeps what is recorded from now on in memory: neither `peek` nor `peekRun` shows it before `unhold`. */
  hold(): void {
    this.#heldFrom = Math.min(this.#heldFrom, this.lastSeq + 1);
  }

  unhold(): void {
    this.#heldFrom = Infinity;
  }

  /** The oldest events waiting that are not held, up to about `bytesMax`; they stay until released. */
  peek(bytesMax: number): Entry[] {
    return this.queue.peek(bytesMax, this.#heldFrom);
  }

  /** The waiting events as a run, for when they cannot be stored and are sent from memory. */
  peekRun(limit: RunLimit, before: readonly Entry[] = []): Run | undefined {
    return runOf(this.#options.device, this.epoch, [...before, ...this.peek(limit.bytesMax)], limit);
  }

  /** Learns the relay's time. Small differences are the network's doing and are left alone. */
  learnTime(serverTimeMs: number): void {
    const { clock } = this.#ports;
    const wallMs = clock.wallMs();
    const offsetMs = Math.round(serverTimeMs - wallMs);
    if (this.#offsetMs === null || differ(offsetMs, this.#offsetMs)) this.#offsetMs = offsetMs;
    this.#aheadMs = wallMs - clock.monotonicMs();
  }

  #drop(reason: DropReason, message: string): RecordResult {
    const seq = ++this.lastSeq;
    this.drops.add({ epoch: this.epoch, fromSeq: seq, toSeq: seq }, reason, message);
    return { status: "dropped", reason, message };
  }

  #control(type: ControlType, data: EventData): number {
    return this.#push(this.#encode(type, JSON.stringify(data)), CONTROL);
  }

  #encode(type: string, json: string): Uint8Array {
    const { clock, codec } = this.#ports;
    const wallMs = clock.wallMs();
    const nowMs = clock.monotonicMs();
    this.#encodedMs = nowMs;
    // The clocks came apart: one was set, or the device slept. What was learned before holds no longer.
    if (differ(wallMs - nowMs, this.#aheadMs)) this.#offsetMs = null;
    const timeMs = Math.max(0, Math.trunc(wallMs));
    const monoMs = Math.max(0, Math.round(nowMs - this.#beganMs));
    return codec.encodeEvent({ type, timeMs, monoMs, offsetMs: this.#offsetMs, json });
  }

  #push(bytes: Uint8Array, priority: Priority): number {
    const seq = ++this.lastSeq;
    this.ages.note(seq, this.#encodedMs);
    this.queue.push({ seq, priority, bytes });
    return seq;
  }
}

const openOf = (previous: OpenedStore["previous"]): EventData => ({
  previous_epoch: previous?.epoch ?? null,
  previous_last_seq: previous?.lastSeq ?? null,
});

/** Whether two differences between clocks are more than a network's or a clock's inaccuracy apart: 1 s. */
const differ = (aMs: number, bMs: number): boolean => Math.abs(aMs - bMs) > 1_000;

interface Refusal {
  readonly reason: DropReason;
  readonly message: string;
}

/** The data as JSON. Whatever it is made of, a proxy among others, nothing that it throws gets any further. */
function spell(data: EventData, isFinal: boolean): { readonly json: string } | Refusal {
  const reason = "unserializable";
  try {
    const json: unknown = JSON.stringify(data);
    if (typeof json !== "string" || !json.startsWith("{"))
      return { reason, message: "the data's toJSON does not return an object" };
    const reserved = isFinal ? reservedKeyIn("toJSON" in data ? JSON.parse(json) : data) : undefined;
    if (reserved === undefined) return { json };
    const message = `"${reserved}" at the top level of the data belongs to the relay; rename it`;
    return { reason: "reserved_key", message };
  } catch (error) {
    return { reason, message: messageOf(error) };
  }
}
