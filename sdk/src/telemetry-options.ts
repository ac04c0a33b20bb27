import type { CommonOptions } from "./options.ts";
import type { AnyEvents, EventDefinitions } from "./typed-events.ts";

/** Certificates and keys, as PEM. */
export interface TlsOptions {
  readonly ca?: string;
  readonly cert?: string;
  readonly key?: string;
}

/** Options of `createTelemetry`, the same type in every runtime; what another runtime needs is ignored. */
export interface TelemetryOptions<E extends EventDefinitions = AnyEvents> extends CommonOptions<E> {
  /**
   * Node, where it must be given: where events are kept until a relay has them; made when missing, and used by one
   * instance at a time. `false` keeps them in memory: a crash loses them, and nothing is ever called durable.
   */
  readonly directory?: string | false;
  /**
   * Node: about how many bytes the medium may be made to write in any 24 hours, the file system's own among them; by
   * default as many as it takes. When they run short, events wait longer in memory before they are durable; `flush()`,
   * `close()`, a buffer half full and the end of the process store them all the same. 1,048,576 to 2^50.
   */
  readonly flashBytesPerDayMax?: number;
  /**
   * Node: PEM for `https` endpoints: `cert` and `key` of a client certificate whose common name is this device's id, and `ca`
   * for authorities to trust in the place of the usual ones.
   */
  readonly tls?: TlsOptions;
  /**
   * Browser: name of the IndexedDB database in which events are kept, shared by the tabs and workers of an origin.
   * Default `tonearm`. `false` keeps them in memory.
   */
  readonly database?: string | false;
  /** Browser: asks the browser never to clear this origin's storage by itself; it may ask the user. Default false. */
  readonly persist?: boolean;
  /**
   * Browser: holds batches back, as `holdBack` does, on a cellular network or where the user asked to save data. Has no
   * effect where the browser does not tell. Default false.
   */
  readonly holdBackOnMetered?: boolean;
}

/** The names of options beyond those that every runtime checks. */
export const RUNTIME_OPTIONS: readonly string[] = [
  "directory",
  "flashBytesPerDayMax",
  "tls",
  "database",
  "persist",
  "holdBackOnMetered",
];
