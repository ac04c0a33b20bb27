import type { Server } from "node:http";
import type { AddressInfo } from "node:net";
import type { KinesisClient } from "@aws-sdk/client-kinesis";
import type { Clock, DirectoryLock } from "@tonearm/sdk/ports";
import { ConfigError } from "./config/check.ts";
import { reloadInto } from "./config/reload.ts";
import type { Config } from "./config/schema.ts";
import { WriteKeys } from "./ingest/write-keys.ts";
import { createStream } from "./kinesis/create-stream.ts";
import { shapeLoader } from "./kinesis/stream-shape.ts";
import type { Log } from "./log.ts";
import { Operator } from "./operate/operator.ts";
import { makeOperatorServer } from "./operate/operator-server.ts";
import { Pipeline } from "./pipeline.ts";
import { putterFor } from "./put/putter.ts";
import { makeServer } from "./server.ts";
import { makeSpool } from "./spool/open-spool.ts";

/** A relay that serves. */
export interface Relay {
  readonly url: string;
  /** Where the operator's pages are: the same, unless they have a listener of their own. */
  readonly operatorUrl: string;
  readonly pipeline: Pipeline;
  /**
   * Puts what of a new configuration can change at once into force, and logs what had to wait for a restart.
   * @param load gives the new configuration; when it throws, the old one stays, and the log says why.
   * @returns whether it is in force.
   */
  reload(load: () => Config): boolean;
  /** Stops accepting, lets what was accepted arrive, and ends. Resolves to how many events did not arrive in time. */
  stop(): Promise<number>;
}

/**
 * Starts a relay.
 * @param given its configuration; what of it can change later does so in `reload`.
 * @param client made with one attempt per call.
 * @throws what keeps it from serving: a stream that does not exist, a spool that cannot be used, a port that is taken.
 */
export async function startRelay(
  given: Config,
  client: KinesisClient,
  clock: Clock,
  log: Log,
): Promise<Relay> {
  // The one object that everybody reads options from.
  const config = { ...given };
  if (config.createStream !== undefined) {
    await createStream(client, config.stream, config.createStream, clock).catch((error) =>
      cannotUse(config, error),
    );
  }
  const { spool, lock } = config.spool === undefined ? NO_SPOOL : makeSpool(config.spool, config, clock, log);
  try {
    const parts = {
      clock,
      log,
      spool,
      put: putterFor(client, config.stream),
      loadShape: shapeLoader(client, config.stream),
    };
    const pipeline = new Pipeline(config, parts);
    await pipeline.start().catch((error) => cannotUse(config, error));
    return await serve(config, pipeline, clock, log, lock);
  } catch (error) {
    lock?.release();
    throw error;
  }
}

/** @throws always: what kept the relay from starting, and where it looked. */
function cannotUse({ stream, endpoint, region }: Config, error: unknown): never {
  const where = endpoint ?? `AWS${region === undefined ? "" : ` in ${region}`}`;
  const reason = error instanceof Error ? `${error.name}: ${error.message}` : String(error);
  throw new Error(`stream ${stream} at ${where} cannot be used: ${reason}`, { cause: error });
}

async function serve(
  config: Config,
  pipeline: Pipeline,
  clock: Clock,
  log: Log,
  lock: DirectoryLock | undefined,
): Promise<Relay> {
  let stopping = false;
  const isStopping = () => stopping;
  const keys = new WriteKeys(keysOf(config));
  const operator = new Operator({ pipeline, config, clock, log, isStopping });
  const { operatorHost, operatorPort } = config;
  const showsPages = operatorPort === undefined;
  const corsOrigins = () => config.corsOrigins;
  const server = makeServer({ pipeline, operator, showsPages, keys, corsOrigins, clock, log, isStopping });
  const operatorServer = showsPages ? undefined : makeOperatorServer(operator, log);
  const operatorUrl = operatorServer && (await listen(operatorServer, operatorHost, operatorPort!));
  const url = await listen(server, config.host, config.port).catch((error: unknown) => {
    operatorServer?.close();
    throw error;
  });
  operator.start();
  const stop = async () => {
    stopping = true;
    const closed = new Promise((resolve) => server.close(resolve));
    const left = await pipeline.stop(config.shutdownMs);
    server.closeIdleConnections();
    // Answers to the last batches are being written; nothing else is worth waiting for.
    clock.after(ANSWERS_MS, () => server.closeAllConnections(), true);
    await closed;
    operator.stop();
    operatorServer?.close().closeAllConnections();
    lock?.release();
    return left;
  };
  const reload = (load: () => Config): boolean => {
    const change = reloadInto(config, load, log);
    keys.replace(keysOf(config));
    operator.reloaded(change);
    return change;
  };
  return { url, operatorUrl: operatorUrl ?? url, pipeline, reload, stop };
}

const ANSWERS_MS = 200;
const NO_SPOOL = { spool: undefined, lock: undefined };

const keysOf = ({ insecure, writeKeys }: Config): readonly string[] => (insecure ? [] : writeKeys);

/** @returns the listener's URL. @throws ConfigError when its address cannot be had. */
function listen(server: Server, host: string, port: number): Promise<string> {
  return new Promise((resolve, reject) => {
    server.once("error", (error: NodeJS.ErrnoException) => {
      const taken = error.code === "EADDRINUSE" ? `port ${port} of ${host} is taken` : error.message;
      reject(new ConfigError(`cannot listen: ${taken}`));
    });
    const spelled = host.includes(":") ? `[${host}]` : host;
    server.listen(port, host, () => resolve(`http://${spelled}:${(server.address() as AddressInfo).port}`));
  });
}
