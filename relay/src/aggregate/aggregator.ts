import type { Cancel, Clock } from "@tonearm/sdk/ports";
import { LRUCache } from "lru-cache";
import type { Batch } from "../batch.ts";
import { Delivery } from "../put/delivery.ts";
import type { PutEntry } from "../put/put-entry.ts";
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

/** Packs batches into Kinesis records: one open container per shard, closed by size, count or age. */
export class Aggregator {
  readonly #shardMap: ShardMap;
  readonly #clock: Clock;
  readonly #options: AggregatorOptions;
  readonly #onClosed: (entry: PutEntry) => void;
  readonly #open = new Map<string, Container>();
  readonly #hashKeys = new LRUCache<string, bigint>({ max: HASH_KEYS_MAX });
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
  add(batch: Batch): Delivery {
    const delivery = new Delivery(batch);
    const shape = this.#shardMap.shape;
    const shard = this.#shardMap.shardFor(this.#hashKeyOf(batch.device));
    if (!shape || !shard) delivery.entryFailed();
    else if (shape.aggregationOff === undefined)
      this.#aggregate(delivery, shard.shardId, shape.recordBytesMax);
    else this.#sendSingly(delivery, shard.shardId, shape.recordBytesMax);
    return delivery;
  }

  /** Closes everything that is open. */
  flush(): void {
    for (const container of this.#open.values()) this.#close(container);
    this.#cancelTimer?.();
    this.#cancelTimer = undefined;
  }

  #aggregate(delivery: Delivery, shardId: string, recordBytesMax: number): void {
    const { aggregateBytesMax, aggregateCountMax } = this.#options;
    const { batch } = delivery;
    let container = this.#open.get(shardId);
    if (container && container.sizeWith(batch) > aggregateBytesMax) {
      this.#close(container);
      container = undefined;
    }
    container ??= new Container(shardId, this.#clock.monotonicMs(), aggregateBytesMax);
    const size = container.sizeWith(batch);
    if (size > recordBytesMax) throw tooLarge(size, recordBytesMax);
    container.add(delivery);
    this.#open.set(shardId, container);
    // A batch larger than an aggregate should be goes alone: it is never split over two records.
    if (size >= aggregateBytesMax || container.count >= aggregateCountMax) this.#close(container);
    else this.#armTimer();
  }

  #sendSingly(delivery: Delivery, shardId: string, recordBytesMax: number): void {
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
      deliveries: [delivery],
      userRecords: 1,
    }));
    const largest = Math.max(...entries.map(({ data }) => data.length + batch.device.length));
    if (largest > recordBytesMax) throw tooLarge(largest, recordBytesMax);
    delivery.spreadOver(entries.length);
    for (const entry of entries) this.#onClosed(entry);
  }

  #close(container: Container): void {
    this.#open.delete(container.shardId);
    this.#onClosed(container.close());
  }

  /** One timer, for the oldest container. */
  #armTimer(): void {
    if (this.#cancelTimer) return;
    const [oldest] = this.#open.values();
    if (!oldest) return;
    const dueMs = oldest.openedMs + this.#options.aggregateAgeMs - this.#clock.monotonicMs();
    this.#cancelTimer = this.#clock.after(Math.max(0, dueMs), () => this.#closeAged(), true);
  }

  #closeAged(): void {
    this.#cancelTimer = undefined;
    const agedMs = this.#clock.monotonicMs() - this.#options.aggregateAgeMs;
    // Timers fire a little early at times; a millisecond more does not make a container young.
    for (const container of this.#open.values()) if (container.openedMs <= agedMs + 1) this.#close(container);
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

function tooLarge(size: number, recordBytesMax: number): Refusal {
  const message = `the batch needs a Kinesis record of ${size} bytes, the stream takes ${recordBytesMax}; send fewer events`;
  return new Refusal("batch_too_large", message);
}
