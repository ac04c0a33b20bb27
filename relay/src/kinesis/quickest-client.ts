import { KinesisClient, ListShardsCommand } from "@aws-sdk/client-kinesis";
import type { Log } from "../log.ts";
import { KinesisCborProtocol } from "./cbor-protocol.ts";

/**
 * Finds out whether the server of `client` speaks CBOR, by asking it for a shard of `streamName`.
 * @returns a client that does, over the same connections; or `client` itself, which speaks JSON as every server does.
 */
export async function quickestClient(
  client: KinesisClient,
  streamName: string,
  log: Log,
): Promise<KinesisClient> {
  // Whatever is not AWS's own has no connections to share.
  if (!(client instanceof KinesisClient)) return client;
  const { region, credentials, endpoint, requestHandler } = client.config;
  const speaker = new KinesisClient({
    region,
    credentials,
    ...(endpoint && { endpoint }),
    requestHandler,
    maxAttempts: 1,
    protocol: KinesisCborProtocol,
  });
  try {
    const { Shards: shards } = await speaker.send(
      new ListShardsCommand({ StreamName: streamName, MaxResults: 1 }),
    );
    if (typeof shards?.[0]?.ShardId === "string") return speaker;
    log.info("records go to Kinesis as JSON", { reason: "the answer in CBOR names no shard" });
  } catch (error) {
    log.info("records go to Kinesis as JSON", { reason: reasonOf(error) });
  }
  return client;
}

/** The reader of CBOR throws errors that have no name of their own, and sentences that help nobody. */
function reasonOf(error: unknown): string {
  const name = error instanceof Error ? error.name : "Error";
  return name === "Error" ? "the answer cannot be read as CBOR" : name;
}
