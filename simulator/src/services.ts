/** The services that a demo starts, each in a process of its own: Kinesis and a relay. */
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { ENDS_WITH_PARENT } from "@tonearm/relay/flags";

export interface Service {
  /** What it said once it served: a URL. */
  readonly url: string;
  /** Ends it in its own way. Resolves to its exit code. */
  stop(): Promise<number>;
}

export interface RelayPlace {
  readonly endpoint: string;
  readonly region: string;
  readonly stream: string;
  readonly shards: number;
  readonly writeKey: string;
}

const relayCli = fileURLToPath(import.meta.resolve("@tonearm/relay/cli"));

/** Starts services, and knows every process it has started, so that none is left behind. */
export class Services {
  readonly #children: ChildProcess[] = [];

  /** A Kinesis (kinesalite) on `directory`. */
  async startKinesis(directory: string): Promise<Service> {
    const child = this.#start(["embedded-kinesis", "--dir", directory], "pipe", {});
    return serving(child, () => child.stdin!.end());
  }

  /** A relay in front of a Kinesis-compatible server. */
  async startRelay({ endpoint, region, stream, shards, writeKey }: RelayPlace): Promise<Service> {
    const target = ["--stream", stream, "--endpoint", endpoint, "--region", region];
    const child = this.#start(["--port", "0", ...target, "--create-stream", String(shards)], "ignore", {
      TONEARM_WRITE_KEYS: writeKey,
      [ENDS_WITH_PARENT]: "1",
    });
    return serving(child, () => child.kill("SIGTERM"));
  }

  /** Ends what has not ended yet, at any moment and at once: whatever it still held is of no use to anybody. */
  async kill(): Promise<void> {
    await Promise.all(
      this.#children.splice(0).map((child) => {
        child.kill("SIGKILL");
        return exitOf(child);
      }),
    );
  }

  #start(args: readonly string[], stdin: "pipe" | "ignore", env: Record<string, string>): ChildProcess {
    // Kinesis takes every signature here; AWS's SDK only insists on having something to sign with.
    const credentials = { AWS_ACCESS_KEY_ID: "demo", AWS_SECRET_ACCESS_KEY: "demo" };
    const child = spawn(process.execPath, [...process.execArgv, relayCli, ...args], {
      // What a relay logs during faults that are meant to happen is not for the demo's screen.
      stdio: [stdin, "pipe", process.env.TONEARM_DEMO_LOG ? "inherit" : "ignore"],
      env: { ...process.env, ...credentials, ...env },
      // A Ctrl-C is for the demo, which ends its services itself.
      detached: true,
    });
    this.#children.push(child);
    return child;
  }
}

async function serving(child: ChildProcess, end: () => void): Promise<Service> {
  const url = await urlOf(child);
  const stop = async () => {
    end();
    return exitOf(child);
  };
  return { url, stop };
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
