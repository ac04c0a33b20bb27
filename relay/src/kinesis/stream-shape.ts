import {
  DescribeStreamSummaryCommand,
  type KinesisClient,
  type Shard as KinesisShard,
  ListShardsCommand,
} from "@aws-sdk/client-kinesis";
import { LastingFailure, type LoadShape, type Shard } from "../aggregate/shard-map.ts";

/** Record limit of a stream that does not say another: 1 MiB. */
const RECORD_BYTES_STANDARD = 1_048_576;

/** Loads what the relay must know of a stream: open shards, who distributes records, how large they may be. */
export function shapeLoader(client: KinesisClient, streamName: string): LoadShape {
  return async () => {
    const [shards, summary] = await Promise.all([
      listShards(client, streamName),
      describe(client, streamName),
    ]).catch((error: unknown) => {
      throw lastingOr(error);
    });
    return { shards: shards.filter(isOpen).map(toShard), ...summary };
  };
}

/** Names that Kinesis, and AWS's SDK before it asks, have for what is wrong with a configuration. Expired credentials are renewed. */
const LASTING =
  /^(ResourceNotFound|Validation|InvalidArgument|UnrecognizedClient|InvalidSignature|IncompleteSignature|MissingAuthentication|OptInRequired|CredentialsProviderError)/;

/** The error, as a LastingFailure if it is one. */
export function lastingOr(error: unknown): unknown {
  if (!(error instanceof Error)) return error;
  const isLasting = LASTING.test(error.name) || isDenied(error) || error.message === "Region is missing";
  return isLasting ? new LastingFailure(error) : error;
}

/** All shards of a stream, closed ones too. */
export async function listShards(client: KinesisClient, streamName: string): Promise<KinesisShard[]> {
  const shards: KinesisShard[] = [];
  let nextToken: string | undefined;
  do {
    const page = await client.send(
      new ListShardsCommand(nextToken === undefined ? { StreamName: streamName } : { NextToken: nextToken }),
    );
    shards.push(...(page.Shards ?? []));
    nextToken = page.NextToken;
  } while (nextToken !== undefined);
  return shards;
}

/**
 * Under AUTO distribution Kinesis ignores keys and consumers drop aggregates without a word, so nothing is aggregated;
 * nor is it when the permission to ask is missing, because then nobody knows.
 */
async function describe(client: KinesisClient, streamName: string) {
  try {
    const { StreamDescriptionSummary: summary } = await client.send(
      new DescribeStreamSummaryCommand({ StreamName: streamName }),
    );
    const recordBytesMax = (summary?.MaxRecordSizeInKiB ?? 0) * 1_024 || RECORD_BYTES_STANDARD;
    const isAuto = summary?.RecordDistributionStrategy === "AUTO";
    return {
      aggregationOff: isAuto ? "the stream distributes records by itself (AUTO)" : undefined,
      isAuto,
      recordBytesMax,
    };
  } catch (error) {
    if (!isDenied(error)) throw error;
    const aggregationOff =
      "DescribeStreamSummary is denied, so nobody knows whether the stream is in AUTO distribution";
    return { aggregationOff, isAuto: false, recordBytesMax: RECORD_BYTES_STANDARD };
  }
}

/** Whether Kinesis refuses a call for want of a permission. */
export function isDenied(error: unknown): boolean {
  return error instanceof Error && /AccessDenied|Unauthorized|NotAuthorized/.test(error.name);
}

/** ListShards has a filter for open shards, but not every server honours it. */
const isOpen = (shard: KinesisShard): boolean =>
  shard.SequenceNumberRange?.EndingSequenceNumber === undefined;

function toShard({ ShardId, HashKeyRange }: KinesisShard): Shard {
  return {
    shardId: ShardId ?? "",
    startingHashKey: BigInt(HashKeyRange?.StartingHashKey ?? 0),
    endingHashKey: BigInt(HashKeyRange?.EndingHashKey ?? 0),
  };
}
