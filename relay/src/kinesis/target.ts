import type { KinesisClient } from "@aws-sdk/client-kinesis";
import { type ClientOptions, makeClient } from "./client.ts";
import { EMBEDDED_CREDENTIALS, EMBEDDED_REGION, startEmbeddedKinesis } from "./embedded.ts";

/** Where a stream is, as an operator says it. */
export interface TargetOptions {
  readonly stream: string;
  readonly region?: string | undefined;
  readonly endpoint?: string | undefined;
  readonly embedded: boolean;
  readonly embeddedDir: string;
}

/** A client, and what to end when it is no longer needed. */
export interface OpenedTarget {
  readonly client: KinesisClient;
  close(): Promise<void>;
}

/**
 * Opens the way to a stream; starts the embedded server when it is asked for.
 * @param cli the relay's CLI file.
 */
export async function openTarget(
  options: TargetOptions,
  cli: string,
  client: ClientOptions,
): Promise<OpenedTarget> {
  const embedded = options.embedded ? await startEmbeddedKinesis(cli, options.embeddedDir) : undefined;
  const opened = makeClient(
    {
      region: options.region ?? (embedded && EMBEDDED_REGION),
      endpoint: embedded?.endpoint ?? options.endpoint,
      ...(embedded && { credentials: EMBEDDED_CREDENTIALS }),
    },
    client,
  );
  const close = async () => {
    opened.destroy();
    await embedded?.stop();
  };
  return { client: opened, close };
}
