import type { Cancel, Clock } from "./clock.ts";
import type { Codec } from "./codec.ts";
import type { EventQueue } from "./event-queue.ts";
import type { SeqRange, Store } from "./store.ts";
import type { Transport } from "./transport.ts";

/** What a runtime brings. */
export interface Ports {
  readonly clock: Clock;
  readonly codec: Codec;
  readonly transport: Transport;
  /** What waits to be stored; without one a plain one, for a codec that makes bytes of their own for each event. */
  readonly queue?: EventQueue | undefined;
  /** Rations writing where the medium wears out; without one events are stored as soon as the options say. */
  readonly wear?: Wear | undefined;
  /** Makes the store; it tells `damage` of events that the medium lost, and `quarantined` of unusable files. */
  makeStore(tell: StoreNews): Store;
  /** Makes a store in memory of up to `bufferBytesMax` bytes, to go on with when the other cannot be opened. */
  makeSpare(tell: StoreNews): Store;
  /** Called once with what a page does to an instance that lives in it; other runtimes have none. */
  attach?(page: PageControls): void;
  /** Called once, when everything is closed: gives back what `createTelemetry` took, such as a lock. */
  release(): void;
}

/** Rations writing where the medium wears out. */
export interface Wear {
  /**
   * Calls back when a commit of about so many bytes can be borne, or when the process is about to end.
   * @returns undefined when it can be borne now; then it does not call.
   */
  wait(bytes: number, callback: () => void): Cancel | undefined;
}

/** What a page that is hidden, put aside and brought back does to an instance. */
export interface PageControls {
  /** Hidden, perhaps for ever: commits, and hands the transport up to about `bytesMax` of what is not acknowledged. */
  hide(bytesMax: number): void;
  show(): void;
  /** Back after others may have taken it for dead. */
  goOn(): void;
  /** The network may be back. */
  tryNow(): void;
}

export interface StoreNews {
  damage(range: SeqRange): void;
  /**
   * The epoch of an owner that is gone was found to end at `lastSeq`.
   * @returns the number of the record that declares it, once that is stored; undefined when nothing can be declared.
   */
  ended(epoch: string, lastSeq: number): number | undefined;
  quarantined(name: string, reason: string): void;
}
