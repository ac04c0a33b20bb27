import {
  createServer,
  type IncomingMessage,
  type Server,
  type ServerResponse,
  STATUS_CODES,
} from "node:http";
import type { Duplex } from "node:stream";
import type { Clock } from "@tonearm/sdk/ports";
import { BATCHES_PATH, MEDIA_MSGPACK, MEDIA_NDJSON, type RefusalBody } from "@tonearm/sdk/wire";
import type { Batch } from "./batch.ts";
import { allowOrigin } from "./cors.ts";
import { inflate, readBody } from "./ingest/body.ts";
import { decodeMsgpackBatch } from "./ingest/msgpack-batch.ts";
import { decodeNdjsonBatch } from "./ingest/ndjson-batch.ts";
import type { WriteKeys } from "./ingest/write-keys.ts";
import type { Log } from "./log.ts";
import type { Operator } from "./operate/operator.ts";
import { jsonPage, type Page, sendPage } from "./operate/page.ts";
import type { Pipeline } from "./pipeline.ts";
import { Refusal } from "./refusal.ts";

export interface ServerParts {
  readonly pipeline: Pipeline;
  readonly operator: Operator;
  /** Whether the operator's pages are here too, and not on a listener of their own. */
  readonly showsPages: boolean;
  readonly keys: WriteKeys;
  /** Origins whose pages may send batches; `*` is all. */
  readonly corsOrigins: () => readonly string[];
  readonly clock: Clock;
  readonly log: Log;
  /** Whether the relay is about to end: a load balancer should send nothing more. */
  readonly isStopping: () => boolean;
}

/** Slow clients do not hold a connection for long; all in ms. */
const HEADERS_TIMEOUT_MS = 5_000;
const REQUEST_TIMEOUT_MS = 15_000;
const CHECK_INTERVAL_MS = 1_000;
const KEEP_ALIVE_MS = 65_000;
const HEADER_BYTES_MAX = 8_192;
/** So much of a refused body is read all the same before its sender gets the answer. */
const DRAIN_BYTES_MAX = 4_194_304;
const DRAIN_MS = 2_000;

const decoders: Readonly<Record<string, (body: Buffer, receivedMs: number) => Batch>> = {
  [MEDIA_MSGPACK]: decodeMsgpackBatch,
  [MEDIA_NDJSON]: decodeNdjsonBatch,
};

/** The HTTP front: batches in, answers out, and where things stand. */
export function makeServer(parts: ServerParts): Server {
  const options = {
    headersTimeout: HEADERS_TIMEOUT_MS,
    requestTimeout: REQUEST_TIMEOUT_MS,
    connectionsCheckingInterval: CHECK_INTERVAL_MS,
    keepAliveTimeout: KEEP_ALIVE_MS,
    maxHeaderSize: HEADER_BYTES_MAX,
  };
  const server = createServer(options, (request, response) => {
    answer(parts, request, response).catch((error: unknown) => {
      parts.log.error("a request could not be answered", { error: String(error) });
      response.destroy();
    });
  });
  server.on("clientError", (error: NodeJS.ErrnoException, socket) => refuseConnection(parts, error, socket));
  return server;
}

/** What is no HTTP request, or not a whole one in time, is refused in the same words as everything else. */
function refuseConnection({ pipeline }: ServerParts, error: NodeJS.ErrnoException, socket: Duplex): void {
  if (!socket.writable || error.code === "ECONNRESET") {
    socket.destroy();
    return;
  }
  const refusal = connectionRefusal(error.code ?? "");
  pipeline.book.refuseRequest(refusal.code);
  const body = JSON.stringify({ code: refusal.code, message: refusal.message } satisfies RefusalBody);
  const status = `${refusal.status} ${STATUS_CODES[refusal.status]}`;
  const headers = `content-type: application/json\r\ncontent-length: ${body.length}\r\nconnection: close`;
  socket.end(`HTTP/1.1 ${status}\r\n${headers}\r\n\r\n${body}`);
}

/** Nothing of this speaks of a batch: its sender keeps it. */
function connectionRefusal(code: string): Refusal {
  if (code === "ERR_HTTP_REQUEST_TIMEOUT") {
    const limits = `headers within ${HEADERS_TIMEOUT_MS} ms and all of it within ${REQUEST_TIMEOUT_MS} ms`;
    return new Refusal("request_timeout", `the request did not arrive in time, expected its ${limits}`);
  }
  const faults: Readonly<Record<string, string>> = {
    HPE_HEADER_OVERFLOW: `the request's headers are too large, expected at most ${HEADER_BYTES_MAX} bytes`,
    HPE_INVALID_EOF_STATE: "the connection ended before the request was whole",
  };
  return new Refusal("malformed_request", faults[code] ?? "this is not a request of HTTP/1.1");
}

