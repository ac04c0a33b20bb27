import { type ChildProcess, fork } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import type { Received } from "./receiver.ts";

/** A server that takes everything, in a process of its own. */
export interface Receiver {
  readonly url: string;
  /** How many requests have arrived so far. */
  requests(): Promise<number>;
  /** What has arrived so far. */
  report(): Promise<Received>;
  stop(): void;
}

export async function startReceiver(): Promise<Receiver> {
  const process = startChild("receiver.ts", []);
  const { port } = (await answerOf(process)) as { port: number };
  return {
    url: `http://127.0.0.1:${port}`,
    requests() {
      process.send("requests");
      return answerOf(process) as Promise<number>;
    },
    report() {
      process.send("report");
      return answerOf(process) as Promise<Received>;
    },
    stop: () => process.kill(),
  };
}

/** Starts a file of this directory in a fresh process. */
export function startChild(file: string, args: readonly string[]): ChildProcess {
  return fork(join(import.meta.dirname, file), args, {
    execArgv: ["--conditions=source", "--expose-gc"],
    stdio: ["ignore", 2, 2, "ipc"],
  });
}

/** A child's next message. @throws Error when it ends without one. */
export async function answerOf(process: ChildProcess): Promise<unknown> {
  const ended = once(process, "exit").then(([code]) => {
    throw new Error(`a process of the benchmark ended with ${code} before it had told anything`);
  });
  const [message] = (await Promise.race([once(process, "message"), ended])) as [unknown];
  ended.catch(() => undefined);
  return message;
}
