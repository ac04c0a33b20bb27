/** A relay as a process of its own, so that it can be killed and weighed. */
import { readFileSync } from "node:fs";
import { type Running, start } from "./processes.ts";

/** What a test looks at in a relay's status. */
interface RelayStatus {
  readonly book: Readonly<Record<string, number>>;
  readonly circuit: string;
  readonly spool: { readonly batches: number; readonly bytes: number; readonly drain_bytes_per_s: number };
  readonly dead_letters: { readonly batches: number };
}

export interface RelayProcess {
  readonly url: string;
  readonly running: Running;
  status(): Promise<RelayStatus>;
  /** Resident memory in bytes. */
  rss(): number;
  /** kill -9. */
  kill(): Promise<void>;
  /** SIGTERM; resolves to the exit code. */
  stop(): Promise<number | null>;
}

/**
 * Starts a relay with these options, named as in its configuration, and waits until it listens.
 * @param env further variables of its environment.
 */
export async function startRelayProcess(
  options: Readonly<Record<string, string | number>>,
  env: Readonly<Record<string, string>> = {},
): Promise<RelayProcess> {
  const flags = Object.entries(options).flatMap(([name, value]) => [
    `--${name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`,
    String(value),
  ]);
  const running = start("relay", ["--insecure", "--region", "us-east-1", ...flags], {
    AWS_ACCESS_KEY_ID: "test",
    AWS_SECRET_ACCESS_KEY: "test",
    ...env,
  });
  const line = await running.line();
  const url = line.slice(line.indexOf("http"));
  const end = async (signal: "SIGKILL" | "SIGTERM") => {
    running.child.kill(signal);
    return (await running.finished).code;
  };
  return {
    url,
    running,
    status: async () => (await (await fetch(`${url}/status.json`)).json()) as RelayStatus,
    rss: () =>
      1_024 * Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${running.child.pid}/status`, "utf8"))![1]),
    kill: () => end("SIGKILL").then(() => undefined),
    stop: () => end("SIGTERM"),
  };
}
