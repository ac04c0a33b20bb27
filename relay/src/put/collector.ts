import type { Cancel, Clock } from "@tonearm/sdk/ports";
import type { CircuitBreaker } from "./circuit-breaker.ts";
import type { Limiter } from "./limiter.ts";
import { Line, type Waiting } from "./line.ts";
import { entryBytes, LANES, type Lane, type PutEntry, shardKeyOf } from "./put-entry.ts";

export interface CollectorOptions {
  /** Most records in one call; Kinesis takes 500. */
  readonly putRecordsMax: number;
  /** Most bytes in one call; Kinesis takes 10 MiB, kinesalite 5 MiB of data. */
  readonly putBytesMax: number;
  /** Calls under way at once. */
  readonly putsMax: number;
  /** How long a record waits for others to share its call, in ms. */
  readonly collectMs: number;
  /** First bound of the random wait before a shard is tried again, in ms; it doubles with each failure in a row. */
  readonly retryBaseMs: number;
  readonly retryMaxMs: number;
  /** After this long a live record that waits is given up, in ms. */
  readonly deliveryDeadlineMs: number;
}

/** What the collector does with what it has gathered. */
export interface CollectorTasks {
  /** Makes one call; resolves, when its answer has been dealt with, to the records that must be put again. */
  put(call: readonly Waiting[]): Promise<readonly Waiting[]>;
  /** Their time is over. */
  giveUp(waiting: readonly Waiting[]): void;
}

/**
 * Gathers Kinesis records into calls. Each shard has a line of its own, served in turn and as fast as the limiter allows, so
 * that a shard that is slow, throttled or failing holds up nobody else. Live records go first; what comes from the spool
 * fills what they leave.
 */
export class Collector {
  readonly #breaker: CircuitBreaker;
  readonly #limiter: Limiter;
  readonly #clock: Clock;
  readonly #options: CollectorOptions;
  readonly #tasks: CollectorTasks;
  readonly #lines = new Map<string, Line>();
  #turn = 0;
  #calls = 0;
  #spooledCalls = 0;
  #timer: { readonly dueMs: number; readonly cancel: Cancel } | undefined;

  constructor(
    parts: { readonly breaker: CircuitBreaker; readonly limiter: Limiter; readonly clock: Clock },
    options: CollectorOptions,
    tasks: CollectorTasks,
  ) {
    this.#breaker = parts.breaker;
    this.#limiter = parts.limiter;
    this.#clock = parts.clock;
    this.#options = options;
    this.#tasks = tasks;
  }

  add(entry: PutEntry): void {
    this.#line(shardKeyOf(entry)).add({ entry, sinceMs: this.#clock.monotonicMs(), refusals: 0 });
    this.#schedule(this.#options.collectMs);
  }

  /** Takes back everything of a lane that is not under way. */
  takeAll(lane: Lane): readonly Waiting[] {
    return [...this.#lines.values()].flatMap((line) => line.takeAll(lane));
  }

  /** How long a live record for this shard would wait for those before it, in ms. */
  waitMs(key: string): number {
    const line = this.#lines.get(key);
    if (!line) return 0;
    const paused = line.liveRecords > 0 ? line.pauseMs("live", this.#clock.monotonicMs()) : 0;
    return paused + this.#limiter.drainMs(key, line.liveBytes, line.liveRecords);
  }

  /** Calls under way. */
  get calls(): number {
    return this.#calls;
  }

  #line(key: string): Line {
    const line = this.#lines.get(key) ?? new Line(key);
    this.#lines.set(key, line);
    return line;
  }

  /** Looks again after `delayMs`, or sooner if that is due already. */
  #schedule(delayMs: number): void {
    const dueMs = this.#clock.monotonicMs() + delayMs;
    if (this.#timer && this.#timer.dueMs <= dueMs) return;
    this.#timer?.cancel();
    const look = () => {
      this.#timer = undefined;
      this.#callAll();
    };
    this.#timer = { dueMs, cancel: this.#clock.after(delayMs, look, true) };
  }

  #callAll(): void {
    this.#giveUpLate();
    for (;;) {
      const kind = this.#breaker.kind;
      if (kind === "open") {
        this.#lookAgain(Math.max(1, this.#breaker.waitMs));
        return;
      }
      // A probe is one call with one record, and nothing beside it.
      const isProbe = kind === "half-open";
      const isFull = this.#calls >= (isProbe ? 1 : this.#options.putsMax);
      const call = isFull ? [] : this.#gather(isProbe ? 1 : this.#options.putRecordsMax);
      if (call.length === 0) {
        // A call that ends looks by itself.
        this.#lookAgain(isFull ? LOOK_MS : this.#soonestMs());
        return;
      }
      void this.#make(call);
    }
  }

