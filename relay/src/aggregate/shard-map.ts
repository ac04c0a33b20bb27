import { type Clock, inTime, sleep } from "@tonearm/sdk/ports";

/** An open shard and the hash keys it takes, both ends included. */
export interface Shard {
  readonly shardId: string;
  readonly startingHashKey: bigint;
  readonly endingHashKey: bigint;
}

/** What the relay has to know of a stream. */
export interface StreamShape {
  /** Open shards, in any order. */
  readonly shards: readonly Shard[];
  /**
   * Why records must not be aggregated; undefined when they may be. When Kinesis distributes records by itself,
   * consumers drop aggregates without a word.
   */
  readonly aggregationOff: string | undefined;
  /** Whether Kinesis distributes records by itself (AUTO): then only its answer tells where a record went. */
  readonly isAuto: boolean;
  /** Largest record, data and partition key together, in bytes. */
  readonly recordBytesMax: number;
}

/**
 * Asks Kinesis for the shape of the stream. Rejects when it cannot be had now: with a LastingFailure when it will not be had
 * later either, as things are.
 */
export type LoadShape = () => Promise<StreamShape>;

/** A stream that is not there, or not for whoever asks: that has to be put right by somebody. It reads as its cause does. */
export class LastingFailure extends Error {
  constructor(cause: Error) {
    super(cause.message, { cause });
    this.name = cause.name;
  }
}

export interface ShardMapOptions {
  /** How old the map may get: resharding that nothing else reveals is seen after this long. */
  readonly refreshIntervalMs: number;
  /** Least time between two refreshes, whatever surprises come; it doubles as long as they bring no news. */
  readonly refreshPauseMs: number;
  /** A look at the stream that takes longer has failed, in ms. */
  readonly putTimeoutMs: number;
  /** Longest time between two looks as long as none has succeeded, in ms. */
  readonly openMsMax: number;
}

/** What the shard map tells. */
export interface ShardMapEvents {
  /** There is a map, the first. */
  reached(): void;
  /** The stream may not be aggregated, and what has been until now should not get there. */
  aggregationOff(reason: string): void;
  /** It could not be refreshed; the old map serves on, if there is one. */
  failed(error: unknown): void;
}

/**
 * Which shard takes which key. It is refreshed on a timer and on surprise; the old map serves meanwhile, so a refresh
 * never stops the flow. A wrong entry costs nothing but a refresh: every aggregate lands where its own key belongs.
 */
export class ShardMap {
  readonly #load: LoadShape;
  readonly #clock: Clock;
  readonly #options: ShardMapOptions;
  readonly #events: ShardMapEvents;
  readonly #abort = new AbortController();
  #shape: StreamShape | undefined;
  #sorted: readonly Shard[] = [];
  #wake: (() => void) | undefined;
  #surprised = false;
  #pauseMs: number;
  /** The look that is about to be taken. */
  #looking: Promise<StreamShape | undefined> | undefined;
  #loop: Promise<void> = Promise.resolve();

  constructor(load: LoadShape, clock: Clock, options: ShardMapOptions, events: ShardMapEvents) {
    this.#load = load;
    this.#clock = clock;
    this.#options = options;
    this.#events = events;
    this.#pauseMs = options.refreshPauseMs;
  }

  /**
   * Loads the first map, and then keeps it fresh.
   * @param mayWait whether there may be none until the stream can be reached.
   * @throws what the first load throws; what passes by itself only where it may not be waited for.
   */
  async start(mayWait: boolean): Promise<void> {
    try {
      this.#take(await this.#loadInTime());
    } catch (error) {
      if (!mayWait || error instanceof LastingFailure) throw error;
      this.#events.failed(error);
    }
    this.#loop = this.#keepFresh();
  }

  /** The newest; undefined as long as the stream could not be reached. */
  get shape(): StreamShape | undefined {
    return this.#shape;
  }

  /** The open shards, in the order of their hash keys. */
  get sorted(): readonly Shard[] {
    return this.#sorted;
  }

