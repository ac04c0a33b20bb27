/**
 * The port behind which events wait for the relay. It promises, in prose that one contract suite runs against
 * every implementation:
 *
 * - What `append` resolved with `ok` survives, in a durable store, a crash of the process and of the machine.
 * - `read` shows unacknowledged events in order, older epochs first, and shows the same events again until they
 *   are acknowledged. It never shows a hole as if it were not there: a run ends at it, or shows it as empty bytes.
 * - `acknowledge` names events by (epoch, seq), never by count, and only forgets what it names.
 * - Nothing disappears but by `acknowledge`, or by an eviction or a purge whose declaration was appended first.
 * - No method throws for a full or broken medium; `append` says so in its answer.
 */

/** Who is sacrificed last (0) and first (3) when space runs out. The numbers stand in files. */
export type Priority = 0 | 1 | 2 | 3;
/** Records that carry the proof: `$open`, `$drop`, `$close`, `$purge`. */
export const CONTROL: Priority = 0;
export const CRITICAL: Priority = 1;
export const NORMAL: Priority = 2;

/** One encoded event on its way into the store. */
export interface Entry {
  readonly seq: number;
  readonly priority: Priority;
  readonly bytes: Uint8Array;
}

/**
 * Consecutive numbers of one epoch, ready to be spliced into one batch. Where an event was given up its bytes are empty;
 * the first and the last are events.
 */
export interface Run {
  readonly device: string;
  readonly epoch: string;
  readonly firstSeq: number;
  readonly events: readonly Uint8Array[];
}

/** A stretch of sequence numbers of one epoch, both ends included. */
export interface SeqRange {
  readonly epoch: string;
  readonly fromSeq: number;
  readonly toSeq: number;
  /** How many of its numbers are meant; all of them where it is absent. */
  readonly count?: number;
}

/** Bounds of what `read` returns; at least one event is returned when there is one. */
export interface RunLimit {
  /** Numbers, those of events given up among them. */
  readonly eventsMax: number;
  readonly bytesMax: number;
  /** How many numbers in a row may have been given up without the run ending there. Default 0. */
  readonly gapMax?: number;
}

export type Appended = { readonly ok: true } | { readonly ok: false; readonly error: unknown };

/** What a store found when it was opened. */
export interface OpenedStore {
  /**
   * The newest earlier epoch and the last sequence number of it that is durable here; null when damage may have taken
   * what came last.
   */
  readonly previous: { readonly epoch: string; readonly lastSeq: number | null } | undefined;
}

/** A proposal to give up stored events. Nothing happens before `apply`. */
export interface Eviction {
  readonly ranges: readonly SeqRange[];
  /** Gives the events up. To be called once their declaration is durable. */
  apply(): Promise<void>;
}

/** A proposal to give up everything but control records, because consent was withdrawn. Nothing happens before `apply`. */
export interface Purge {
  /** What of it is not acknowledged, earlier epochs included, damage and holes where they cannot be told apart. */
  readonly ranges: readonly SeqRange[];
  /**
   * Leaves no byte of any event but unacknowledged control records, nor of anything unusable that was set aside. To be
   * called once the declaration of `ranges` is durable; only control records may be appended in between. False when the
   * medium keeps something all the same: the next purge tries again.
   */
  apply(): Promise<boolean>;
}

/** How much a store takes. */
export interface StoreCaps {
  readonly storeBytesMax: number;
  readonly storeEventsMax: number;
}

/** What waits in a store. */
export interface Backlog {
  readonly events: number;
  /** Bytes taken on the medium, framing included. */
  readonly bytes: number;
}

export interface Store {
  /** Whether `append` means durable. A store in memory says false, and nobody may then claim otherwise. */
  readonly durable: boolean;
  /** Begins a new epoch. Called once, before anything else. */
  open(device: string, epoch: string): Promise<OpenedStore>;
  /** Takes entries in ascending order of seq, all or none. Holes between them are allowed. */
  append(entries: readonly Entry[]): Promise<Appended>;
  /** The oldest unacknowledged run. */
  read(limit: RunLimit): Promise<Run | undefined>;
  /**
   * Events of the present epoch that can be had without waiting, from the oldest unacknowledged one on; undefined when
   * that one cannot. Stores that are never left in a hurry have none.
   */
  fresh?(): readonly Entry[] | undefined;
  /** Forgets the events of `epoch` up to and including `throughSeq`; their bytes may be gone from runs that held them. */
  acknowledge(epoch: string, throughSeq: number): Promise<void>;
  /**
   * What would have to go so that `incomingBytes` and `incomingEvents` more stay within the caps: the oldest of the least
   * important. Undefined while they do, or when nothing can go yet.
   */
  planEviction(incomingBytes: number, incomingEvents: number): Promise<Eviction | undefined>;
  planPurge(): Promise<Purge>;
  backlog(): Backlog;
  close(): Promise<void>;
}
