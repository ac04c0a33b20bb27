import type { Batch } from "../batch.ts";
import type { Page } from "../operate/page.ts";
import type { Peers, Spent } from "../rate-limit/shared-spending.ts";
import type { Accepted } from "../resends.ts";

/** The port to the other workers of a relay that has several. A relay that is alone needs none. */
export interface Colleagues extends Peers, Keepers {
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

/** The workers in whose spools devices have their place: the same one for a device, whichever worker it is connected to. */
export interface Keepers {
  /** Whether a device's place is in another worker's spool. */
  isElsewhere(device: string): boolean;
  /** Whether its keeper has batches of a device, once those that are about to leave have left; undefined: it does not say. */
  isHeld(device: string): Promise<boolean | undefined>;
  /** Has the keeper store a batch behind others of its device; undefined: it does not say whether it did. */
  keep(batch: Batch): Promise<Kept | undefined>;
}

/** What became of a batch that another worker was to keep. */
export type Kept =
  | { readonly kind: "stored" }
  | { readonly kind: "refused"; readonly message: string; readonly retryAfterMs: number };

/** What a worker is asked by the others. */
export interface Desk {
  /** Another worker gave up this epoch; `accepted` is what it knew. */
  adopt(epochKey: string, accepted: Accepted): void;
  /** Gives an epoch up: resolves once nothing of it is under way here, to what was accepted of it. */
  release(epochKey: string): Promise<Accepted | undefined>;
  /** See `Keepers`: this worker is the keeper. */
  isHeld(device: string): Promise<boolean>;
  keep(batch: Batch): Promise<Kept>;
  /** Counts what the others let in. */
  addOthers(spent: readonly Spent[]): void;
  /** This worker's part of an operator's page, as plain data. */
  figures(path: string): Promise<unknown>;
}
