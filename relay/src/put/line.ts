import { Fifo } from "./fifo.ts";
import { ANY_SHARD, entryBytes, LANES, type Lane, type PutEntry } from "./put-entry.ts";

/** A record on its way, with what has happened to it so far. */
export interface Waiting {
  readonly entry: PutEntry;
  readonly sinceMs: number;
  /** How often Kinesis refused it for good although it was alone in its call. */
  readonly refusals: number;
}

/** What waits for one shard: live records, and those that come from the spool. */
export class Line {
  readonly key: string;
  readonly #lanes = { live: new Fifo<Waiting>(), spooled: new Fifo<Waiting>() };
  /** Live bytes that wait. */
  #bytes = 0;
  /** Calls with something of this line in a row in which something failed. */
  #failures = 0;
  #pausedUntilMs = 0;
  readonly #underWay = { live: 0, spooled: 0 };

  constructor(key: string) {
    this.key = key;
  }

  get waiting(): number {
    return this.#lanes.live.length + this.#lanes.spooled.length;
  }

  get liveRecords(): number {
    return this.#lanes.live.length;
  }

  get liveBytes(): number {
    return this.#bytes;
  }

  /** Nothing waits and nothing is under way: what is remembered matters to nobody. */
  get isIdle(): boolean {
    return this.waiting === 0 && this.#underWay.live === 0 && this.#underWay.spooled === 0;
  }

  add(waiting: Waiting): void {
    const { lane } = waiting.entry;
    this.#lanes[lane].push(waiting);
    if (lane === "live") this.#bytes += entryBytes(waiting.entry);
  }

  /** The next record of a lane, if it may go now as far as this shard is concerned. */
  next(lane: Lane, nowMs: number): Waiting | undefined {
    if (nowMs < this.#pausedUntilMs) return undefined;
    return lane === "spooled" && this.#isHeld ? undefined : this.#lanes[lane].first;
  }

  /** Takes the next record of a lane into a call. */
  take(lane: Lane): Waiting {
    this.#underWay[lane]++;
    return this.#shift(lane);
  }

  /** Live records that have waited since before `sinceMs`. */
  takeOlder(sinceMs: number): Waiting[] {
    const older: Waiting[] = [];
    while ((this.#lanes.live.first?.sinceMs ?? Number.POSITIVE_INFINITY) <= sinceMs)
      older.push(this.#shift("live"));
    return older;
  }

  takeAll(lane: Lane): Waiting[] {
    if (lane === "live") this.#bytes = 0;
    return this.#lanes[lane].takeAll();
  }

  /** A call with `records` of this line is over; `again` of them go ahead of all others. */
  settle(records: readonly Waiting[], again: readonly Waiting[]): void {
    for (const { entry } of records) this.#underWay[entry.lane]--;
    if (again.length === 0) this.#failures = 0;
    for (const lane of LANES) {
      const back = again.filter(({ entry }) => entry.lane === lane);
      if (back.length === 0) continue;
      this.#lanes[lane].putBack(back);
      if (lane === "live") for (const { entry } of back) this.#bytes += entryBytes(entry);
    }
  }

  /** After a failure: nothing of this shard goes for a while. @param waitMs given how many failures there were in a row. */
  pause(nowMs: number, waitMs: (failures: number) => number): void {
    this.#pausedUntilMs = nowMs + waitMs(++this.#failures);
  }

  /** How long it still pauses, in ms. */
  pauseMs(nowMs: number): number {
    return Math.max(0, this.#pausedUntilMs - nowMs);
  }

  /** The lane whose record would go next, if time were all that is missing. */
  get pending(): Lane | undefined {
    if (this.#lanes.live.length > 0) return "live";
    return this.#lanes.spooled.length > 0 && !this.#isHeld ? "spooled" : undefined;
  }

  /** Records from the spool go one after another: batches of one device stand in several, and keep their order. */
  get #isHeld(): boolean {
    return this.#underWay.spooled > 0 && this.key !== ANY_SHARD;
  }

  #shift(lane: Lane): Waiting {
    const next = this.#lanes[lane].shift()!;
    if (lane === "live") this.#bytes -= entryBytes(next.entry);
    return next;
  }
}
