import { type Clock, sleep } from "@tonearm/sdk/ports";
import type { StreamShape } from "../aggregate/shard-map.ts";
import { entryBytes, type PutEntry, shardKeyOf } from "../put/put-entry.ts";
import type { PutRecords, PutResult } from "../put/putter.ts";
import { evenShards } from "./pipelines.ts";

interface Limits {
  readonly bytesPerSecond: number;
  readonly recordsPerSecond: number;
  readonly latencyMs: number;
}

/** What a real shard takes. */
const SHARD: Limits = { bytesPerSecond: 1_048_576, recordsPerSecond: 1_000, latencyMs: 20 };

/** A stream whose shards throttle as Kinesis's do: so much in a second, counted second by second. */
export class ModelStream {
  readonly shape: StreamShape;
  readonly #clock: Clock;
  readonly #limits: Limits;
  readonly #seconds = new Map<string, { second: number; bytes: number; records: number }>();

  constructor(clock: Clock, shardCount: number, limits: Partial<Limits> = {}) {
    this.#clock = clock;
    this.#limits = { ...SHARD, ...limits };
    const shards = evenShards(shardCount);
    this.shape = { shards, aggregationOff: undefined, isAuto: false, recordBytesMax: 1_048_576 };
  }

  /** A producer's way in, with what it got through. */
  producer() {
    const counts = { records: 0, bytes: 0, throttled: 0, calls: 0 };
    const put: PutRecords = async (entries) => {
      counts.calls++;
      await sleep(this.#clock, this.#limits.latencyMs);
      const results = entries.map((entry) => this.#take(entry));
      for (const [i, entry] of entries.entries()) {
        if (results[i]!.ok) {
          counts.records++;
          counts.bytes += entryBytes(entry);
        } else counts.throttled++;
      }
      return { kind: "answered", results };
    };
    return { counts, put };
  }

  #take(entry: PutEntry): PutResult {
    const key = shardKeyOf(entry);
    const second = Math.floor(this.#clock.monotonicMs() / 1_000);
    const known = this.#seconds.get(key);
    const now = known?.second === second ? known : { second, bytes: 0, records: 0 };
    const { bytesPerSecond, recordsPerSecond } = this.#limits;
    this.#seconds.set(key, now);
    if (now.bytes + entryBytes(entry) > bytesPerSecond || now.records + 1 > recordsPerSecond)
      return { ok: false, code: "ProvisionedThroughputExceededException" };
    now.bytes += entryBytes(entry);
    now.records++;
    return { ok: true, shardId: key };
  }
}