  async #make(call: readonly Waiting[]): Promise<void> {
    const isSpooled = call.every(({ entry }) => entry.lane === "spooled");
    this.#calls++;
    if (isSpooled) this.#spooledCalls++;
    const again = await this.#tasks.put(call);
    this.#calls--;
    if (isSpooled) this.#spooledCalls--;
    const now = this.#clock.monotonicMs();
    const ofLine = Map.groupBy(call, ({ entry }) => shardKeyOf(entry));
    const againOf = Map.groupBy(again, ({ entry }) => shardKeyOf(entry));
    for (const [key, records] of ofLine) {
      const line = this.#line(key);
      line.settle(records, againOf.get(key) ?? [], now, (failures) => this.#retryMs(failures));
    }
    this.#callAll();
  }

  #retryMs(failures: number): number {
    const { retryBaseMs, retryMaxMs } = this.#options;
    const bound = Math.min(retryMaxMs, retryBaseMs * 2 ** Math.min(failures - 1, 30));
    return this.#clock.fraction() * bound;
  }

  /** The next call: live records of all lines in turn, then as much from the spool as there is room for. */
  #gather(recordsMax: number): Waiting[] {
    const lines = [...this.#lines.values()];
    const from = this.#turn++ % Math.max(1, lines.length);
    const inTurn = [...lines.slice(from), ...lines.slice(0, from)];
    const call: Waiting[] = [];
    let bytesLeft = this.#options.putBytesMax;
    const takes = (line: Line, lane: Lane): boolean => {
      const next = call.length < recordsMax ? line.next(lane, this.#clock.monotonicMs()) : undefined;
      if (!next) return false;
      const bytes = entryBytes(next.entry);
      if ((bytes > bytesLeft && call.length > 0) || !this.#limiter.take(line.key, lane, bytes)) return false;
      bytesLeft -= bytes;
      call.push(line.take(lane));
      return true;
    };
    const fill = (lane: Lane) => {
      // One record of each, again and again: the lines that have no more to give fall out.
      for (let giving = inTurn; giving.length > 0; ) giving = giving.filter((line) => takes(line, lane));
    };
    fill("live");
    // Calls from the spool alone never take the last places.
    if (call.length > 0 || this.#mayCallForSpool) fill("spooled");
    return call;
  }

  get #mayCallForSpool(): boolean {
    return this.#spooledCalls < Math.max(1, this.#options.putsMax >> 1);
  }

  /** Senders that have waited for too long are told to keep what they have; lines without anything are forgotten. */
  #giveUpLate(): void {
    const sinceMs = this.#clock.monotonicMs() - this.#options.deliveryDeadlineMs;
    for (const [key, line] of this.#lines) {
      const late = line.takeOlder(sinceMs);
      if (late.length > 0) this.#tasks.giveUp(late);
      if (line.isIdle) this.#lines.delete(key);
    }
  }

  /** Looks again in `delayMs`, and at least now and then as long as something waits: somebody's time may be over. */
  #lookAgain(delayMs: number): void {
    const hasWork = [...this.#lines.values()].some(({ waiting }) => waiting > 0);
    if (hasWork) this.#schedule(Math.min(delayMs, LOOK_MS));
  }

  /** When the first line may give something, in ms from now; never when all of them wait for a call to end. */
  #soonestMs(): number {
    const now = this.#clock.monotonicMs();
    let soonest = Number.POSITIVE_INFINITY;
    for (const line of this.#lines.values()) {
      for (const lane of LANES) {
        const paused = line.pauseMs(lane, now);
        if (paused === Number.POSITIVE_INFINITY || (lane === "spooled" && !this.#mayCallForSpool)) continue;
        soonest = Math.min(soonest, Math.max(paused, this.#limiter.waitMs(line.key, lane)));
      }
    }
    return Math.max(1, soonest);
  }
}

const LOOK_MS = 1_000;
