import type { Page } from "../operate/page.ts";
import type { Peers, Spent } from "../rate-limit/shared-spending.ts";
import type { Accepted } from "../resends.ts";

/** The port to the other workers of a relay that has several. A relay that is alone needs none. */
export interface Colleagues extends Peers {
  /**
   * Makes an epoch this worker's: nobody else serves it from then on, and what was accepted of it elsewhere is known here.
   * @returns undefined when it is this worker's already, which is so for all batches of a connection but the first.
   */
  own(epochKey: string): Promise<void> | undefined;
  /** An operator's page of all workers together; undefined for a path that has none. */
  page(path: string): Promise<Page | undefined>;
  /** From now on `desk` answers what the others ask. */
  open(desk: Desk): void;
}

/** What a worker is asked by the others. */
export interface Desk {
  /** Another worker gave up this epoch; `accepted` is what it knew. */
  adopt(epochKey: string, accepted: Accepted): void;
  /** Gives an epoch up: resolves once nothing of it is under way here, to what was accepted of it. */
  release(epochKey: string): Promise<Accepted | undefined>;
  /** Counts what the others let in. */
  addOthers(spent: readonly Spent[]): void;
  /** This worker's part of an operator's page, as plain data. */
  figures(path: string): Promise<unknown>;
}
