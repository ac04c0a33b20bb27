import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdirSync } from "node:fs";
import type { AddressInfo } from "node:net";
import { createInterface } from "node:readline";
import { parseArgs } from "node:util";
import { ListStreamsCommand } from "@aws-sdk/client-kinesis";
import { makeClient } from "./client.ts";

/** A Kinesis of our own, on disk, in a process of its own. */
export interface EmbeddedKinesis {
  readonly endpoint: string;
  stop(): Promise<void>;
}

/** The command of the relay's CLI that is the server's process. */
export const EMBEDDED_COMMAND = "embedded-kinesis";

const SHARDS_MAX = 1_000;
/** A stream takes this long to be created, split or deleted: as short as the server can. */
const STATE_CHANGE_MS = 20;

export const EMBEDDED_REGION = "us-east-1";
/** AWS's SDK signs requests for any server; the embedded one takes every signature. */
export const EMBEDDED_CREDENTIALS = { accessKeyId: "embedded", secretAccessKey: "embedded" };

/**
 * Starts the server on `directory`. It ends with this process, however this process ends.
 * @param cli the relay's CLI file.
 */
export async function startEmbeddedKinesis(cli: string, directory: string): Promise<EmbeddedKinesis> {
  const child = spawn(process.execPath, [...process.execArgv, cli, EMBEDDED_COMMAND, "--dir", directory], {
    stdio: ["pipe", "pipe", "inherit"],
  });
  const endpoint = await firstLine(child);
  return { endpoint, stop: () => stop(child) };
}

function firstLine(child: ChildProcess): Promise<string> {
  return new Promise((resolve, reject) => {
    const lines = createInterface({ input: child.stdout! });
    lines.once("line", resolve);
    child.once("exit", (code) =>
      reject(new Error(`the embedded Kinesis ended with code ${code} before it served`)),
    );
    child.once("error", reject);
  });
}

async function stop(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const ended = new Promise((resolve) => child.once("exit", resolve));
  child.stdin!.end();
  await ended;
}

/** The server's process: serves until its standard input ends. */
export async function serveEmbeddedKinesis(args: readonly string[]): Promise<void> {
  const { values } = parseArgs({ args: [...args], options: { dir: { type: "string" } } });
  const directory = values.dir ?? "";
  mkdirSync(directory, { recursive: true });
  const { default: kinesalite } = await importKinesalite();
  process.on("uncaughtException", (error: NodeJS.ErrnoException) => survive(error, directory));
  const server = kinesalite({
    path: directory,
    createStreamMs: STATE_CHANGE_MS,
    deleteStreamMs: STATE_CHANGE_MS,
    updateStreamMs: STATE_CHANGE_MS,
    shardLimit: SHARDS_MAX,
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const endpoint = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  await untilOpen(endpoint);
  console.log(endpoint);
  const end = () => {
    server.closeAllConnections();
    server.close(() => process.exit(0));
  };
  process.stdin.on("end", end).resume();
  // A signal reaches the whole group: the relay decides when this process ends, so that it can drain.
  for (const signal of ["SIGINT", "SIGTERM"] as const) process.on(signal, () => undefined);
}

/** The server throws when a client goes away in the middle of a request; that concerns nobody else. */
function survive(error: NodeJS.ErrnoException, directory: string): void {
  if (error.code === "ECONNRESET" || error.code === "ECONNABORTED") return;
  const isTaken = error.name === "OpenError" && /lock/i.test(error.message);
  const sentence = isTaken
    ? `${directory} is in use by another embedded Kinesis; end it, or read through its relay's --endpoint`
    : (error.stack ?? error.message);
  console.error(`embedded Kinesis: ${sentence}`);
  process.exit(1);
}

/** The server listens before its database is open: ask it something that needs the database. */
async function untilOpen(endpoint: string): Promise<void> {
  const target = { endpoint, region: EMBEDDED_REGION, credentials: EMBEDDED_CREDENTIALS };
  const client = makeClient(target, { requestTimeoutMs: 10_000, connectionsMax: 1 });
  await client.send(new ListStreamsCommand({}));
  client.destroy();
}

async function importKinesalite(): Promise<typeof import("kinesalite")> {
  try {
    return await import("kinesalite");
  } catch (error) {
    throw new Error("--embedded needs the package kinesalite beside the relay: npm install kinesalite", {
      cause: error,
    });
  }
}
