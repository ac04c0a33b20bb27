import { type Clock, sleep } from "@tonearm/sdk/ports";
import type { Spool, SpooledBatch, SpooledRun } from "./spool.ts";
import type { Arrival } from "./spooled-delivery.ts";

/** Brings one batch to where it ends, if it can be now. */
export type DeliverSpooled = (spooled: SpooledBatch) => Promise<Arrival>;

/** A batch that has left the spool. */
export interface Settled {
  readonly spooled: SpooledBatch;
  /** Its events that are among the dead letters. */
  readonly dead: number;
}

/** What the replay tells. */
export interface ReplayEvents {
  settled(batches: readonly Settled[]): void;
  /** Whether Kinesis may take something now: else nothing is read, and nothing held in memory. */
  mayDeliver(): boolean;
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
  /** Batches of the run under way that are settled already, behind one that is not: they are not put again. */
  readonly #settled = new Map<string, Settled>();
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
      if (!this.#events.mayDeliver()) {
        await sleep(this.#clock, PAUSE_MS, signal);
        continue;
      }
      const run = await this.#spool.read();
      if (!run) await news;
      else if (!(await this.#replay(run))) await sleep(this.#clock, PAUSE_MS, signal);
    }
  }

  /** Returns whether all of the run is settled. */
  async #replay({ epoch, batches, acknowledge }: SpooledRun): Promise<boolean> {
    const keyOf = ({ seq }: SpooledBatch) => `${epoch} ${seq}`;
    const deliveries = batches.map(async (spooled) => {
      const key = keyOf(spooled);
      if (this.#settled.has(key)) return;
      const arrival = await this.#deliver(spooled);
      if (arrival.kind === "settled") this.#settled.set(key, { spooled, dead: arrival.dead });
    });
    this.#events.handedOver();
    await Promise.all(deliveries);
    const settled = batches.map((spooled) => this.#settled.get(keyOf(spooled)));
    const waits = settled.indexOf(undefined);
    const safe = (waits < 0 ? settled : settled.slice(0, waits)) as readonly Settled[];
    const last = safe.at(-1)?.spooled;
    if (last) {
      await acknowledge(last.seq);
      for (const { spooled } of safe) this.#settled.delete(keyOf(spooled));
      this.#events.settled(safe);
    }
    return waits < 0;
  }
}
