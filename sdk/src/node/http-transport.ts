import { type Dispatcher, Pool } from "undici";
import { interpret } from "../answer.ts";
import { messageOf } from "../errors.ts";
import { authorization, type Key } from "../key.ts";
import type { Run } from "../store.ts";
import type { TlsOptions } from "../telemetry-options.ts";
import type { Answer, Sending, Transport } from "../transport.ts";
import { ColumnsEncoder } from "../wire/columns/encode.ts";
import { BATCHES_PATH, MEDIA_COLUMNS, MEDIA_MSGPACK } from "../wire/limits.ts";
import { encodeMsgpackBatch } from "../wire/msgpack.ts";
import { compress, ENCODINGS } from "./compress.ts";

export interface HttpTransportOptions {
  readonly endpoint: URL;
  readonly key: Key | undefined;
  readonly requestTimeoutMs: number;
  readonly tls?: TlsOptions | undefined;
}

/** Answers of a relay are short; more than this is not one. */
const ANSWER_BYTES_MAX = 65_536;
const CONNECT_TIMEOUT_MS = 10_000;

/** HTTP by `undici`, over one kept-alive connection. Redirects are not followed. */
export class HttpTransport implements Transport {
  readonly #options: HttpTransportOptions;
  readonly #pool: Pool;
  readonly #path: string;
  /** Index of the encoding in use: raised when the relay does not know it. */
  #encoding = 0;
  /** Undefined once the relay has not known batches by columns. */
  #columns: ColumnsEncoder | undefined = new ColumnsEncoder();

  /** Where batches are put together, one at a time; it grows to the largest there was. */
  #room = new Uint8Array(0);
  readonly #allocate = (length: number): Uint8Array => {
    if (length > this.#room.length) this.#room = new Uint8Array(length);
    return this.#room.subarray(0, length);
  };

  constructor(options: HttpTransportOptions) {
    this.#options = options;
    const { origin, pathname } = options.endpoint;
    this.#path = `${pathname.replace(/\/$/, "")}${BATCHES_PATH}`;
    this.#pool = new Pool(origin, {
      connections: 1,
      pipelining: 1,
      connectTimeout: Math.min(CONNECT_TIMEOUT_MS, options.requestTimeoutMs),
      connect: { ...options.tls },
      headersTimeout: options.requestTimeoutMs,
      bodyTimeout: options.requestTimeoutMs,
      maxResponseSize: ANSWER_BYTES_MAX,
    });
  }

  async send(run: Run, signal: AbortSignal, sending: Sending): Promise<Answer> {
    try {
      const columns = this.#columns?.encode(run, run.events);
      const plain = columns ?? encodeMsgpackBatch(run, run.events, this.#allocate);
      const body = await compress(plain, ENCODINGS[this.#encoding]!);
      const media = columns ? MEDIA_COLUMNS : MEDIA_MSGPACK;
      const headers = { ...this.#headers(media, body.encoding), ...sending.headers };
      sending.left(body.bytes.length, body.encoding);
      const response = await this.#pool.request({
        method: "POST",
        path: this.#path,
        headers,
        body: body.bytes,
        signal,
      });
      const text = await response.body.text();
      if (response.statusCode === 415 && (columns || body.encoding !== "identity")) {
        if (columns) this.#columns = undefined;
        else this.#encoding++;
        const message = `no ${columns ? "columns" : body.encoding} here`;
        return { kind: "retry", afterMs: 0, fault: { kind: "busy", message } };
      }
      return interpret(toHttpAnswer(response, text), body.bytes.length);
    } catch (error) {
      const { origin } = this.#options.endpoint;
      const message = `the relay at ${origin} cannot be reached (${messageOf(error)})`;
      return { kind: "retry", afterMs: undefined, fault: { kind: "unreachable", message } };
    }
  }

  /** Ends at once; whatever is under way fails as unreachable. */
  async close(): Promise<void> {
    await this.#pool.destroy();
  }

  #headers(media: string, encoding: string): Record<string, string> {
    return {
      "content-type": media,
      ...(encoding !== "identity" && { "content-encoding": encoding }),
      ...authorization(this.#options.key),
    };
  }
}

function toHttpAnswer(response: Dispatcher.ResponseData, body: string) {
  const header = (name: string) => {
    const value = response.headers[name];
    return Array.isArray(value) ? value[0] : value;
  };
  return { status: response.statusCode, retryAfter: header("retry-after"), date: header("date"), body };
}
