import { interpret } from "../answer.ts";
import { messageOf } from "../errors.ts";
import { authorization, type Key } from "../key.ts";
import type { Run } from "../store.ts";
import type { Answer, Sending, Transport } from "../transport.ts";
import { BATCHES_PATH, MEDIA_NDJSON } from "../wire/limits.ts";
import { encodeNdjsonBatch } from "../wire/ndjson.ts";

export interface FetchTransportOptions {
  readonly endpoint: URL;
  readonly key: Key | undefined;
}

/** Below this size compression costs more than it saves. */
const WORTHWHILE_BYTES = 512;
/** Requests that outlive their page share 64 KiB; some of it is left to others. */
const KEEPALIVE_BYTES_MAX = 61_440;
/** What this page's instances have under way in such requests. */
let keepaliveBytes = 0;

/** HTTP by `fetch`. Redirects are not followed, and cookies stay at home. */
export class FetchTransport implements Transport {
  /**
   * Set while the page is being left: what `send` is given then is on its way before `send` returns, uncompressed,
   * in a request that outlives the page.
   */
  leaving = false;
  readonly #options: FetchTransportOptions;
  readonly #url: string;
  #gzip = typeof CompressionStream === "function";

  constructor(options: FetchTransportOptions) {
    this.#options = options;
    const { origin, pathname } = options.endpoint;
    this.#url = `${origin}${pathname.replace(/\/$/, "")}${BATCHES_PATH}`;
  }

  async send(run: Run, signal: AbortSignal, sending: Sending): Promise<Answer> {
    const { endpoint, key } = this.#options;
    const plain = encodeNdjsonBatch(run, run.events);
    const keepalive = this.leaving && keepaliveBytes + plain.length <= KEEPALIVE_BYTES_MAX;
    const kept = keepalive ? plain.length : 0;
    keepaliveBytes += kept;
    try {
      const gzip = this.#gzip && !keepalive && plain.length >= WORTHWHILE_BYTES;
      const body = gzip ? await compress(plain) : plain;
      const headers = {
        "content-type": MEDIA_NDJSON,
        ...(gzip && { "content-encoding": "gzip" }),
        ...authorization(key),
        ...sending.headers,
      };
      sending.left(body.length, gzip ? "gzip" : "identity");
      const response = await fetch(this.#url, {
        method: "POST",
        headers,
        body: body as BodyInit,
        keepalive,
        redirect: "error",
        credentials: "omit",
        referrerPolicy: "no-referrer",
        signal,
      });
      const text = await response.text();
      const { status } = response;
      if (status === 415 && gzip) {
        this.#gzip = false;
        return again("no gzip here");
      }
      const header = (name: string) => response.headers.get(name) ?? undefined;
      const answer = { status, retryAfter: header("retry-after"), date: header("date"), body: text };
      return interpret(answer, body.length);
    } catch (error) {
      // Others may have used up what such requests share; without it there is still a chance.
      if (keepalive && !signal.aborted) return again(messageOf(error));
      const message = `the relay at ${endpoint.origin} cannot be reached (${messageOf(error)})`;
      return { kind: "retry", afterMs: undefined, fault: { kind: "unreachable", message } };
    } finally {
      keepaliveBytes -= kept;
    }
  }

  /** Nothing is held open. */
  close(): Promise<void> {
    return Promise.resolve();
  }
}

const again = (message: string): Answer => ({ kind: "retry", afterMs: 0, fault: { kind: "busy", message } });

async function compress(plain: Uint8Array): Promise<Uint8Array> {
  const stream = new Blob([plain as BlobPart]).stream().pipeThrough(new CompressionStream("gzip"));
  return new Uint8Array(await new Response(stream).arrayBuffer());
}
