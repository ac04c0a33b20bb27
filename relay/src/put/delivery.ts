import type { Batch } from "../batch.ts";

/** What became of a batch on its way into the stream. */
export type Delivered =
  | "stream"
  /** Not now: whoever has it keeps it. */
  | "unavailable"
  /** Never: Kinesis refuses for good a record with this batch in it; another batch in it may be the reason. */
  | "refused";

/**
 * One batch on its way. It may be spread over several Kinesis records (only when aggregation is off); it is delivered
 * when all of them are.
 */
export class Delivery {
  readonly batch: Batch;
  readonly outcome: Promise<Delivered>;
  /** Why it is refused. */
  refusal: string | undefined;
  #settle!: (outcome: Delivered) => void;
  #outstanding = 1;

  constructor(batch: Batch) {
    this.batch = batch;
    this.outcome = new Promise((resolve) => {
      this.#settle = resolve;
    });
  }

  /** Says over how many Kinesis records the batch is spread; 1 until then. */
  spreadOver(entries: number): void {
    this.#outstanding = entries;
  }

  /** One of its Kinesis records is in the stream. */
  entryDelivered(): void {
    if (--this.#outstanding === 0) this.#settle("stream");
  }

  /** One of its Kinesis records is refused for good; `reason` is Kinesis's name for why. */
  entryRefused(reason: string): void {
    this.refusal = reason;
    this.#settle("refused");
  }

  /** One of its Kinesis records is given up: the sender keeps the batch and sends it again. */
  entryFailed(): void {
    this.#settle("unavailable");
  }
}
