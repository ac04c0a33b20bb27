/** The processes of the benchmark, and what the system says that they cost. */
import { type ChildProcess, fork, spawn } from "node:child_process";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { ROOT } from "../../support/processes.ts";

/** A server under load. */
export interface Served {
  readonly pid: number;
  readonly url: string;
  /** What it has logged. */
  said(): string;
  /** Ends it, and says with which code it ended. */
  stop(): Promise<number | null>;
}

/** The system counts CPU time in hundredths of a second. */
const TICK_MS = 10;
const KIB = 1_024;

/** Starts a file of this directory in a fresh process. */
export function startChild(file: string, args: readonly string[]): ChildProcess {
  return fork(join(import.meta.dirname, file), args, {
    execArgv: ["--conditions=source", "--max-old-space-size=6000"],
    stdio: ["ignore", 2, 2, "ipc"],
  });
}

/** A child's next message. @throws Error when it ends without one. */
export async function answerOf(child: ChildProcess): Promise<unknown> {
  const ended = new AbortController();
  const { signal } = ended;
  const exited = once(child, "exit", { signal }).then(([code]) => {
    throw new Error(`a process of the benchmark ended with ${code} before it had told anything`);
  });
  exited.catch(() => undefined);
  try {
    const [message] = (await Promise.race([once(child, "message", { signal }), exited])) as [unknown];
    return message;
  } finally {
    ended.abort();
  }
}

/** Starts a server that says `listening on URL` once it serves. */
export async function serve(
  args: readonly string[],
  env: Readonly<Record<string, string>> = {},
  nodeArgs: readonly string[] = [],
): Promise<Served> {
  const child = spawn(process.execPath, ["--conditions=source", ...nodeArgs, ...args], {
    cwd: ROOT,
    env: { ...process.env, ...env },
    stdio: ["ignore", "pipe", "pipe"],
  });
  let said = "";
  child.stderr.on("data", (text) => {
    said += text;
  });
  const [line] = (await Promise.race([
    once(createInterface({ input: child.stdout }), "line"),
    once(child, "exit").then(([code]) => {
      throw new Error(`the server ended with ${code} before it served: ${said}`);
    }),
  ])) as [string];
  const stop = async () => {
    const ended = once(child, "exit");
    child.kill("SIGTERM");
    const [code] = (await ended) as [number | null];
    if (code !== 0) console.error(said);
    return code;
  };
  return { pid: child.pid!, url: line.replace("listening on ", ""), said: () => said, stop };
}

/** CPU time of a process and of those it started, all threads, in ms. */
export function cpuMs(pid: number): number {
  const stat = readFileSync(`/proc/${pid}/stat`, "latin1");
  // Fields 14 and 15, counted behind the name, which may hold anything: user and system time.
  const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
  const own = (Number(fields[11]) + Number(fields[12])) * TICK_MS;
  return childrenOf(pid).reduce((sum, child) => sum + cpuMs(child), own);
}

/** The most memory that a process and those it started have had resident, in bytes, summed. */
export function peakRssBytes(pid: number): number {
  const kib = /^VmHWM:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, "latin1"))?.[1];
  return childrenOf(pid).reduce((sum, child) => sum + peakRssBytes(child), Number(kib) * KIB);
}

const childrenOf = (pid: number): number[] =>
  readFileSync(`/proc/${pid}/task/${pid}/children`, "latin1").split(" ").filter(Boolean).map(Number);
