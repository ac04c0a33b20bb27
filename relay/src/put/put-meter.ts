import { entryBytes, type PutEntry, shardKeyOf } from "./put-entry.ts";
import type { PutAnswer, PutRecords, PutResult } from "./putter.ts";

/** What one shard has taken and refused since the relay started. */
export interface ShardLoad {
  records: number;
  bytes: number;
  /** Records that it had no room for; they were sent again. */
  throttled: number;
}

/** Shards that are told apart; a stream that has had more of them is counted on under one name. */
const SHARDS_MAX = 10_000;
const CODES_MAX = 64;
const OTHER = "other";
const THROTTLED = "ProvisionedThroughputExceededException";

/** Counts calls of PutRecords and what became of their records. */
export class PutMeter {
  calls = 0;
  failedCalls = 0;
  /** Kinesis records in the stream, the user records in them, and their bytes. */
  records = 0;
  userRecords = 0;
  bytes = 0;
  /** Records sent again. */
  retries = 0;
  /** Records that Kinesis refused in calls it answered, by its code. */
  readonly refused = new Map<string, number>();
  readonly shards = new Map<string, ShardLoad>();
  readonly #put: PutRecords;

  constructor(put: PutRecords) {
    this.#put = put;
  }

  readonly put: PutRecords = async (entries) => {
    this.calls++;
    const answer = await this.#put(entries);
    this.#count(entries, answer);
    return answer;
  };

  /** User records in a Kinesis record, on average since the start; undefined before the first. */
  get aggregationRatio(): number | undefined {
    return this.records === 0 ? undefined : this.userRecords / this.records;
  }

  #count(entries: readonly PutEntry[], answer: PutAnswer): void {
    if (answer.kind !== "answered") this.failedCalls++;
    else for (const [i, entry] of entries.entries()) this.#countRecord(entry, answer.results[i]!);
  }

  #countRecord(entry: PutEntry, result: PutResult): void {
    if (!result.ok) {
      const code = this.refused.size < CODES_MAX || this.refused.has(result.code) ? result.code : OTHER;
      this.refused.set(code, (this.refused.get(code) ?? 0) + 1);
      if (code === THROTTLED) this.#shard(shardKeyOf(entry)).throttled++;
      return;
    }
    const bytes = entryBytes(entry);
    this.records++;
    this.userRecords += entry.userRecords;
    this.bytes += bytes;
    const shard = this.#shard(result.shardId);
    shard.records++;
    shard.bytes += bytes;
  }

  #shard(shardId: string): ShardLoad {
    const id = this.shards.size < SHARDS_MAX || this.shards.has(shardId) ? shardId : OTHER;
    const known = this.shards.get(id);
    if (known) return known;
    const load = { records: 0, bytes: 0, throttled: 0 };
    this.shards.set(id, load);
    return load;
  }
}
