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

  /**
   * Returns whether all of the run is settled. What is settled at its beginning is acknowledged as it comes: the rest may take
   * long, and what a crash finds unacknowledged is put twice.
   */
  async #replay(run: SpooledRun): Promise<boolean> {
    const { batches } = run;
    let done = 0;
    let isBusy = false;
    const advance = async () => {
      if (isBusy) return;
      isBusy = true;
      for (;;) {
        const settled = this.#settledFrom(run, done);
        if (settled.length === 0) break;
        await this.#acknowledge(run, settled);
        done += settled.length;
      }
      isBusy = false;
    };
    const deliveries = batches.map(async (spooled) => {
      const key = keyOf(run, spooled);
      if (!this.#settled.has(key)) {
        const arrival = await this.#deliver(spooled);
        if (arrival.kind === "settled") this.#settled.set(key, { spooled, dead: arrival.dead });
      }
      await advance();
    });
    this.#events.handedOver();
    await Promise.all(deliveries);
    return done === batches.length;
  }

  /** The settled batches in front of the first one that is not. */
  #settledFrom(run: SpooledRun, from: number): Settled[] {
    const settled: Settled[] = [];
    for (const spooled of run.batches.slice(from)) {
      const each = this.#settled.get(keyOf(run, spooled));
      if (!each) break;
      settled.push(each);
    }
    return settled;
  }

  async #acknowledge(run: SpooledRun, settled: readonly Settled[]): Promise<void> {
    await run.acknowledge(settled.at(-1)!.spooled.seq);
    for (const { spooled } of settled) this.#settled.delete(keyOf(run, spooled));
    this.#events.settled(settled);
  }
}

const keyOf = ({ epoch }: SpooledRun, { seq }: SpooledBatch): string => `${epoch} ${seq}`;
