import type { Run } from "./store.ts";
import type { Durable } from "./wire/answer.ts";

/**
 * The port to the relay. `send` never throws for anything the network or the relay does: what happened is its answer,
 * and deciding what to do about it is the pump's.
 */
export interface Transport {
  /** Sends one batch, and ends early when `signal` aborts. One call at a time. */
  send(run: Run, signal: AbortSignal, sending: Sending): Promise<Answer>;
  close(): Promise<void>;
}

/** How one batch goes out. */
export interface Sending {
  /** Headers to add to the transport's own, or to take the place of its `authorization`. Names in lower case. */
  readonly headers: Readonly<Record<string, string>>;
  /** To be called when the body goes out: its length as sent, and what it is encoded in, such as `gzip` or `identity`. */
  left(bodyBytes: number, encoding: string): void;
}

/** Safe up to and including `throughSeq`. */
export interface Accepted {
  readonly kind: "accepted";
  readonly throughSeq: number;
  readonly durable: Durable;
  /** The relay's wall clock in ms, if it said. */
  readonly serverTimeMs: number | undefined;
  /** The flush interval that the relay would like, in ms, if it said. */
  readonly flushIntervalMs?: number | undefined;
  /** Length of the request's body as sent. */
  readonly bodyBytes: number;
}

export type Answer =
  | Accepted
  /** Nothing is wrong with the batch: send it again, after `afterMs` when the relay asked for it. */
  | { readonly kind: "retry"; readonly afterMs: number | undefined; readonly fault: Fault }
  /** Something in the batch is not acceptable, and never will be. */
  | { readonly kind: "rejected"; readonly code: string; readonly message: string };

/** Why a batch has to be sent again. */
export interface Fault {
  /** `refused` needs somebody to change something, such as a key; the others pass by themselves. */
  readonly kind: "unreachable" | "busy" | "refused";
  readonly message: string;
}
