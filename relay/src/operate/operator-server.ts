import { createServer, type Server } from "node:http";
import type { Log } from "../log.ts";
import type { Operator } from "./operator.ts";
import { type Page, sendPage } from "./page.ts";

/** A monitor and a few browsers; all times in ms. */
const CONNECTIONS_MAX = 64;
const REQUEST_TIMEOUT_MS = 5_000;
const HEADER_BYTES_MAX = 8_192;

/** The operator's pages on a listener of their own, which need not be reachable from where batches come. */
export function makeOperatorServer(operator: Operator, log: Log): Server {
  const options = {
    headersTimeout: REQUEST_TIMEOUT_MS,
    requestTimeout: REQUEST_TIMEOUT_MS,
    maxHeaderSize: HEADER_BYTES_MAX,
  };
  const server = createServer(options, (request, response) => {
    // Nothing here has a use for a body.
    request.resume();
    answer(operator, request.method ?? "", request.url?.split("?")[0] ?? "")
      .then((page) => sendPage(response, page))
      .catch((error: unknown) => {
        log.error("an operator's request could not be answered", { error: String(error) });
        response.destroy();
      });
  });
  server.maxConnections = CONNECTIONS_MAX;
  return server;
}

async function answer(operator: Operator, method: string, path: string): Promise<Page> {
  if (method !== "GET" && method !== "HEAD") return text(405, "this listener takes GET only\n");
  return operator.health(path) ?? (await operator.page(path)) ?? text(404, "nothing is here\n");
}

const text = (status: number, body: string): Page => ({
  status,
  headers: { "content-type": "text/plain; charset=utf-8" },
  body,
});
