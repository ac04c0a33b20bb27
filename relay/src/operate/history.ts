import type { Cancel, Clock } from "@tonearm/sdk/ports";
import type { Book } from "../book.ts";
import type { PutMeter } from "../put/put-meter.ts";

/** How often figures are noted, in ms, and how many are kept: ten minutes. */
export const SAMPLE_INTERVAL_MS = 5_000;
const SAMPLES_MAX = 120;

/** What happened in one interval; rates are per second. */
export interface Sample {
  readonly received: number;
  readonly delivered: number;
  readonly rejected: number;
  readonly spooled: number;
  readonly records: number;
  readonly bytes: number;
  /** User records in a Kinesis record; null when there was none. */
  readonly ratio: number | null;
}

/** What a shard took in the last interval, per second. */
export interface ShardRate {
  readonly bytes: number;
  readonly records: number;
  readonly throttled: number;
}

interface Totals {
  readonly atMs: number;
  readonly received: number;
  readonly delivered: number;
  readonly rejected: number;
  readonly userRecords: number;
  readonly records: number;
  readonly bytes: number;
}

/** Ten minutes of rates, so that a page that has just been opened shows where things come from. */
export class History {
  readonly samples: Sample[] = [];
  readonly shardRates = new Map<string, ShardRate>();
  readonly #book: Book;
  readonly #meter: PutMeter;
  readonly #clock: Clock;
  readonly #lastShards = new Map<string, ShardRate>();
  #last: Totals;
  #cancel: Cancel = () => undefined;

  constructor(book: Book, meter: PutMeter, clock: Clock) {
    this.#book = book;
    this.#meter = meter;
    this.#clock = clock;
    this.#last = this.#totals();
  }

  /** Takes a sample now and then, until `stop`. @param onSample called with each, for what else is sampled. */
  start(onSample: () => void): void {
    this.#cancel = this.#clock.after(SAMPLE_INTERVAL_MS, () => {
      this.#sample();
      onSample();
      this.start(onSample);
    });
  }

  stop(): void {
    this.#cancel();
  }

  #sample(): void {
    const now = this.#totals();
    const last = this.#last;
    this.#last = now;
    const seconds = (now.atMs - last.atMs) / 1_000;
    if (seconds <= 0) return;
    const perSecond = (figure: (totals: Totals) => number) => (figure(now) - figure(last)) / seconds;
    const records = now.records - last.records;
    this.samples.push({
      received: perSecond(({ received }) => received),
      delivered: perSecond(({ delivered }) => delivered),
      rejected: perSecond(({ rejected }) => rejected),
      spooled: this.#book.spooled,
      records: records / seconds,
      bytes: perSecond(({ bytes }) => bytes),
      ratio: records === 0 ? null : (now.userRecords - last.userRecords) / records,
    });
    if (this.samples.length > SAMPLES_MAX) this.samples.shift();
    this.#sampleShards(seconds);
  }

  #sampleShards(seconds: number): void {
    for (const [shardId, { bytes, records, throttled }] of this.#meter.shards) {
      const last = this.#lastShards.get(shardId) ?? NOTHING;
      this.#lastShards.set(shardId, { bytes, records, throttled });
      this.shardRates.set(shardId, {
        bytes: (bytes - last.bytes) / seconds,
        records: (records - last.records) / seconds,
        throttled: (throttled - last.throttled) / seconds,
      });
    }
  }

  #totals(): Totals {
    const { received, delivered, inherited, rejectedEvents } = this.#book;
    const { userRecords, records, bytes } = this.#meter;
    return {
      atMs: this.#clock.monotonicMs(),
      received,
      delivered: delivered + inherited,
      rejected: rejectedEvents,
      userRecords,
      records,
      bytes,
    };
  }
}

const NOTHING: ShardRate = { bytes: 0, records: 0, throttled: 0 };
