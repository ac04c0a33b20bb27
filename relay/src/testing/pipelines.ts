import { ManualClock } from "@tonearm/sdk/testing";
import { Entrance } from "../access/entrance.ts";
import { loadRules } from "../access/load-rules.ts";
import { HASH_KEY_MAX } from "../aggregate/hash-key.ts";
import type { LoadShape, Shard, StreamShape } from "../aggregate/shard-map.ts";
import { checkConfig } from "../config/check.ts";
import type { Config } from "../config/schema.ts";
import { listenerOptions } from "../listener.ts";
import type { Log } from "../log.ts";
import { Operator } from "../operate/operator.ts";
import { Pipeline } from "../pipeline.ts";
import { type PutEntry, shardKeyOf } from "../put/put-entry.ts";
import type { PutAnswer, PutResult } from "../put/putter.ts";
import type { Spool } from "../spool/spool.ts";

export const SILENT: Log = { info: () => undefined, warn: () => undefined, error: () => undefined };

/** `count` shards of about the same width. */
export function evenShards(count: number): Shard[] {
  const width = (HASH_KEY_MAX + 1n) / BigInt(count);
  return Array.from({ length: count }, (_, i) => ({
    shardId: `shard-${i}`,
    startingHashKey: width * BigInt(i),
    endingHashKey: i === count - 1 ? HASH_KEY_MAX : width * BigInt(i + 1) - 1n,
  }));
}

/** A Kinesis played by a function: what each call answers. */
export class ScriptedKinesis {
  readonly calls: (readonly PutEntry[])[] = [];
  shape: StreamShape = {
    shards: evenShards(2),
    aggregationOff: undefined,
    isAuto: false,
    recordBytesMax: 1_048_576,
  };
  shapeLoads = 0;
  /** The answer to a call; by default every record goes where the relay expects it. */
  answer: (entries: readonly PutEntry[]) => PutAnswer | Promise<PutAnswer> = accepted;

  readonly put = async (entries: readonly PutEntry[]): Promise<PutAnswer> => {
    // What an answered record stood in is used again.
    this.calls.push(entries.map((entry) => ({ ...entry, data: Buffer.from(entry.data) })));
    return this.answer(entries);
  };

  readonly loadShape = async (): Promise<StreamShape> => {
    this.shapeLoads++;
    return this.shape;
  };
}

export const put = (entry: PutEntry): PutResult => ({ ok: true, shardId: shardKeyOf(entry) });

export const accepted = (entries: readonly PutEntry[]): PutAnswer => ({
  kind: "answered",
  results: entries.map(put),
});

export const unreachable = (): PutAnswer => ({ kind: "failed", error: new Error("scripted") });

/** A pipeline on a scripted Kinesis and a manual clock. */
export async function scriptedPipeline(
  options: Partial<Config> = {},
  spool?: Spool,
  clock = new ManualClock(),
  loadShape?: LoadShape,
) {
  const kinesis = new ScriptedKinesis();
  const config = checkConfig({ insecure: true, ...options });
  const log = SILENT;
  const pipeline = new Pipeline(config, {
    clock,
    log,
    spool,
    put: kinesis.put,
    loadShape: loadShape ?? kinesis.loadShape,
  });
  await pipeline.start();
  const entrance = new Entrance(loadRules(config), clock);
  const operator = new Operator({ pipeline, entrance, config, clock, log, isStopping: () => false });
  const listener = listenerOptions(config, undefined);
  return { pipeline, kinesis, clock, operator, front: { entrance, listener } };
}
