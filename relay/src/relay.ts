import type { Server } from "node:http";
import { Server as TlsServer } from "node:https";
import type { AddressInfo } from "node:net";
import type { KinesisClient } from "@aws-sdk/client-kinesis";
import type { Clock, DirectoryLock } from "@tonearm/sdk/ports";
import { Entrance, type EntranceRules } from "./access/entrance.ts";
import { loadRules, loadTls, type TlsFiles } from "./access/load-rules.ts";
import { LastingFailure } from "./aggregate/shard-map.ts";
import { ConfigError } from "./config/check.ts";
import { reloadInto } from "./config/reload.ts";
import type { Config } from "./config/schema.ts";
import { createStream } from "./kinesis/create-stream.ts";
import { reachStream } from "./kinesis/reach-stream.ts";
import { lastingOr } from "./kinesis/stream-shape.ts";
import { listenerOptions, secureContext } from "./listener.ts";
import type { Log } from "./log.ts";
import { nodeFault } from "./node-version.ts";
import { Operator } from "./operate/operator.ts";
import { makeOperatorServer } from "./operate/operator-server.ts";
import { Pipeline } from "./pipeline.ts";
import { makeServer } from "./server.ts";
import { makeSpool } from "./spool/open-spool.ts";
import type { Colleagues, Desk } from "./workers/colleagues.ts";

