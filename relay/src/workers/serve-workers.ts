import { systemClock } from "@tonearm/sdk/ports";
import type { Config } from "../config/schema.ts";
import { firstSignal } from "../first-signal.ts";
import {
  EMBEDDED_CREDENTIALS,
  EMBEDDED_REGION,
  type EmbeddedKinesis,
  startEmbeddedKinesis,
} from "../kinesis/embedded.ts";
import type { Log } from "../log.ts";
import { startWorker } from "./cluster.ts";
import { Primary, type Serving } from "./primary.ts";

/** Tells a worker where the embedded Kinesis is that the first process started. */
export const EMBEDDED_ENDPOINT = "TONEARM_EMBEDDED_ENDPOINT";
/** So much longer than a worker may take to finish it is waited for before it is killed. */
const GRACE_MS = 5_000;

/** Serves with `count` workers until SIGTERM or SIGINT; ends as the command without workers does. */
export async function serveWithWorkers(config: Config, count: number, cli: string, log: Log): Promise<never> {
  if (count > config.workers)
    log.warn("spools of more workers are left here, and as many workers are started", { workers: count });
  const embedded = config.embedded ? await startEmbeddedKinesis(cli, config.embeddedDir) : undefined;
  const environment = environmentOf(embedded);
  const primary = new Primary({
    count,
    start: (number, where) => startWorker({ number, count, ...(where && portsOf(where)) }, environment),
    epochsMax: config.resendEpochsMax,
    clock: systemClock,
    log,
  });
  const signalled = firstSignal();
  const serving = await Promise.race([primary.start(), signalled]);
  if (typeof serving === "number") {
    await embedded?.stop();
    process.exit(serving);
  }
  if (typeof serving === "object") {
    if (serving.operatorUrl !== serving.url) log.info("the operator's pages", { url: serving.operatorUrl });
    console.log(`listening on ${serving.url}`);
  }
  process.on("SIGHUP", () => primary.reload());
  log.info("shutting down", { signal: await signalled });
  const code = await primary.stop(config.shutdownMs + GRACE_MS);
  await embedded?.stop();
  process.exit(code);
}

/** When all workers die at once their ports are free again, and would be others if they were chosen by the system. */
const portsOf = ({ url, operatorUrl }: Serving) => ({
  port: Number(new URL(url).port),
  operatorPort: Number(new URL(operatorUrl).port),
});

function environmentOf(embedded: EmbeddedKinesis | undefined): Record<string, string> {
  if (!embedded) return {};
  return {
    [EMBEDDED_ENDPOINT]: embedded.endpoint,
    AWS_REGION: EMBEDDED_REGION,
    AWS_ACCESS_KEY_ID: EMBEDDED_CREDENTIALS.accessKeyId,
    AWS_SECRET_ACCESS_KEY: EMBEDDED_CREDENTIALS.secretAccessKey,
  };
}
