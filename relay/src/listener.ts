import { createServer, type RequestListener, type Server, STATUS_CODES } from "node:http";
import { createServer as createTlsServer } from "node:https";
import type { Duplex } from "node:stream";
import type { Clock } from "@tonearm/sdk/ports";
import type { RefusalBody } from "@tonearm/sdk/wire";
import type { TlsFiles } from "./access/load-rules.ts";
import type { Book } from "./book.ts";
import type { Config } from "./config/schema.ts";
import { type Log, Throttled } from "./log.ts";
import { Refusal } from "./refusal.ts";

export interface ListenerOptions {
  /** Undefined: plain HTTP. */
  readonly tls: TlsFiles | undefined;
  readonly connectionsMax: number;
  readonly requestsPerConnectionMax: number;
  /** The longest that an answer may take, in ms. */
  readonly answerMs: number;
}

/** What of the configuration concerns the listener; taken at the start. */
export const listenerOptions = (config: Config, tls: TlsFiles | undefined): ListenerOptions => ({
  tls,
  connectionsMax: config.connectionsMax,
  requestsPerConnectionMax: config.requestsPerConnectionMax,
  answerMs: config.deliveryDeadlineMs + config.putTimeoutMs,
});

export interface ListenerParts {
  readonly book: Book;
  readonly clock: Clock;
  readonly log: Log;
}

/** Slow clients do not hold a connection for long; all in ms. */
const HANDSHAKE_TIMEOUT_MS = 5_000;
const HEADERS_TIMEOUT_MS = 5_000;
const REQUEST_TIMEOUT_MS = 15_000;
const CHECK_INTERVAL_MS = 1_000;
const KEEP_ALIVE_MS = 65_000;
const HEADER_BYTES_MAX = 8_192;
const FULL_LOG_INTERVAL_MS = 60_000;

/** An HTTP server that strangers may connect to: everything that they could drag out, or pile up, has an end. */
export function makeListener(
  options: ListenerOptions,
  parts: ListenerParts,
  handler: RequestListener,
): Server {
  const { tls, connectionsMax, requestsPerConnectionMax, answerMs } = options;
  const limits = {
    headersTimeout: HEADERS_TIMEOUT_MS,
    requestTimeout: REQUEST_TIMEOUT_MS,
    connectionsCheckingInterval: CHECK_INTERVAL_MS,
    keepAliveTimeout: KEEP_ALIVE_MS,
    maxHeaderSize: HEADER_BYTES_MAX,
  };
  const server = tls
    ? createTlsServer({ ...limits, ...secureContext(tls), handshakeTimeout: HANDSHAKE_TIMEOUT_MS }, handler)
    : createServer(limits, handler);
  server.maxConnections = connectionsMax;
  server.maxRequestsPerSocket = requestsPerConnectionMax;
  // A client that takes no answer moves nothing: it is closed some time after the longest that it may have to wait for one.
  server.timeout = answerMs + REQUEST_TIMEOUT_MS;
  const full = new Throttled(FULL_LOG_INTERVAL_MS, () => parts.clock.monotonicMs());
  server.on("drop", () =>
    full.run((suppressed) => parts.log.warn("too many connections", { connectionsMax, suppressed })),
  );
  server.on("clientError", (error: NodeJS.ErrnoException, socket) =>
    refuseConnection(parts.book, error, socket),
  );
  return server;
}

/** Certificates are asked for where there are authorities to hold them against; who has none may have a key or a token. */
export const secureContext = (tls: TlsFiles) => ({
  cert: tls.cert,
  key: tls.key,
  minVersion: "TLSv1.2" as const,
  ...(tls.ca !== undefined && { ca: tls.ca, requestCert: true, rejectUnauthorized: false }),
});

const refused = new WeakSet<Duplex>();

/** Whether a connection has had its answer already: what it had begun to ask is over with it, and is counted. */
export const wasRefused = (socket: Duplex): boolean => refused.has(socket);

/** What is no HTTP request, or not a whole one in time, is refused in the same words as everything else. */
function refuseConnection(book: Book, error: NodeJS.ErrnoException, socket: Duplex): void {
  if (!socket.writable || error.code === "ECONNRESET") {
    socket.destroy();
    return;
  }
  refused.add(socket);
  const refusal = connectionRefusal(error.code ?? "");
  book.refuseRequest(refusal.code);
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
