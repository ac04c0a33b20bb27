/**
 * The server that all contenders send to, in a process of its own. It answers as each contender's own server would, and
 * keeps what it is sent; what arrived is taken apart afterwards, so that nobody waits for it.
 */
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo, Socket } from "node:net";
import { promisify } from "node:util";
import { brotliDecompress, gunzip, inflate, zstdDecompress } from "node:zlib";
import { playsOf } from "./bodies.ts";
import { Epochs } from "./epochs.ts";

/** What the receiver tells when it is asked. */
export interface Received {
  /** Plays, each counted once. */
  readonly delivered: number;
  /** Plays that came again, and numbers of an epoch that did. */
  readonly duplicates: number;
  /** Tonearm only: numbers below the highest of their epoch that did not come. */
  readonly missing: number;
  readonly requests: number;
  /** Bodies as they came. */
  readonly bodyBytes: number;
  /** Everything that came over the sockets: bodies, headers, framing. */
  readonly socketBytes: number;
  /** When the last of it came, in ms since 1970. */
  readonly lastMs: number;
}

const inflaters: Record<string, (body: Buffer) => Promise<Buffer>> = {
  br: promisify(brotliDecompress),
  gzip: promisify(gunzip),
  deflate: promisify(inflate),
  zstd: promisify(zstdDecompress),
};

interface Kept {
  readonly path: string;
  readonly encoding: string | undefined;
  readonly body: Buffer;
  readonly atMs: number;
}

const kept: Kept[] = [];
const epochs = new Epochs();
const sockets = new Set<Socket>();

const server = createServer((request, response) => void receive(request, response));
server.on("connection", (socket) => sockets.add(socket));
server.listen(0, "127.0.0.1", () => process.send!({ port: (server.address() as AddressInfo).port }));
process.on("message", (question) => {
  if (question === "requests") process.send!(kept.length);
  else void report().then((received) => process.send!(received));
});

async function receive(request: IncomingMessage, response: ServerResponse): Promise<void> {
  // Pages come from elsewhere, and some of them send cookies.
  response.setHeader("access-control-allow-origin", request.headers.origin ?? "*");
  response.setHeader("access-control-allow-credentials", "true");
  response.setHeader(
    "access-control-allow-headers",
    request.headers["access-control-request-headers"] ?? "*",
  );
  if (request.method === "OPTIONS") {
    response.end();
    return;
  }
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  const entry = {
    path: request.url ?? "",
    encoding: request.headers["content-encoding"],
    body: Buffer.concat(chunks),
    atMs: Date.now(),
  };
  kept.push(entry);
  const answer =
    entry.path === "/v1/batches" ? epochs.accept(await inflated(entry)) : { success: true, status: 1 };
  response.setHeader("content-type", "application/json");
  response.end(JSON.stringify(answer));
}

function inflated({ encoding, body }: Kept): Promise<Buffer> | Buffer {
  return encoding ? inflaters[encoding]!(body) : body;
}

async function report(): Promise<Received> {
  const seen = new Set<unknown>();
  let plays = 0;
  for (const entry of kept) {
    for (const play of playsOf(entry.path, await inflated(entry))) {
      plays++;
      seen.add(play);
    }
  }
  return {
    delivered: seen.size,
    duplicates: plays - seen.size + epochs.duplicates,
    missing: epochs.missing,
    requests: kept.length,
    bodyBytes: kept.reduce((sum, { body }) => sum + body.length, 0),
    lastMs: kept.at(-1)?.atMs ?? 0,
    socketBytes: [...sockets].reduce((sum, { bytesRead }) => sum + bytesRead, 0),
  };
}
