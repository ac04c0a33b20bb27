import type { Run, RunLimit } from "./store.ts";
import type { Accepted, Answer, Fault } from "./transport.ts";

/** The application wants the batch to wait. */
export interface Held {
  readonly kind: "held";
}

/** Where batches come from and go to; the pump itself keeps none. */
export interface PumpSource {
  /** The oldest run not acknowledged: stored, or in memory while nothing can be stored. */
  read(limit: RunLimit): Promise<Run | undefined>;
  /** The same, of this epoch, as far as it can be had without waiting. */
  peek(limit: RunLimit): Run | undefined;
  /** Sends a run; ends early when `abort` aborts. */
  send(run: Run, abort: AbortController): Promise<Answer | Held>;
  acknowledge(run: Run, answer: Accepted): Promise<void>;
  /** Gives up the one event of `run`, declared. False when it cannot be declared any more. */
  reject(run: Run, code: string, message: string): Promise<boolean>;
  /** A batch is sent again after `waitMs`. */
  faulted(run: Run, fault: Fault, waitMs: number): void;
  /** Something failed that never should; what it was about is dealt with again, like a batch that failed. */
  broke(error: unknown): void;
  /** Events waiting to be sent. */
  waiting(): number;
  /** Whether the application would rather send nothing now. */
  heldBack(): boolean;
  /** The epoch of this process; older ones are drained without waiting for the flush interval. */
  readonly epoch: string;
}
