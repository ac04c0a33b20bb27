/** The bodies of the relay's answers, and what each means for the sender. */

/** Where an accepted batch is when the answer is sent. */
export type Durable = "stream" | "spool";

/** Body of a 200. */
export interface AcceptedBody {
  /** The batch's last sequence number, now safe. */
  readonly acked_through: number;
  readonly durable: Durable;
  /** The relay's wall clock, ms since the Unix epoch; a device learns its clock's offset from it. */
  readonly server_time: number;
  /** What the relay would like of its devices; each of them has limits of its own. */
  readonly settings?: {
    /** The least time between two batches that are not full, in ms. */
    readonly flush_interval_ms?: number;
  };
}

/** Every machine-readable code that a refusal can carry. */
export const REFUSAL_CODES = [
  /** 400: not a request of HTTP/1.1, cut off, or its headers are too large: nothing is said of the batch. */
  "malformed_request",
  /** 400: the body is not what its headers say: truncated, compressed twice, not msgpack or NDJSON. */
  "malformed_body",
  /** 400: one event is not acceptable; `seq` names it. */
  "invalid_event",
  /** 400: a field of the batch's header is missing or out of range. */
  "invalid_batch",
  /** 400: `v` is not a version this relay speaks. */
  "unsupported_version",
  /** 401: no key, or one that this relay does not know. */
  "unauthorized",
  /** 403: the key is known and does not cover this device. */
  "forbidden",
  /** 404 and 405: not a path and method of this protocol. */
  "not_found",
  "method_not_allowed",
  /** 408: the body did not arrive in time. */
  "request_timeout",
  /** 413: over 1 MiB on the wire. */
  "body_too_large",
  /** 413: over 8 MiB once decompressed. */
  "inflated_too_large",
  /** 413: more than the stream takes in one record. */
  "batch_too_large",
  /** 415: the body's media type is neither spelling. */
  "unsupported_media_type",
  /** 415: the body's encoding is unknown, or there is more than one. */
  "unsupported_encoding",
  /** 429: this device has too many requests under way. */
  "too_many_requests",
  /** 503: Kinesis does not take records now, and there is no spool, or it is full. */
  "stream_unavailable",
  /** 503: the relay holds as many bytes as it may. */
  "overloaded",
  /** 503: the relay is shutting down. */
  "shutting_down",
] as const;
export type RefusalCode = (typeof REFUSAL_CODES)[number];

/** Body of every answer but 200. */
export interface RefusalBody {
  readonly code: RefusalCode;
  /** One sentence: what was wrong and what was expected. */
  readonly message: string;
  /** The sequence number of the event at fault, where there is one. */
  readonly seq?: number;
}