  /** The shard that takes `hashKey`, by the newest map there is. */
  shardFor(hashKey: bigint): Shard | undefined {
    let low = 0;
    let high = this.#sorted.length - 1;
    while (low < high) {
      const middle = (low + high + 1) >>> 1;
      if (this.#sorted[middle]!.startingHashKey <= hashKey) low = middle;
      else high = middle - 1;
    }
    return this.#sorted[low];
  }

  /** A record went to a shard that the map did not expect: refresh soon. */
  surprise(): void {
    this.#surprised = true;
    this.#wake?.();
  }

  /** The shape of the stream as it is told from now on; undefined when it cannot be had. Who asks within a pause shares a look. */
  refreshed(): Promise<StreamShape | undefined> {
    this.#looking ??= this.#look();
    return this.#looking;
  }

  async stop(): Promise<void> {
    this.#abort.abort();
    this.#wake?.();
    await this.#loop;
  }

  async #keepFresh(): Promise<void> {
    const { signal } = this.#abort;
    const { refreshIntervalMs } = this.#options;
    while (!signal.aborted) {
      // Relays that were started in an outage do not all ask at once.
      const part = this.#shape ? 1 : 0.5 + this.#clock.fraction() / 2;
      await sleep(this.#clock, this.#pauseMs * part, signal);
      if (!this.#surprised && this.#shape) await this.#restUntilDue(refreshIntervalMs - this.#pauseMs);
      if (signal.aborted) return;
      this.#pauseMs = this.#nextPauseMs();
      this.#surprised = false;
      try {
        this.#take(await this.#loadInTime());
      } catch (error) {
        this.#events.failed(error);
      }
    }
  }

  #nextPauseMs(): number {
    const { refreshIntervalMs, refreshPauseMs, openMsMax } = this.#options;
    if (!this.#shape) return Math.min(this.#pauseMs * 2, Math.max(refreshPauseMs, openMsMax));
    // Surprises without news are not the map's fault: they are asked after less and less.
    return this.#surprised ? Math.min(this.#pauseMs * 2, refreshIntervalMs) : refreshPauseMs;
  }

  /** An answer that comes byte by byte would hold up every later look. */
  async #loadInTime(): Promise<StreamShape> {
    const { putTimeoutMs } = this.#options;
    const shape = await inTime(this.#clock, this.#load(), putTimeoutMs);
    if (!shape) throw new Error(`the stream's shape did not come within ${putTimeoutMs} ms`);
    return shape;
  }

  async #look(): Promise<StreamShape | undefined> {
    await sleep(this.#clock, this.#options.refreshPauseMs, this.#abort.signal);
    this.#looking = undefined;
    if (this.#abort.signal.aborted) return undefined;
    try {
      this.#take(await this.#loadInTime());
      return this.#shape;
    } catch (error) {
      this.#events.failed(error);
      return undefined;
    }
  }

  #restUntilDue(ms: number): Promise<void> {
    const due = new AbortController();
    this.#wake = () => due.abort();
    if (this.#abort.signal.aborted) due.abort();
    return sleep(this.#clock, ms, due.signal);
  }

  #take(shape: StreamShape): void {
    // A stream in the middle of being re-created lists nothing: the old map is better than none.
    if (shape.shards.length === 0) return;
    const isFirst = this.#shape === undefined;
    const before = this.#shape?.aggregationOff;
    const sorted = shape.shards.toSorted((a, b) => (a.startingHashKey < b.startingHashKey ? -1 : 1));
    if (idsOf(sorted) !== idsOf(this.#sorted)) this.#pauseMs = this.#options.refreshPauseMs;
    this.#shape = shape;
    this.#sorted = sorted;
    const { aggregationOff } = shape;
    if (isFirst) this.#events.reached();
    if (aggregationOff !== undefined && before === undefined) this.#events.aggregationOff(aggregationOff);
  }
}

const idsOf = (shards: readonly Shard[]): string => shards.map(({ shardId }) => shardId).join(" ");
