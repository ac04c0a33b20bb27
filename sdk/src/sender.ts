import { type Clock, sleep } from "./clock.ts";
import { messageOf, TonearmError } from "./errors.ts";
import type { News } from "./news.ts";
import { eventsThrough, lastSeqOf } from "./run.ts";
import type { Run } from "./store.ts";
import type { Answer, Transport } from "./transport.ts";
import { inWords } from "./words.ts";

/** One batch, as `beforeSend` sees it. */
export interface Batch {
  readonly epoch: string;
  readonly fromSeq: number;
  readonly throughSeq: number;
  /** Events in it, control records included. */
  readonly events: number;
  /** Their bytes, before compression. */
  readonly bytes: number;
}

/** What `beforeSend` may answer. */
export type BeforeSendResult = { readonly headers?: Readonly<Record<string, string>> } | false | undefined;

/** Called before a batch is sent. */
export type BeforeSend = (batch: Batch) => BeforeSendResult | Promise<BeforeSendResult>;

export interface SenderOptions {
  readonly beforeSend: BeforeSend | undefined;
  readonly debug: ((line: string) => void) | undefined;
  readonly requestTimeoutMs: number;
}

/** The application wants the batch to wait. */
export interface Held {
  readonly kind: "held";
}

const HEADER_NAME = /^[a-z0-9!#$%&'*+.^_`|~-]+$/;
/** Headers that say how the body is spelled and framed; these are the transport's. */
const OWN_HEADERS = /^(content-|transfer-|host$|connection$|keep-alive$|upgrade$|expect$|te$|trailer$)/;

/** Hands batches to the transport: asks the application first, and tells of every step on the way. */
export class Sender {
  readonly #transport: Transport;
  readonly #clock: Clock;
  readonly #news: News;
  readonly #options: SenderOptions;
  #inFlight = 0;
  #sentBytes = 0;

  constructor(transport: Transport, clock: Clock, news: News, options: SenderOptions) {
    this.#transport = transport;
    this.#clock = clock;
    this.#news = news;
    this.#options = options;
  }

  /** Events in the request under way. */
  get inFlight(): number {
    return this.#inFlight;
  }

  /** Bodies sent so far, compressed, those sent again included. */
  get sentBytes(): number {
    return this.#sentBytes;
  }

  async send(run: Run, signal: AbortSignal): Promise<Answer | Held> {
    const batch: Batch = {
      epoch: run.epoch,
      fromSeq: run.firstSeq,
      throughSeq: lastSeqOf(run),
      events: eventsThrough(run, lastSeqOf(run)),
      bytes: run.events.reduce((sum, { length }) => sum + length, 0),
    };
    this.debug(run, () => `cut, ${batch.events} events in ${batch.bytes} bytes`);
    // Nothing is awaited without need: a page that is left has only this moment.
    const headers = this.#options.beforeSend ? await this.#permission(batch, signal) : {};
    if (!headers) {
      this.debug(run, () => "held back until the next interval");
      return { kind: "held" };
    }
    this.#inFlight = batch.events;
    const beganMs = this.#clock.monotonicMs();
    const answer = await this.#limited(signal, (limit) =>
      this.#transport.send(run, limit, {
        headers,
        left: (bodyBytes, encoding) => {
          this.#sentBytes += bodyBytes;
          this.#news.emit("sent", { ...batch, bodyBytes, encoding });
          this.debug(run, () => `sent, ${bodyBytes} bytes of ${encoding}`);
        },
      }),
    );
    this.#inFlight = 0;
    this.debug(run, () => `${answer.kind} after ${Math.round(this.#clock.monotonicMs() - beganMs)} ms`);
    return answer;
  }

  /** One line of the life of a batch, when somebody wants to read it. */
  debug(run: Run, line: () => string): void {
    this.#options.debug?.(`${run.epoch} ${run.firstSeq}-${lastSeqOf(run)}: ${line()}`);
  }

  /**
   * Bounds a request from its beginning to the last byte of the answer. Not by `AbortSignal.any`: what that makes for each
   * request would stay with a signal that lives as long as the instance.
   */
  async #limited(signal: AbortSignal, request: (limit: AbortSignal) => Promise<Answer>): Promise<Answer> {
    const { requestTimeoutMs } = this.#options;
    const limit = new AbortController();
    const abort = () => limit.abort(signal.reason);
    if (signal.aborted) abort();
    signal.addEventListener("abort", abort);
    const late = () => limit.abort(new Error(`no whole answer within ${requestTimeoutMs} ms`));
    const cancel = this.#clock.after(requestTimeoutMs, late);
    try {
      return await request(limit.signal);
    } finally {
      cancel();
      signal.removeEventListener("abort", abort);
    }
  }

  /** The headers to add; undefined when the application holds the batch back, or its hook fails. */
  async #permission(
    batch: Batch,
    signal: AbortSignal,
  ): Promise<Readonly<Record<string, string>> | undefined> {
    try {
      const given = this.#options.beforeSend!(batch);
      const isPending = typeof given === "object" && "then" in given;
      const answer = isPending ? await this.#inTime(Promise.resolve(given), signal) : given;
      if (answer !== undefined && answer !== false && typeof answer !== "object") {
        throw new Error(`it returned ${inWords(answer)}, expected headers, false or nothing`);
      }
      const headers = answer === false ? undefined : checkHeaders(answer?.headers ?? {});
      this.#news.over("hook_failed");
      return headers;
    } catch (error) {
      if (signal.aborted) return undefined;
      const message = `beforeSend failed (${messageOf(error)}); the batch is held back until the next interval`;
      this.#news.trouble(new TonearmError("hook_failed", message, error));
      return undefined;
    }
  }

  /** A hook that does not answer must hold up neither delivery nor an end. */
  async #inTime<T>(answer: Promise<T>, signal: AbortSignal): Promise<T> {
    const { requestTimeoutMs } = this.#options;
    const answered = new AbortController();
    const late = sleep(this.#clock, requestTimeoutMs, AbortSignal.any([signal, answered.signal])).then(() => {
      throw new Error(`no answer within ${requestTimeoutMs} ms`);
    });
    try {
      return await Promise.race([answer, late]);
    } finally {
      answered.abort();
    }
  }
}

/** Names in lower case. @throws Error naming the header that is not acceptable; never its value, which may be secret. */
function checkHeaders(headers: Readonly<Record<string, string>>): Readonly<Record<string, string>> {
  return Object.fromEntries(
    Object.entries(headers).map(([given, value]) => {
      const name = given.toLowerCase();
      if (!HEADER_NAME.test(name) || OWN_HEADERS.test(name)) {
        throw new Error(
          `header ${inWords(given)} was given, expected a name that is not the body's or the connection's`,
        );
      }
      if (typeof value !== "string" || !/^[\t\x20-\x7e]*$/.test(value)) {
        throw new Error(
          `the value of header ${inWords(given)} is not acceptable, expected visible ASCII text`,
        );
      }
      return [name, value];
    }),
  );
}
