/** A relay in this process, on a port of its own. */
import { checkConfig, jsonLog, makeClient, type Relay, startRelay } from "@tonearm/relay";
import { systemClock } from "@tonearm/sdk/ports";
import type { KinesisServer } from "./kinesis-servers.ts";

export interface TestRelay extends Relay {
  /** Everything the relay logged. */
  readonly logged: readonly string[];
  /** Reloads its configuration with other `options`, its files included; returns whether they are in force. */
  change(options: Readonly<Record<string, unknown>>): boolean;
}

/** Test servers can be slow: nothing is given up, and so nothing is put twice, for being slow alone. */
const PATIENT = { putTimeoutMs: 60_000, deliveryDeadlineMs: 60_000 };

/** Starts a relay on `stream`; `options` are those of its configuration. */
export async function startTestRelay(
  server: Pick<KinesisServer, "endpoint">,
  stream: string,
  options: Readonly<Record<string, unknown>> = {},
): Promise<TestRelay> {
  const standard = { stream, port: 0, insecure: true, aggregateAgeMs: 20, ...PATIENT };
  const config = checkConfig({ ...standard, ...options });
  const client = makeClient(
    { region: "us-east-1", endpoint: server.endpoint },
    { requestTimeoutMs: config.putTimeoutMs, connectionsMax: 8 },
  );
  const logged: string[] = [];
  const relay = await startRelay(
    config,
    client,
    systemClock,
    jsonLog((line) => logged.push(line), systemClock.wallMs),
  );
  const stop = async () => {
    const left = await relay.stop();
    client.destroy();
    return left;
  };
  const change = (changed: Readonly<Record<string, unknown>>) =>
    relay.reload(() => checkConfig({ ...standard, ...options, ...changed }));
  return { ...relay, logged, change, stop };
}
