import type { IncomingMessage, Server, ServerResponse } from "node:http";
import type { Clock } from "@tonearm/sdk/ports";
import {
  BATCHES_PATH,
  MEDIA_COLUMNS,
  MEDIA_MSGPACK,
  MEDIA_NDJSON,
  type RefusalBody,
} from "@tonearm/sdk/wire";
import type { Sender } from "./access/access.ts";
import { certificateOf } from "./access/client-certificate.ts";
import type { Entrance } from "./access/entrance.ts";
import type { Batch } from "./batch.ts";
import { allowOrigin } from "./cors.ts";
import { inflate, readBody } from "./ingest/body.ts";
import { decodeColumnsBatch } from "./ingest/columns-batch.ts";
import type { Intake } from "./ingest/intake.ts";
import { decodeMsgpackBatch } from "./ingest/msgpack-batch.ts";
import { decodeNdjsonBatch } from "./ingest/ndjson-batch.ts";
import { type ListenerOptions, makeListener, wasRefused } from "./listener.ts";
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
  readonly listener: ListenerOptions;
  readonly entrance: Entrance;
  /** Origins whose pages may send batches; `*` is all. */
  readonly corsOrigins: () => readonly string[];
  readonly clock: Clock;
  readonly log: Log;
  /** Whether the relay is about to end: a load balancer should send nothing more. */
  readonly isStopping: () => boolean;
}

/** So much of a refused body is read all the same before its sender gets the answer. */
const DRAIN_BYTES_MAX = 4_194_304;
const DRAIN_MS = 2_000;

const STARTING = "the relay is starting; keep the batch and send it again";

type Decode = (body: Buffer, receivedMs: number, intake: Intake) => Batch;

const decoders = new Map<string, Decode>([
  [MEDIA_MSGPACK, decodeMsgpackBatch],
  [MEDIA_NDJSON, decodeNdjsonBatch],
  [MEDIA_COLUMNS, decodeColumnsBatch],
]);

/** The HTTP front: batches in, answers out, and where things stand. */
export function makeServer(parts: ServerParts): Server {
  const { listener, pipeline, clock, log } = parts;
  return makeListener(listener, { book: pipeline.book, clock, log }, (request, response) => {
    answer(parts, request, response).catch((error: unknown) => {
      log.error("a request could not be answered", { error: String(error) });
      response.destroy();
    });
  });
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
    if (wasRefused(request.socket)) {
      await drained(request, parts.clock);
      response.destroy();
      return;
    }
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
  if (!parts.pipeline.isStarted) throw new Refusal("stream_unavailable", STARTING, { retryAfterMs: 1_000 });
  const sender = parts.entrance.receive({
    authorization: request.headers.authorization,
    certificate: certificateOf(request.socket),
  });
  const decode = decoderFor(request.headers["content-type"] ?? "");
  if (!decode) {
    throw new Refusal(
      "unsupported_media_type",
      `Content-Type must be one of ${[...decoders.keys()].join(", ")}`,
    );
  }
  const accepted = await parts.pipeline.accept(await readBatch(parts, request, sender, decode));
  parts.operator.acknowledged(accepted.durable, parts.clock.monotonicMs() - sinceMs);
  return accepted;
}

/** What a request holds until its batch is known counts as bytes in flight. */
async function readBatch(
  { pipeline, clock, entrance }: ServerParts,
  request: IncomingMessage,
  sender: Sender,
  decode: Decode,
): Promise<Batch> {
  const hold = pipeline.admission.hold();
  try {
    const body = await readBody(request, hold);
    const inflating = inflate(body, request.headers["content-encoding"]);
    const inflated = inflating instanceof Promise ? await inflating : inflating;
    hold.take(inflated.length);
    const intake = entrance.intakeFor(sender, inflated.length);
    const batch = decode(inflated, clock.wallMs(), intake);
    intake.decoded(batch.records.bytes.length);
    return batch;
  } finally {
    hold.giveBack();
  }
}

/** Most clients write the media type as we do; the rest are understood all the same. */
const decoderFor = (contentType: string): Decode | undefined =>
  decoders.get(contentType) ?? decoders.get(contentType.split(";")[0]!.trim().toLowerCase());

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
