import { systemClock } from "@tonearm/sdk/ports";
import { checkConfig } from "./config/check.ts";
import { helpFor, readFlags } from "./config/flags.ts";
import { CONFIG_FLAGS } from "./config/schema.ts";
import { firstSignal } from "./first-signal.ts";
import { openTarget } from "./kinesis/target.ts";
import { jsonLog } from "./log.ts";
import { startRelay } from "./relay.ts";

const EMBEDDED_SHARDS = 4;

export const SERVE_HELP = `tonearm-relay [options]          takes batches on /v1/batches and puts them into a Kinesis stream
tonearm-relay tail [options]     prints the records of a stream
tonearm-relay audit [options]    says whether everything is in a stream

One line on standard output once it serves: "listening on http://…". Write keys come from TONEARM_WRITE_KEYS: one, or two
with a comma between. SIGTERM lets what was accepted arrive, and ends with 0, or with 1 if something did not.

${helpFor(CONFIG_FLAGS)}`;

/** Serves until SIGTERM or SIGINT; then lets what was accepted arrive and ends with 0, or 1 if something did not. */
export async function serveCommand(args: readonly string[], cli: string): Promise<void> {
  const writeKeys = process.env.TONEARM_WRITE_KEYS?.split(",").filter((key) => key !== "") ?? [];
  const config = checkConfig({ ...readFlags(args, CONFIG_FLAGS), writeKeys });
  const log = jsonLog((line) => process.stderr.write(`${line}\n`), systemClock.wallMs, config.logLevel);
  const target = await openTarget(config, cli, {
    requestTimeoutMs: config.putTimeoutMs,
    connectionsMax: config.putsMax + 2,
  });
  const createStream = config.createStream ?? (config.embedded ? EMBEDDED_SHARDS : undefined);
  const relay = await startRelay({ ...config, createStream }, target.client, systemClock, log);
  if (config.insecure) log.warn("anybody may write: --insecure is set");
  console.log(`listening on ${relay.url}`);
  const signal = await firstSignal();
  log.info("shutting down", { signal });
  const left = await relay.stop();
  await target.close();
  if (left > 0) log.error("not everything arrived in time; its senders keep it", { events: left });
  process.exit(left > 0 ? 1 : 0);
}
