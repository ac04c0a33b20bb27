import { ExpiredIteratorException, type KinesisClient } from "@aws-sdk/client-kinesis";
import { awsError, scriptedClient } from "./scripted-client.ts";

/** A shard of a stream that a test plays. */
export interface ScriptedShard {
  readonly shardId: string;
  readonly parents?: readonly string[];
  /** Both ends included; default: all hash keys. */
  readonly range?: readonly [from: bigint, to: bigint];
  readonly records: Uint8Array[];
  /** Nothing more comes: its iterator ends behind its last record. */
  closed?: boolean;
}

/** What a test may do to one GetRecords: throw, wait, or have it answered with nothing although there is something. */
type Meddle = (shardId: string, index: number) => "empty" | undefined | Promise<void>;

/** The reading side of Kinesis, played: records by shard, iterators that are positions. */
export class ScriptedStream {
  readonly shards: ScriptedShard[];
  /** GetRecords as they came: where, from which record, how many. */
  readonly reads: { readonly shardId: string; readonly index: number; readonly limit: number }[] = [];
  /** GetShardIterator as they came: where, and from what. */
  readonly iterators: string[] = [];
  meddle: Meddle = () => undefined;
  readonly client: KinesisClient;

  constructor(shards: readonly ScriptedShard[]) {
    this.shards = [...shards];
    this.client = scriptedClient({
      ListShards: () => ({ Shards: this.shards.map(toKinesis) }),
      GetShardIterator: (input) => this.#iterator(input),
      GetRecords: (input) => this.#records(input),
    });
  }

  #iterator({ ShardId, ShardIteratorType, StartingSequenceNumber }: Readonly<Record<string, unknown>>) {
    const behind = StartingSequenceNumber === undefined ? "" : ` ${String(StartingSequenceNumber)}`;
    this.iterators.push(`${String(ShardId)} ${String(ShardIteratorType)}${behind}`);
    const shard = this.#shard(ShardId);
    const positions: Record<string, number> = {
      TRIM_HORIZON: 0,
      LATEST: shard.records.length,
      AFTER_SEQUENCE_NUMBER: Number(StartingSequenceNumber) + 1,
    };
    return { ShardIterator: `${shard.shardId} ${positions[String(ShardIteratorType)]}` };
  }

  async #records({ ShardIterator, Limit }: Readonly<Record<string, unknown>>) {
    const [shardId = "", at] = String(ShardIterator).split(" ");
    const shard = this.#shard(shardId);
    const index = Number(at);
    this.reads.push({ shardId, index, limit: Number(Limit) });
    const isEmpty = (await this.meddle(shardId, index)) === "empty";
    const taken = isEmpty ? [] : shard.records.slice(index, index + Number(Limit));
    const next = index + taken.length;
    const isOver = shard.closed === true && next === shard.records.length && !isEmpty;
    return {
      Records: taken.map((Data, i) => ({ Data, PartitionKey: "k", SequenceNumber: String(index + i) })),
      MillisBehindLatest: 0,
      ...(!isOver && { NextShardIterator: `${shardId} ${next}` }),
    };
  }

  #shard(shardId: unknown): ScriptedShard {
    const shard = this.shards.find((each) => each.shardId === shardId);
    if (!shard) throw awsError("ResourceNotFoundException");
    return shard;
  }
}

function toKinesis({
  shardId,
  parents: [parent, adjacent] = [],
  range = [0n, 2n ** 128n - 1n],
}: ScriptedShard) {
  return {
    ShardId: shardId,
    ParentShardId: parent,
    AdjacentParentShardId: adjacent,
    HashKeyRange: { StartingHashKey: String(range[0]), EndingHashKey: String(range[1]) },
  };
}

/** What Kinesis says of an iterator older than five minutes. */
export const expired = (): Error =>
  new ExpiredIteratorException({ message: "scripted", $metadata: { httpStatusCode: 400 } });
