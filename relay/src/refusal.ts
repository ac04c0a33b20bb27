import type { RefusalCode } from "@tonearm/sdk/wire";

const STATUS: Readonly<Record<RefusalCode, number>> = {
  malformed_request: 400,
  malformed_body: 400,
  invalid_event: 400,
  invalid_batch: 400,
  unsupported_version: 400,
  unauthorized: 401,
  forbidden: 403,
  not_found: 404,
  method_not_allowed: 405,
  request_timeout: 408,
  body_too_large: 413,
  inflated_too_large: 413,
  batch_too_large: 413,
  unsupported_media_type: 415,
  unsupported_encoding: 415,
  too_many_requests: 429,
  stream_unavailable: 503,
  overloaded: 503,
  shutting_down: 503,
};

/** Why a request is refused: thrown anywhere on its way in, answered in one place. */
export class Refusal extends Error {
  readonly code: RefusalCode;
  /** The event at fault. */
  readonly seq: number | undefined;
  /** When it may be worth trying again, in ms. */
  readonly retryAfterMs: number | undefined;

  /** @param message one sentence: what was wrong and what was expected. It must not carry the sender's bytes. */
  constructor(
    code: RefusalCode,
    message: string,
    more: { readonly seq?: number; readonly retryAfterMs?: number } = {},
  ) {
    super(message);
    this.code = code;
    this.seq = more.seq;
    this.retryAfterMs = more.retryAfterMs;
  }

  get status(): number {
    return STATUS[this.code];
  }
}
