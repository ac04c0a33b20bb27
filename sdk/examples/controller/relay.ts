/** A relay and the Kinesis behind it, as processes: the page talks to what a real one would talk to. */
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";

/** The relay's command, of this repository; the SDK depends on nothing of it. */
const CLI = fileURLToPath(new URL("../../../relay/src/main.ts", import.meta.url));
/** Any will do: Kinesis servers of one's own take every signature. */
const ENV = { ...process.env, AWS_ACCESS_KEY_ID: "example", AWS_SECRET_ACCESS_KEY: "example" };

export interface ExampleRelay {
  readonly url: URL;
  /** The verdict on every epoch in the stream, as `relay audit --json` prints it. */
  audit(): Promise<string>;
  stop(): Promise<void>;
}

export interface ExampleRelayOptions {
  /** A Kinesis to use; without it one is started, with its data in `directory`. */
  readonly kinesis: string | undefined;
  readonly stream: string;
  readonly directory: string;
  /** Origins whose pages may send. */
  readonly corsOrigins: readonly string[];
}

export async function startRelay(options: ExampleRelayOptions): Promise<ExampleRelay> {
  const kinesis = options.kinesis ? undefined : run(["embedded-kinesis", "--dir", options.directory]);
  const endpoint = options.kinesis ?? (await firstLine(kinesis!));
  const target = ["--endpoint", endpoint, "--region", "us-east-1", "--stream", options.stream];
  const origins = options.corsOrigins.flatMap((origin) => ["--cors-origin", origin]);
  const relay = run([...target, "--create-stream", "1", "--insecure", "--port", "0", ...origins]);
  const url = new URL((await firstLine(relay)).replace("listening on ", ""));
  const stop = async () => {
    await end(relay, () => relay.kill("SIGTERM"));
    // It ends when its standard input does.
    if (kinesis) await end(kinesis, () => kinesis.stdin?.end());
  };
  return { url, audit: () => output(run(["audit", ...target, "--json"])), stop };
}

/** A log of what only concerns the relay would hide the page's address. */
const run = (args: readonly string[]): ChildProcess =>
  spawn(process.execPath, ["--conditions=source", CLI, ...args], {
    stdio: ["pipe", "pipe", "ignore"],
    env: ENV,
  });

async function firstLine(child: ChildProcess): Promise<string> {
  const ended = once(child, "exit").then(([code]) => {
    throw new Error(
      `a process of the relay ended with ${code} before it served; try "pnpm relay" to see why`,
    );
  });
  const lines = createInterface({ input: child.stdout! });
  return Promise.race([once(lines, "line").then(([line]) => String(line)), ended]);
}

async function output(child: ChildProcess): Promise<string> {
  let text = "";
  child.stdout!.on("data", (bytes) => {
    text += bytes;
  });
  await once(child, "close");
  return text;
}

async function end(child: ChildProcess, ask: () => void): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const ended = once(child, "exit");
  ask();
  await ended;
}
