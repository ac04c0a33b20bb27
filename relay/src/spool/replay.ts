import { type Clock, sleep } from "@tonearm/sdk/ports";
import type { Batch } from "../batch.ts";
import type { Spool, SpooledBatch, SpooledRun } from "./spool.ts";

/** Puts one batch into the stream; resolves to whether it is there. */
export type DeliverSpooled = (batch: Batch) => Promise<boolean>;

/** What the replay tells. */
export interface ReplayEvents {
  delivered(batches: readonly SpooledBatch[]): void;
  /** All batches of a run have been handed over: nothing is to be waited for that could share a record with them. */
  handedOver(): void;
}

/** After a batch that did not get through, in ms. */
const PAUSE_MS = 500;

/** Brings spooled batches into the stream, oldest first, whenever Kinesis takes them. */
export class Replay {
  readonly #spool: Spool;
  readonly #clock: Clock;
  readonly #deliver: DeliverSpooled;
  readonly #events: ReplayEvents;
  readonly #abort = new AbortController();
  /** Batches of the run under way that are in the stream already, behind one that is not: they are not put again. */
  readonly #arrived = new Set<string>();
  #wake: (() => void) | undefined;
  #loop: Promise<void> = Promise.resolve();

  constructor(spool: Spool, clock: Clock, deliver: DeliverSpooled, events: ReplayEvents) {
    this.#spool = spool;
    this.#clock = clock;
    this.#deliver = deliver;
    this.#events = events;
  }

  start(): void {
    this.#loop = this.#run();
  }

  /** There is something new in the spool. */
  notify(): void {
    this.#wake?.();
  }

  /** Ends after the batches under way; the rest stays in the spool. */
  async stop(): Promise<void> {
    this.#abort.abort();
    this.#wake?.();
    await this.#loop;
  }

  async #run(): Promise<void> {
    const { signal } = this.#abort;
    while (!signal.aborted) {
      const news = new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
      const run = await this.#spool.read();
      if (!run) await news;
      else if (!(await this.#replay(run))) await sleep(this.#clock, PAUSE_MS, signal);
    }
  }

  /** Returns whether all of the run is in the stream. */
  async #replay({ epoch, batches, acknowledge }: SpooledRun): Promise<boolean> {
    const keyOf = ({ seq }: SpooledBatch) => `${epoch} ${seq}`;
    const deliveries = batches.map(async (spooled) => {
      const key = keyOf(spooled);
      if (!this.#arrived.has(key) && (await this.#deliver(spooled.batch))) this.#arrived.add(key);
    });
    this.#events.handedOver();
    await Promise.all(deliveries);
    const failed = batches.findIndex((spooled) => !this.#arrived.has(keyOf(spooled)));
    const safe = failed < 0 ? batches : batches.slice(0, failed);
    const last = safe.at(-1);
    if (last) {
      await acknowledge(last.seq);
      for (const spooled of safe) this.#arrived.delete(keyOf(spooled));
      this.#events.delivered(safe);
    }
    return failed < 0;
  }
}
