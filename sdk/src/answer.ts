import type { Answer, Fault } from "./transport.ts";
import type { AcceptedBody, RefusalBody } from "./wire/answer.ts";

/** An HTTP answer, as much of it as decides something. */
export interface HttpAnswer {
  readonly status: number;
  readonly retryAfter: string | undefined;
  /** The server's `Date`, the only clock that a date in `Retry-After` can be read against. */
  readonly date: string | undefined;
  readonly body: string;
}

/** Nobody is made to wait longer than a day. */
const RETRY_AFTER_MAX_MS = 86_400_000;

/** Codes that speak of what the batch holds; only these may ever lead to an event being given up. */
const ABOUT_CONTENT = ["malformed_body", "invalid_event"];

/** What an HTTP answer means for the batch. Anything unknown means: keep it, and try again. */
export function interpret(http: HttpAnswer, bodyBytes: number): Answer {
  const body = parse(http.body);
  if (http.status === 200) {
    const accepted = body as Partial<AcceptedBody>;
    if (Number.isSafeInteger(accepted.acked_through)) {
      return {
        kind: "accepted",
        throughSeq: accepted.acked_through!,
        durable: accepted.durable === "spool" ? "spool" : "stream",
        serverTimeMs: wholeOrNothing(accepted.server_time),
        flushIntervalMs: wholeOrNothing(accepted.settings?.flush_interval_ms),
        bodyBytes,
      };
    }
    return retry(http, "refused", "the endpoint answered 200 without acked_through: it is not a relay");
  }
  const { code = "", message = "no reason given" } = body as Partial<RefusalBody>;
  if (http.status === 413) return { kind: "rejected", code: code || "http_413", message };
  if (http.status === 400 && ABOUT_CONTENT.includes(code)) return { kind: "rejected", code, message };
  return retry(http, kindOf(http.status), `the relay answered ${http.status} ${code}: ${message}`);
}

/** The wait that `Retry-After` asks for, in ms: seconds, or a date read against the server's own clock. */
export function retryAfterMs(http: Pick<HttpAnswer, "retryAfter" | "date">): number | undefined {
  const text = http.retryAfter?.trim() ?? "";
  const waitMs = /^\d{1,9}$/.test(text)
    ? Number(text) * 1_000
    : Date.parse(text) - Date.parse(http.date ?? "");
  return Number.isFinite(waitMs) ? Math.min(Math.max(0, waitMs), RETRY_AFTER_MAX_MS) : undefined;
}

function retry(http: HttpAnswer, kind: Fault["kind"], message: string): Answer {
  return { kind: "retry", afterMs: retryAfterMs(http), fault: { kind, message } };
}

function kindOf(status: number): Fault["kind"] {
  if (status === 429 || status === 503) return "busy";
  return status >= 500 || status === 408 ? "unreachable" : "refused";
}

function wholeOrNothing(value: number | undefined): number | undefined {
  return Number.isSafeInteger(value) ? value : undefined;
}

function parse(body: string): object {
  try {
    const value: unknown = JSON.parse(body);
    return typeof value === "object" && value !== null ? value : {};
  } catch {
    return {};
  }
}
