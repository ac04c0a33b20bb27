/** Data of an event: a plain object that JSON can spell. */
export type EventData = Readonly<Record<string, unknown>>;

/** Who is given up first when space runs out: `bulk`, then `normal`, `critical` last. */
export type EventPriority = "critical" | "normal" | "bulk";

/** How one event is recorded. */
export interface RecordOptions {
  /** Default `normal`. */
  readonly priority?: EventPriority;
}

/**
 * Why an event is not delivered. Every drop is declared in the stream as `$drop`, with its range, count and reason,
 * except `closed` and what was refused while consent is denied: that never got a number.
 */
export type DropReason =
  /**
   * The buffer in memory is full: the medium is slower than the application, or broken. Three quarters of it are open to
   * `bulk`, seven eighths to `normal`, all of it to `critical`.
   */
  | "buffer_full"
  /** The event's JSON is larger than `eventBytesMax`. */
  | "too_large"
  /** JSON cannot spell the data: a cycle, a BigInt, a `toJSON` that throws or returns no object. */
  | "unserializable"
  /** The data uses a name that belongs to the relay at its top level. */
  | "reserved_key"
  /** The store reached its cap, and this was the oldest of the least important. */
  | "store_full"
  /** Damage on the medium took it. */
  | "corrupt"
  /** The relay refused it as malformed, and it stood alone when it did. */
  | "rejected"
  /** `redact` returned null for it, or failed. */
  | "redacted"
  /** Consent was withdrawn; declared as `$purge`. While it is denied nothing is numbered, and so nothing declared. */
  | "consent"
  /** `close()` was called before. */
  | "closed";

/** What became of a call. Never a promise: nothing is awaited on the caller's path. */
export type RecordResult =
  /** In memory, numbered (L0); `on("durable")` tells when it is on the medium (L1). */
  | { readonly status: "recorded"; readonly epoch: string; readonly seq: number }
  | { readonly status: "dropped"; readonly reason: DropReason; readonly message: string };
