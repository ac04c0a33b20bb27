import {
  CreateStreamCommand,
  DescribeStreamSummaryCommand,
  type KinesisClient,
  ResourceInUseException,
} from "@aws-sdk/client-kinesis";
import { type Clock, sleep } from "@tonearm/sdk/ports";

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
    const { StreamDescriptionSummary: summary } = await client.send(
      new DescribeStreamSummaryCommand({ StreamName: streamName }),
    );
    if (summary?.StreamStatus === "ACTIVE") return;
    await sleep(clock, POLL_MS);
  }
  throw new Error(`stream ${streamName} is still being created after ${timeoutMs} ms`);
}
