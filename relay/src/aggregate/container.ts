import { type Batch, countOf } from "../batch.ts";
import { SpareBuffers } from "../memory/spare-buffers.ts";
import type { Delivery } from "../put/delivery.ts";
import type { Lane, PutEntry } from "../put/put-entry.ts";
import { hashKeyOf } from "./hash-key.ts";
import {
  aggregateLength,
  encodeAggregate,
  recordLength,
  tableEntryLength,
  writeRecord,
} from "./kpl-format.ts";

/** The partition key that the KPL gives to aggregates; consumers look at the keys inside. */
const AGGREGATE_PARTITION_KEY = "a";

/** Longest hash key, for sizes that must hold whichever it becomes. */
const HASH_KEY_CHARS_MAX = 39;

/** Memory of containers that are closed, and of aggregates that are in the stream: 32 MiB at most, at the usual size. */
const spares = new SpareBuffers(512);

/**
 * The aggregate being filled for one shard. Its hash key is that of the first device in it. A batch is taken whole or
 * not at all, so that it stands in one Kinesis record and keeps its order.
 */
export class Container {
  readonly shardId: string;
  readonly lane: Lane;
  readonly openedMs: number;
  readonly #partitionKeys: string[] = [];
  readonly #keyIndexes = new Map<string, number>();
  readonly #deliveries: Delivery[] = [];
  #tablesLength = 0;
  #records: Buffer;
  #recordsLength = 0;
  #count = 0;

  constructor(shardId: string, lane: Lane, openedMs: number, bytesHint: number) {
    this.shardId = shardId;
    this.lane = lane;
    this.openedMs = openedMs;
    this.#records = spares.take(bytesHint);
  }

  /** User records in it. */
  get count(): number {
    return this.#count;
  }

  /** Size of the finished Kinesis record, its partition key included, if `batch` came too. */
  sizeWith(batch: Batch): number {
    const known = this.#keyIndexes.get(batch.device);
    const keyIndex = known ?? this.#partitionKeys.length;
    let tables = this.#tablesLength || tableEntryLength("0".repeat(HASH_KEY_CHARS_MAX));
    if (known === undefined) tables += tableEntryLength(batch.device);
    const records = this.#recordsLength + recordsLength(batch, keyIndex);
    return aggregateLength(tables, records) + AGGREGATE_PARTITION_KEY.length;
  }

  add(delivery: Delivery): void {
    const { batch } = delivery;
    const keyIndex = this.#keyIndexOf(batch.device);
    this.#ensure(recordsLength(batch, keyIndex));
    const { bytes, ends } = batch.records;
    let from = 0;
    for (const end of ends) {
      if (end === from) continue;
      this.#recordsLength = writeRecord(this.#records, this.#recordsLength, keyIndex, bytes, from, end);
      from = end;
    }
    this.#count += countOf(batch);
    this.#deliveries.push(delivery);
  }

  /** The Kinesis record. A single user record goes as it is, under its own key, as the KPL does it. */
  close(): PutEntry {
    const [first] = this.#deliveries;
    const { shardId, lane } = this;
    const common = { shardId, lane, deliveries: this.#deliveries, userRecords: this.#count };
    if (this.#count === 1) {
      spares.giveBack(this.#records);
      return {
        ...common,
        partitionKey: first!.batch.device,
        explicitHashKey: undefined,
        data: first!.batch.records.bytes,
      };
    }
    const hashKey = hashKeyOf(first!.batch.device).toString();
    const records = this.#records.subarray(0, this.#recordsLength);
    const whole = spares.take(aggregateLength(this.#tablesLength, this.#recordsLength));
    const data = encodeAggregate(this.#partitionKeys, hashKey, records, whole);
    spares.giveBack(this.#records);
    const free = () => spares.giveBack(whole);
    return { ...common, partitionKey: AGGREGATE_PARTITION_KEY, explicitHashKey: hashKey, data, free };
  }

  #keyIndexOf(device: string): number {
    const known = this.#keyIndexes.get(device);
    if (known !== undefined) return known;
    if (this.#tablesLength === 0) this.#tablesLength = tableEntryLength("0".repeat(HASH_KEY_CHARS_MAX));
    this.#tablesLength += tableEntryLength(device);
    this.#keyIndexes.set(device, this.#partitionKeys.length);
    return this.#partitionKeys.push(device) - 1;
  }

  #ensure(more: number): void {
    if (this.#recordsLength + more <= this.#records.length) return;
    const grown = spares.take(this.#recordsLength + more);
    this.#records.copy(grown, 0, 0, this.#recordsLength);
    spares.giveBack(this.#records);
    this.#records = grown;
  }
}

function recordsLength({ records }: Batch, keyIndex: number): number {
  let length = 0;
  let from = 0;
  for (const end of records.ends) {
    if (end > from) length += recordLength(keyIndex, end - from);
    from = end;
  }
  return length;
}