/** A relay that serves. */
export interface Relay {
  readonly url: string;
  /** Where the operator's pages are: the same, unless they have a listener of their own. */
  readonly operatorUrl: string;
  readonly pipeline: Pipeline;
  /**
   * Puts what of a new configuration can change at once into force, and logs what had to wait for a restart. Files of
   * certificates and revocations are read again.
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
 * @param colleagues the other workers, where this is one of several.
 * @throws what keeps it from serving: a stream that does not exist, or without a spool one that cannot be reached; a spool that cannot be used, a port that is taken.
 */
export async function startRelay(
  given: Config,
  client: KinesisClient,
  clock: Clock,
  log: Log,
  colleagues?: Colleagues,
): Promise<Relay> {
  const fault = nodeFault(process.versions.node);
  if (fault !== undefined) throw new ConfigError(fault);
  // The one object that everybody reads options from.
  const config = { ...given };
  const door = loadDoor(config);
  const unmade = await createIfAsked(config, client, clock).catch((error) => cannotUse(config, error));
  const { spool, lock } = config.spool === undefined ? NO_SPOOL : makeSpool(config.spool, config, clock, log);
  try {
    const parts = {
      clock,
      log,
      spool,
      colleagues,
      ...reachStream(client, { ...config, createStream: unmade }, clock, log),
    };
    const pipeline = new Pipeline(config, parts);
    const served = await serve(config, door, pipeline, { clock, log, lock, colleagues });
    // Only now that nothing else is in the way: a start that fails, and is tried again and again, leaves nothing in the spool.
    await pipeline.start().catch((error) => {
      served.close();
      cannotUse(config, error);
    });
    served.operator.start();
    return served.relay;
  } catch (error) {
    lock?.release();
    throw error;
  }
}

/**
 * Makes the stream that is to be made. @returns with how many shards it is still to be made, because Kinesis is away and the
 * relay can do without it for a while; undefined when there is nothing to make any more.
 */
async function createIfAsked(
  { stream, createStream: shardCount, spool }: Config,
  client: KinesisClient,
  clock: Clock,
): Promise<number | undefined> {
  if (shardCount === undefined) return undefined;
  try {
    await createStream(client, stream, shardCount, clock);
    return undefined;
  } catch (error) {
    if (spool === undefined || lastingOr(error) instanceof LastingFailure) throw error;
    return shardCount;
  }
}

/** @throws always: what kept the relay from starting, and where it looked. */
function cannotUse({ stream, endpoint, region }: Config, error: unknown): never {
  const where = endpoint ?? `AWS${region === undefined ? "" : ` in ${region}`}`;
  const reason = error instanceof Error ? `${error.name}: ${error.message}` : String(error);
  throw new Error(`stream ${stream} at ${where} cannot be used: ${reason}`, { cause: error });
}

/** What stands between strangers and the pipeline. */
interface Door {
  readonly rules: EntranceRules;
  readonly tls: TlsFiles | undefined;
}

const loadDoor = (config: Config): Door => ({ rules: loadRules(config), tls: loadTls(config) });

interface ServedWith {
  readonly clock: Clock;
  readonly log: Log;
  readonly lock: DirectoryLock | undefined;
  readonly colleagues: Colleagues | undefined;
}

/** A relay that listens, and answers that it is starting until its pipeline has. */
interface Served {
  readonly relay: Relay;
  readonly operator: Operator;
  /** Listens no more: the start has failed. */
  close(): void;
}

async function serve(
  config: Config,
  door: Door,
  pipeline: Pipeline,
  { clock, log, lock, colleagues }: ServedWith,
): Promise<Served> {
  let stopping = false;
  const isStopping = () => stopping;
  const entrance = new Entrance(door.rules, clock, colleagues);
  const common = { pipeline, clock, log, isStopping };
  const operator = new Operator({ ...common, entrance, config, colleagues });
  // Before the first request, which may be one for another worker too.
  colleagues?.open(deskOf(pipeline, operator, entrance));
  const { operatorHost, operatorPort } = config;
  const showsPages = operatorPort === undefined;
  const corsOrigins = () => config.corsOrigins;
  const listener = listenerOptions(config, door.tls);
  const server = makeServer({ listener, entrance, ...common, operator, showsPages, corsOrigins });
  const operatorServer = showsPages ? undefined : makeOperatorServer(operator, log);
  const operatorUrl = operatorServer && (await listen(operatorServer, operatorHost, operatorPort!));
  const url = await listen(server, config.host, config.port).catch((error: unknown) => {
    operatorServer?.close();
    throw error;
  });
  const stop = async () => {
    stopping = true;
    const closed = new Promise((resolve) => server.close(resolve));
    const left = await pipeline.stop(config.shutdownMs);
    server.closeIdleConnections();
    // Answers to the last batches are being written; nothing else is worth waiting for.
    clock.after(ANSWERS_MS, () => server.closeAllConnections(), true);
    await closed;
    operator.stop(left);
    operatorServer?.close().closeAllConnections();
    lock?.release();
    return left;
  };
  const close = () => {
    for (const each of [server, operatorServer]) each?.close().closeAllConnections();
  };
  const reload = reloader(config, door, { entrance, server, operator, log });
  return { relay: { url, operatorUrl: operatorUrl ?? url, pipeline, reload, stop }, operator, close };
}

/** What a reload puts new rules into. */
interface Reloaded {
  readonly entrance: Entrance;
  readonly server: Server;
  readonly operator: Operator;
  readonly log: Log;
}

const reloader =
  (config: Config, door: Door, { entrance, server, operator, log }: Reloaded): Relay["reload"] =>
  (load) => {
    let next = door;
    const isTaken = reloadInto(
      config,
      () => {
        const loaded = load();
        // What has to wait for a restart decides as it did.
        next = loadDoor({ ...loaded, insecure: config.insecure, tlsClientCaFile: config.tlsClientCaFile });
        return loaded;
      },
      log,
    );
    if (isTaken) {
      entrance.replace(next.rules);
      if (next.tls && server instanceof TlsServer) server.setSecureContext(secureContext(next.tls));
      if (config.revokedFile !== undefined) log.info("revoked from now on", countsOf(next.rules));
    }
    operator.reloaded(isTaken);
    return isTaken;
  };

const countsOf = ({ grants: { revoked } }: EntranceRules) => ({
  devices: revoked.devices.size,
  tokens: revoked.tokens.size,
  certificates: revoked.certificates.size,
});

const deskOf = (pipeline: Pipeline, operator: Operator, entrance: Entrance): Desk => ({
  adopt: (epochKey, accepted) => pipeline.adopt(epochKey, accepted),
  release: (epochKey) => pipeline.release(epochKey),
  isHeld: (device) => pipeline.keeper.isHeld(device),
  keep: (batch) => pipeline.keeper.keep(batch),
  addOthers: (spent) => entrance.addOthers(spent),
  figures: (path) => operator.figures(path),
});

const ANSWERS_MS = 200;
const NO_SPOOL = { spool: undefined, lock: undefined };

/** @returns the listener's URL. @throws ConfigError when its address cannot be had. */
function listen(server: Server, host: string, port: number): Promise<string> {
  return new Promise((resolve, reject) => {
    server.once("error", (error: NodeJS.ErrnoException) => {
      const taken = error.code === "EADDRINUSE" ? `port ${port} of ${host} is taken` : error.message;
      reject(new ConfigError(`cannot listen: ${taken}`));
    });
    const spelled = host.includes(":") ? `[${host}]` : host;
    const scheme = server instanceof TlsServer ? "https" : "http";
    server.listen(port, host, () =>
      resolve(`${scheme}://${spelled}:${(server.address() as AddressInfo).port}`),
    );
  });
}
