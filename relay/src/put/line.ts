import { Fifo } from "./fifo.ts";
import { ANY_SHARD, entryBytes, LANES, type Lane, type PutEntry } from "./put-entry.ts";

/** A record on its way, with what has happened to it so far. */
export interface Waiting {
  readonly entry: PutEntry;
  readonly sinceMs: number;
  /** How often Kinesis refused it for good although it was alone in its call. */
  readonly refusals: number;
}

class LaneState {
  readonly queue = new Fifo<Waiting>();
  underWay = 0;
  /** Bytes that wait. */
  bytes = 0;
  /** Calls in a row in which something of it failed. */
  failures = 0;
  pausedUntilMs = 0;
}

/** What waits for one shard: live records, and those that come from the spool. */
export class Line {
  readonly key: string;
  readonly #lanes: Readonly<Record<Lane, LaneState>> = { live: new LaneState(), spooled: new LaneState() };

  constructor(key: string) {
    this.key = key;
  }

  /** Records that wait. */
  get waiting(): number {
    return this.#lanes.live.queue.length + this.#lanes.spooled.queue.length;
  }

  get liveRecords(): number {
    return this.#lanes.live.queue.length;
  }

  get liveBytes(): number {
    return this.#lanes.live.bytes;
  }

  /** Nothing waits and nothing is under way: what is remembered matters to nobody. */
  get isIdle(): boolean {
    return this.waiting === 0 && this.#lanes.live.underWay === 0 && this.#lanes.spooled.underWay === 0;
  }

  add(waiting: Waiting): void {
    const lane = this.#lanes[waiting.entry.lane];
    lane.queue.push(waiting);
    lane.bytes += entryBytes(waiting.entry);
  }

  /** The next record of a lane, if it may go now as far as this line is concerned. */
  next(lane: Lane, nowMs: number): Waiting | undefined {
    return this.pauseMs(lane, nowMs) === 0 ? this.#lanes[lane].queue.first : undefined;
  }

  /** How long until the next record of a lane may go, in ms; never when there is none, or another must arrive before it. */
  pauseMs(lane: Lane, nowMs: number): number {
    const { queue, underWay, pausedUntilMs } = this.#lanes[lane];
    // Records from the spool go one after another: batches of one device stand in several, and keep their order.
    const isHeld = lane === "spooled" && underWay > 0 && this.key !== ANY_SHARD;
    return queue.length === 0 || isHeld ? Number.POSITIVE_INFINITY : Math.max(0, pausedUntilMs - nowMs);
  }

  /** Takes the next record of a lane into a call. */
  take(lane: Lane): Waiting {
    this.#lanes[lane].underWay++;
    return this.#shift(this.#lanes[lane]);
  }

  /** Live records that have waited since before `sinceMs`. */
  takeOlder(sinceMs: number): Waiting[] {
    const { live } = this.#lanes;
    const older: Waiting[] = [];
    while ((live.queue.first?.sinceMs ?? Number.POSITIVE_INFINITY) <= sinceMs) older.push(this.#shift(live));
    return older;
  }

  takeAll(lane: Lane): Waiting[] {
    this.#lanes[lane].bytes = 0;
    return this.#lanes[lane].queue.takeAll();
  }

  /**
   * A call with `records` of this line is over. Those of them that must go again go ahead of all others, and their lane pauses
   * before: @param pauseMs says how long, given how many failures there were in a row.
   */
  settle(
    records: readonly Waiting[],
    again: readonly Waiting[],
    nowMs: number,
    pauseMs: (failures: number) => number,
  ): void {
    for (const name of LANES) {
      const lane = this.#lanes[name];
      const own = records.filter(({ entry }) => entry.lane === name);
      const back = again.filter(({ entry }) => entry.lane === name);
      lane.underWay -= own.length;
      if (back.length > 0) {
        lane.queue.putBack(back);
        for (const { entry } of back) lane.bytes += entryBytes(entry);
        lane.pausedUntilMs = nowMs + pauseMs(++lane.failures);
      } else if (own.length > 0) lane.failures = 0;
    }
  }

  #shift(lane: LaneState): Waiting {
    const next = lane.queue.shift()!;
    lane.bytes -= entryBytes(next.entry);
    return next;
  }
}