async function answer(parts: ServerParts, request: IncomingMessage, response: ServerResponse): Promise<void> {
  try {
    if (pathOf(request) === BATCHES_PATH && allowOrigin(parts.corsOrigins(), request, response)) {
      response.writeHead(204).end();
      return;
    }
    const page = await route(parts, request);
    sendPage(response, page, parts.isStopping());
  } catch (error) {
    const refusal = toRefusal(error, parts.log);
    parts.pipeline.book.refuseRequest(refusal.code);
    if (refusal.retryAfterMs !== undefined) {
      response.setHeader("retry-after", Math.max(1, Math.ceil(refusal.retryAfterMs / 1_000)));
    }
    const { code, message, seq } = refusal;
    const body: RefusalBody = seq === undefined ? { code, message } : { code, message, seq };
    // Many clients read the answer only when they have sent everything; closing before would take it away from them.
    if (!request.complete) await drained(request, parts.clock);
    // The rest of a body that nobody wants would come before the next request.
    sendPage(response, jsonPage(refusal.status, body), parts.isStopping() || !request.complete);
  }
}

/** Reads on and throws away: until the body is over, or has gone on for too long. */
function drained(request: IncomingMessage, clock: Clock): Promise<void> {
  return new Promise((resolve) => {
    let bytesLeft = DRAIN_BYTES_MAX;
    const cancel = clock.after(DRAIN_MS, resolve);
    const finish = () => {
      cancel();
      resolve();
    };
    request.on("data", (chunk: Buffer) => {
      bytesLeft -= chunk.length;
      if (bytesLeft <= 0) finish();
    });
    request.on("end", finish);
    request.on("close", finish);
    request.resume();
  });
}

async function route(parts: ServerParts, request: IncomingMessage): Promise<Page> {
  const path = pathOf(request) ?? "";
  if (path === BATCHES_PATH) {
    requireMethod(request, "POST");
    return jsonPage(200, await acceptBatch(parts, request));
  }
  const { operator, showsPages } = parts;
  const page = operator.health(path) ?? (showsPages ? await operator.page(path) : undefined);
  if (!page) throw new Refusal("not_found", `nothing is here; batches go to ${BATCHES_PATH}`);
  requireMethod(request, "GET");
  return page;
}

async function acceptBatch(parts: ServerParts, request: IncomingMessage): Promise<object> {
  const sinceMs = parts.clock.monotonicMs();
  parts.keys.check(request.headers.authorization);
  const media = request.headers["content-type"]?.split(";")[0]?.trim().toLowerCase() ?? "";
  const decode = Object.hasOwn(decoders, media) ? decoders[media] : undefined;
  if (!decode) {
    throw new Refusal("unsupported_media_type", `Content-Type must be ${MEDIA_MSGPACK} or ${MEDIA_NDJSON}`);
  }
  const accepted = await parts.pipeline.accept(await readBatch(parts, request, decode));
  parts.operator.acknowledged(accepted.durable, parts.clock.monotonicMs() - sinceMs);
  return accepted;
}

/** What a request holds until its batch is known counts as bytes in flight. */
async function readBatch(
  { pipeline, clock }: ServerParts,
  request: IncomingMessage,
  decode: (body: Buffer, receivedMs: number) => Batch,
): Promise<Batch> {
  const hold = pipeline.admission.hold();
  try {
    const body = await readBody(request, hold);
    const inflated = await inflate(body, request.headers["content-encoding"]);
    hold.take(inflated.length);
    return decode(inflated, clock.wallMs());
  } finally {
    hold.giveBack();
  }
}

const pathOf = (request: IncomingMessage): string | undefined => request.url?.split("?")[0];

function requireMethod(request: IncomingMessage, method: string): void {
  if (request.method !== method) throw new Refusal("method_not_allowed", `this path takes ${method} only`);
}

function toRefusal(error: unknown, log: Log): Refusal {
  if (error instanceof Refusal) return error;
  log.error("a batch met an unexpected error", {
    error: error instanceof Error ? (error.stack ?? error.message) : "",
  });
  return new Refusal(
    "stream_unavailable",
    "the relay met an unexpected error; keep the batch and send it again",
  );
}
