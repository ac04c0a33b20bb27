import type { KinesisClient } from "@aws-sdk/client-kinesis";
import { type Clock, inTime } from "@tonearm/sdk/ports";
import type { LoadShape } from "../aggregate/shard-map.ts";
import type { Log } from "../log.ts";
import { type PutRecords, putterFor } from "../put/putter.ts";
import { createStream } from "./create-stream.ts";
import { quickestClient } from "./quickest-client.ts";
import { lastingOr, shapeLoader } from "./stream-shape.ts";

export interface StreamOptions {
  readonly stream: string;
  /** With so many shards it is made if there is none of that name. */
  readonly createStream?: number | undefined;
  readonly putTimeoutMs: number;
}

/** The way to a stream. */
export interface StreamWay {
  readonly put: PutRecords;
  readonly loadShape: LoadShape;
}

/**
 * The way to a stream that may be away now: with the first look that succeeds, whenever that is, the stream is made if that
 * was asked for, and it is found out which protocol its server speaks.
 */
export function reachStream(
  client: KinesisClient,
  options: StreamOptions,
  clock: Clock,
  log: Log,
): StreamWay {
  const { stream, createStream: shardCount, putTimeoutMs } = options;
  const loadShape = shapeLoader(client, stream);
  let put = putterFor(client, stream, clock, putTimeoutMs);
  let isReached = false;
  const reach: LoadShape = async () => {
    if (shardCount !== undefined)
      await createStream(client, stream, shardCount, clock).catch((error: unknown) => {
        throw lastingOr(error);
      });
    const shape = await loadShape();
    // One that speaks JSON and says nothing at all to CBOR is not waited for longer than a look may take.
    const quickest = await inTime(clock, quickestClient(client, stream, log), putTimeoutMs / 2);
    put = putterFor(quickest ?? client, stream, clock, putTimeoutMs);
    isReached = true;
    return shape;
  };
  return { put: (entries) => put(entries), loadShape: () => (isReached ? loadShape() : reach()) };
}
