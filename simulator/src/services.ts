/** The services that a demo starts, each in a process of its own: Kinesis and a relay. */
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";

export interface Service {
  /** What it said once it served: a URL. */
  readonly url: string;
  /** Ends it in its own way. Resolves to its exit code. */
  stop(): Promise<number>;
}

const relayCli = fileURLToPath(import.meta.resolve("@tonearm/relay/cli"));

/** A Kinesis (kinesalite) on `directory`. */
export async function startKinesis(directory: string): Promise<Service> {
  const child = start(["embedded-kinesis", "--dir", directory], "pipe", {});
  const url = await urlOf(child);
  const stop = async () => {
    child.stdin!.end();
    return exitOf(child);
  };
  return { url, stop };
}

export interface RelayPlace {
  readonly endpoint: string;
  readonly region: string;
  readonly stream: string;
  readonly shards: number;
  readonly writeKey: string;
}

/** A relay in front of a Kinesis-compatible server. */
export async function startRelayProcess(place: RelayPlace): Promise<Service> {
  const { endpoint, region, stream, shards, writeKey } = place;
  const target = [
    "--stream",
    stream,
    "--endpoint",
    endpoint,
    "--region",
    region,
    "--create-stream",
    String(shards),
  ];
  const child = start(["--port", "0", ...target], "ignore", { TONEARM_WRITE_KEYS: writeKey });
  const url = await urlOf(child);
  const stop = async () => {
    child.kill("SIGTERM");
    return exitOf(child);
  };
  return { url, stop };
}

function start(args: readonly string[], stdin: "pipe" | "ignore", env: Record<string, string>): ChildProcess {
  // Kinesis takes every signature here; AWS's SDK only insists on having something to sign with.
  const credentials = { AWS_ACCESS_KEY_ID: "demo", AWS_SECRET_ACCESS_KEY: "demo" };
  return spawn(process.execPath, [...process.execArgv, relayCli, ...args], {
    // What a relay logs during faults that are meant to happen is not for the demo's screen.
    stdio: [stdin, "pipe", process.env.TONEARM_DEMO_LOG ? "inherit" : "ignore"],
    env: { ...process.env, ...credentials, ...env },
    // A Ctrl-C is for the demo, which ends its services itself.
    detached: true,
  });
}

async function urlOf(child: ChildProcess): Promise<string> {
  const lines = createInterface({ input: child.stdout! });
  const line = await Promise.race([
    once(lines, "line").then(([text]) => String(text)),
    once(child, "exit").then(([code]) => {
      throw new Error(
        `a service ended with code ${code} before it served; TONEARM_DEMO_LOG=1 shows what it says`,
      );
    }),
  ]);
  return /https?:\/\/\S+/.exec(line)?.[0] ?? "";
}

async function exitOf(child: ChildProcess): Promise<number> {
  if (child.exitCode === null && child.signalCode === null) await once(child, "exit");
  return child.exitCode ?? 1;
}
