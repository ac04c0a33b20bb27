import {
  CreateStreamCommand,
  DescribeStreamSummaryCommand,
  type KinesisClient,
  ResourceInUseException,
} from "@aws-sdk/client-kinesis";
import { type Clock, sleep } from "@tonearm/sdk/ports";
import { isDenied, listShards } from "./stream-shape.ts";

const POLL_MS = 100;

/**
 * Makes a stream with `shardCount` shards if there is none of that name, and waits until it takes records.
 * @throws Error when it does not within `timeoutMs`.
 */
export async function createStream(
  client: KinesisClient,
  streamName: string,
  shardCount: number,
  clock: Clock,
  timeoutMs = 60_000,
): Promise<void> {
  try {
    await client.send(new CreateStreamCommand({ StreamName: streamName, ShardCount: shardCount }));
  } catch (error) {
    if (!(error instanceof ResourceInUseException)) throw error;
  }
  const deadlineMs = clock.monotonicMs() + timeoutMs;
  while (clock.monotonicMs() < deadlineMs) {
    if (await isReady(client, streamName)) return;
    await sleep(clock, POLL_MS);
  }
  throw new Error(`stream ${streamName} is still being created after ${timeoutMs} ms`);
}

/** Whoever may create a stream need not be allowed to describe it; its shards say as much. */
async function isReady(client: KinesisClient, streamName: string): Promise<boolean> {
  try {
    const { StreamDescriptionSummary: summary } = await client.send(
      new DescribeStreamSummaryCommand({ StreamName: streamName }),
    );
    return summary?.StreamStatus === "ACTIVE";
  } catch (error) {
    if (!isDenied(error)) throw error;
    return hasShards(client, streamName);
  }
}

/** A stream that is being created has no shards to list, or refuses to list them. */
async function hasShards(client: KinesisClient, streamName: string): Promise<boolean> {
  try {
    return (await listShards(client, streamName)).length > 0;
  } catch (error) {
    if (error instanceof ResourceInUseException) return false;
    throw error;
  }
}
