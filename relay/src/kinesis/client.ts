import { Agent as HttpAgent } from "node:http";
import { Agent as HttpsAgent } from "node:https";
import { KinesisClient } from "@aws-sdk/client-kinesis";
import { NodeHttpHandler } from "@smithy/node-http-handler";

/** Where Kinesis is. */
export interface KinesisTarget {
  /** Default: AWS's standard chain: environment, profile, role. */
  readonly credentials?: { readonly accessKeyId: string; readonly secretAccessKey: string };
  /** Undefined: from the environment or the profile. */
  readonly region: string | undefined;
  /** Any server that speaks the Kinesis API; undefined: AWS. */
  readonly endpoint: string | undefined;
}

export interface ClientOptions {
  /** A call that takes longer has failed, in ms. */
  readonly requestTimeoutMs: number;
  /** Connections kept open; calls beyond wait. */
  readonly connectionsMax: number;
}

const CONNECT_TIMEOUT_MS = 3_000;

/**
 * A client over kept-alive HTTP/1.1 connections. AWS's default handler opens a TLS session for every request, and does
 * not speak to servers without TLS. One attempt: retrying is ours, record by record.
 */
export function makeClient(target: KinesisTarget, options: ClientOptions): KinesisClient {
  const agent = { keepAlive: true, maxSockets: options.connectionsMax };
  return new KinesisClient({
    ...(target.region !== undefined && { region: target.region }),
    ...(target.endpoint !== undefined && { endpoint: target.endpoint }),
    ...(target.credentials !== undefined && { credentials: target.credentials }),
    maxAttempts: 1,
    requestHandler: new NodeHttpHandler({
      httpAgent: new HttpAgent(agent),
      httpsAgent: new HttpsAgent(agent),
      connectionTimeout: CONNECT_TIMEOUT_MS,
      requestTimeout: options.requestTimeoutMs,
      throwOnRequestTimeout: true,
    }),
  });
}
