import type { Cancel, Clock } from "@tonearm/sdk/ports";
import type { Batch } from "../batch.ts";
import { recent } from "../memory/recent.ts";
import { Delivery } from "../put/delivery.ts";
import { ANY_SHARD, LANES, type Lane, type PutEntry } from "../put/put-entry.ts";
import { Refusal } from "../refusal.ts";
import { Container } from "./container.ts";
import { hashKeyOf } from "./hash-key.ts";
import type { ShardMap } from "./shard-map.ts";

export interface AggregatorOptions {
  /** An aggregate is closed before it would exceed this, its partition key included, in bytes. */
  readonly aggregateBytesMax: number;
  /** An aggregate is closed when it holds so many user records. */
  readonly aggregateCountMax: number;
  /** An aggregate is closed when it is this old. */
  readonly aggregateAgeMs: number;
}

/** Devices whose hash key is remembered. */
const HASH_KEYS_MAX = 100_000;

/** How a batch is to be packed. */
export interface Packing {
  /** Default: live. What comes from the spool shares no record with live batches, which would have to wait for it. */
  readonly lane?: Lane;
  /** In a record of its own, so that what becomes of that says something about this batch. */
  readonly alone?: boolean;
}

/** Packs batches into Kinesis records: one open container per shard and lane, closed by size, count or age. */
export class Aggregator {
  readonly #shardMap: ShardMap;
  readonly #clock: Clock;
  readonly #options: AggregatorOptions;
  readonly #onClosed: (entry: PutEntry) => void;
  readonly #open = { live: new Map<string, Container>(), spooled: new Map<string, Container>() };
  readonly #hashKeys = recent<bigint>(HASH_KEYS_MAX);
  #cancelTimer: Cancel | undefined;

  constructor(
    parts: { readonly shardMap: ShardMap; readonly clock: Clock },
    options: AggregatorOptions,
    onClosed: (entry: PutEntry) => void,
  ) {
    this.#shardMap = parts.shardMap;
    this.#clock = parts.clock;
    this.#options = options;
    this.#onClosed = onClosed;
  }

  /**
   * Takes a batch whole; its delivery tells when it is in the stream.
   * @throws Refusal `batch_too_large` when the stream takes no record of that size.
   */
  add(batch: Batch, packing: Packing = LIVE): Delivery {
    const delivery = new Delivery(batch);
    const { shape } = this.#shardMap;
    if (!shape) {
      delivery.entryFailed();
      return delivery;
    }
    const { isAuto, aggregationOff, recordBytesMax } = shape;
    const { shardId } = this.#shardMap.shardFor(this.#hashKeyOf(batch.device))!;
    if (aggregationOff === undefined) this.#aggregate(delivery, shardId, recordBytesMax, packing);
    else this.#sendSingly(delivery, isAuto ? undefined : shardId, recordBytesMax, packing);
    return delivery;
  }

  /** The shard that takes a device's batches, as the collector knows it. */
  shardKeyFor(device: string): string {
    const { shape } = this.#shardMap;
    const shard = shape?.isAuto ? undefined : this.#shardMap.shardFor(this.#hashKeyOf(device));
    return shard?.shardId ?? ANY_SHARD;
  }

  /** Closes everything that is open in a lane. */
  flush(lane: Lane): void {
    for (const container of this.#open[lane].values()) this.#close(container);
  }

  #aggregate(delivery: Delivery, shardId: string, recordBytesMax: number, packing: Packing): void {
    const { aggregateBytesMax, aggregateCountMax } = this.#options;
    const { lane = "live", alone = false } = packing;
    const { batch } = delivery;
    let container = this.#open[lane].get(shardId);
    if (container && (alone || container.sizeWith(batch) > aggregateBytesMax)) {
      this.#close(container);
      container = undefined;
    }
    container ??= new Container(shardId, lane, this.#clock.monotonicMs(), aggregateBytesMax);
    const size = container.sizeWith(batch);
    if (size > recordBytesMax) throw tooLarge(size, recordBytesMax);
    container.add(delivery);
    this.#open[lane].set(shardId, container);
    // A batch larger than an aggregate should be goes alone: it is never split over two records.
    if (alone || size >= aggregateBytesMax || container.count >= aggregateCountMax) this.#close(container);
    else this.#armTimer();
  }

  #sendSingly(
    delivery: Delivery,
    shardId: string | undefined,
    recordBytesMax: number,
    { lane = "live" }: Packing,
  ): void {
    const { batch } = delivery;
    const { bytes, ends } = batch.records;
    const lines = ends
      .map((end, i) => bytes.subarray(ends[i - 1] ?? 0, end))
      .filter(({ length }) => length > 0);
    const entries = lines.map((data) => ({
      partitionKey: batch.device,
      explicitHashKey: undefined,
      data,
      shardId,
      lane,
      deliveries: [delivery],
      userRecords: 1,
    }));
    const largest = Math.max(...entries.map(({ data }) => data.length + batch.device.length));
    if (largest > recordBytesMax) throw tooLarge(largest, recordBytesMax);
    delivery.spreadOver(entries.length);
    for (const entry of entries) this.#onClosed(entry);
  }

  #close(container: Container): void {
    this.#open[container.lane].delete(container.shardId);
    this.#onClosed(container.close());
  }

  /** One timer, for the oldest container. */
  #armTimer(): void {
    if (this.#cancelTimer) return;
    const openedMs = Math.min(...LANES.map((lane) => oldestMs(this.#open[lane])));
    if (openedMs === Number.POSITIVE_INFINITY) return;
    const dueMs = openedMs + this.#options.aggregateAgeMs - this.#clock.monotonicMs();
    this.#cancelTimer = this.#clock.after(Math.max(0, dueMs), () => this.#closeAged(), true);
  }

  #closeAged(): void {
    this.#cancelTimer = undefined;
    const agedMs = this.#clock.monotonicMs() - this.#options.aggregateAgeMs;
    // Timers fire a little early at times; a millisecond more does not make a container young.
    for (const lane of LANES) {
      for (const container of this.#open[lane].values())
        if (container.openedMs <= agedMs + 1) this.#close(container);
    }
    this.#armTimer();
  }

  #hashKeyOf(device: string): bigint {
    const known = this.#hashKeys.get(device);
    if (known !== undefined) return known;
    const hashKey = hashKeyOf(device);
    this.#hashKeys.set(device, hashKey);
    return hashKey;
  }
}

const LIVE: Packing = {};

/** When the first container was opened; they stand in the order of their opening. */
function oldestMs(open: ReadonlyMap<string, Container>): number {
  const [oldest] = open.values();
  return oldest?.openedMs ?? Number.POSITIVE_INFINITY;
}

function tooLarge(size: number, recordBytesMax: number): Refusal {
  const message = `the batch needs a Kinesis record of ${size} bytes, the stream takes ${recordBytesMax}; send fewer events`;
  return new Refusal("batch_too_large", message);
}
