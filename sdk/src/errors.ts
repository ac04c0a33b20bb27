/** What can go wrong in a way that the calling program must know about. The set is closed. */
export type TonearmErrorCode =
  /** An option is unknown, missing, of the wrong type or out of range. */
  | "invalid_option"
  /** `record`, `play` or `source` was called with something that can never become an event. */
  | "invalid_argument"
  /** The directory cannot be created, read or written. */
  | "directory_unusable"
  /** Another process, or another instance in this one, owns the directory. */
  | "directory_locked"
  /** The device's storage failed; events go on in memory, and are not durable. */
  | "storage_degraded"
  /** A stored file could not be read; the message says what was done with it. */
  | "storage_corrupt"
  /** The relay did not accept a batch for a reason that waiting alone will not mend, such as a wrong key. */
  | "relay_refused"
  /** The relay cannot be reached or answers with errors; delivery is retried for ever. */
  | "relay_unreachable"
  /** A listener that the application registered threw, or returned a promise that was rejected. */
  | "listener_failed"
  /**
   * `beforeSend` or `redact` threw, or answered with something else than it may: nothing is sent that it should have seen. Or
   * `holdBack` or `debug` did: nothing depends on them.
   */
  | "hook_failed";

/** The one error class of the SDK. `message` says what was wrong and what was expected; `cause` is kept. */
export class TonearmError extends Error {
  override readonly name = "TonearmError";
  readonly code: TonearmErrorCode;

  constructor(code: TonearmErrorCode, message: string, cause?: unknown) {
    super(message, cause === undefined ? undefined : { cause });
    this.code = code;
  }
}

/** The message of anything that can be thrown, also of what throws when it is looked at. */
export function messageOf(error: unknown): string {
  try {
    return String(error instanceof Error ? error.message : error);
  } catch {
    return "no message";
  }
}
