import { inTime, systemClock } from "@tonearm/sdk/ports";
import { helpFor } from "./config/flags.ts";
import { COMMAND_FLAGS, loadConfig } from "./config/load.ts";
import { printed } from "./config/print.ts";
import { CONFIG_FLAGS, type Config } from "./config/schema.ts";
import { firstSignal } from "./first-signal.ts";
import { openTarget } from "./kinesis/target.ts";
import { type JsonLog, jsonLog } from "./log.ts";
import { startRelay } from "./relay.ts";
import { ownLink, ownPlace, type Place } from "./workers/cluster.ts";
import { EMBEDDED_ENDPOINT, serveWithWorkers } from "./workers/serve-workers.ts";
import { shareOf, workersNeeded } from "./workers/share.ts";
import { WorkerLink } from "./workers/worker.ts";

const EMBEDDED_SHARDS = 4;
/** A disk that does not answer could hold an end up for ever: so long after the deadline it is over, in ms. */
const LATE_MS = 5_000;

export const SERVE_HELP = `tonearm-relay [options]          takes batches on /v1/batches and puts them into a Kinesis stream
tonearm-relay tail [options]     prints the records of a stream
tonearm-relay audit [options]    says whether everything is in a stream
tonearm-relay dead-letter        lists what was accepted and can be brought nowhere
tonearm-relay token [options]    issues a device token

One line on standard output once it serves: "listening on http://…". Options are flags, variables of the environment
(--aggregate-age-ms is TONEARM_AGGREGATE_AGE_MS) or names in a JSON file (aggregateAgeMs), in this order. Secrets are never
flags: TONEARM_WRITE_KEYS is one key, or two with a comma between; TONEARM_WRITE_KEYS_FILE names a file with them, one a line.
So are TONEARM_TOKEN_KEYS and TONEARM_PSEUDONYM_KEY, whose keys have names: NAME:SECRET, the secret as base64url of 32 bytes.
SIGHUP reads all of it again. SIGTERM lets what was accepted arrive, and ends with 0, or with 1 if something did not.

${helpFor(COMMAND_FLAGS)}

${helpFor(CONFIG_FLAGS)}`;

/** Serves until SIGTERM or SIGINT; then lets what was accepted arrive and ends with 0, or 1 if something did not. */
export async function serveCommand(args: readonly string[], cli: string): Promise<void> {
  const loaded = loadConfig(args);
  if (loaded.isCheck) {
    console.log(printed(loaded));
    return;
  }
  const place = ownPlace();
  const log = jsonLog(
    (line) => process.stderr.write(`${line}\n`),
    systemClock.wallMs,
    loaded.config.logLevel,
    place && { worker: place.number },
  );
  if (!place) for (const warning of loaded.warnings) log.warn(warning);
  const workers = place?.count ?? workersNeeded(loaded.config);
  if (!place && workers > 1) await serveWithWorkers(loaded.config, workers, cli, log);
  await serve(() => configOf(loadConfig(args).config, place), cli, log, place);
}

/** This process's part of the configuration. */
function configOf(whole: Config, place: Place | undefined): Config {
  const config = {
    ...whole,
    createStream: whole.createStream ?? (whole.embedded ? EMBEDDED_SHARDS : undefined),
  };
  if (!place) return config;
  const endpoint = process.env[EMBEDDED_ENDPOINT] ?? config.endpoint;
  const { number, count, port = config.port, operatorPort = 0 } = place;
  const ports = config.operatorPort === 0 ? { port, operatorPort } : { port };
  return shareOf({ ...config, ...ports, embedded: false, endpoint }, number, count);
}

function warnOf(config: Config, log: JsonLog): void {
  if (config.insecure) log.warn("anybody may write: --insecure is set");
  if (process.getuid?.() === 0) log.warn("the relay runs as root, and needs nothing that only root may do");
}

/** Serves in this process. */
async function serve(
  load: () => Config,
  cli: string,
  log: JsonLog,
  place: Place | undefined,
): Promise<never> {
  const config = load();
  const link = place && new WorkerLink(ownLink, place, config.resendEpochsMax, systemClock, log);
  const target = await openTarget(config, cli, {
    requestTimeoutMs: config.putTimeoutMs,
    connectionsMax: config.putsMax + 2,
  });
  const relay = await startRelay(config, target.client, systemClock, log, link);
  // Of several workers, one says it for all.
  if ((place?.number ?? 1) === 1) warnOf(config, log);
  if (link) link.serving(relay.url, relay.operatorUrl);
  else {
    if (relay.operatorUrl !== relay.url) log.info("the operator's pages", { url: relay.operatorUrl });
    console.log(`listening on ${relay.url}`);
  }
  process.on("SIGHUP", () => {
    let { logLevel } = config;
    const isTaken = relay.reload(() => {
      const next = load();
      logLevel = next.logLevel;
      return next;
    });
    if (isTaken) log.setLevel(logLevel);
  });
  const signal = await Promise.race([firstSignal(), ...(link ? [link.stopped] : [])]);
  if (signal !== undefined) log.info("shutting down", { signal });
  const left = await inTime(systemClock, relay.stop(), config.shutdownMs + LATE_MS);
  const { batches, bytes } = relay.pipeline.spooled;
  if (left === undefined) log.error("the end takes too long and is broken off", { batches, bytes });
  else await target.close();
  process.exit(left === 0 ? 0 : 1);
}
