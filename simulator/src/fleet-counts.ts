/** What went wrong under one code: how often it was told, and in which words the first time. */
interface Trouble {
  count: number;
  readonly first: string;
}

const SUMMED = [
  "recorded",
  "refused",
  "dataBytes",
  "accepted",
  "acceptedEvents",
  "acceptedBatches",
  "bodyBytes",
  "retries",
  "crashes",
  "diskBytes",
] as const;

/** What a fleet has done so far, summed over its speakers and their lives. */
export class FleetCounts {
  recorded = 0;
  /** Calls of `record` that were dropped at once; the SDK declares them. */
  refused = 0;
  /** JSON of recorded events, in bytes. */
  dataBytes = 0;
  /** Events and control records that a relay has accepted. */
  accepted = 0;
  /** The events among them. */
  acceptedEvents = 0;
  acceptedBatches = 0;
  /** Bodies of the requests that were accepted, as sent. */
  bodyBytes = 0;
  /** Requests that had to be sent again, of instances that have ended. */
  retries = 0;
  crashes = 0;
  /** Bytes written to the speakers' disks. */
  diskBytes = 0;
  /** By code: those of the SDK's errors, and `connection_failed` for a relay that cannot be connected to. */
  readonly troubles: Record<string, Trouble> = {};

  accept(records: number, events: number, bodyBytes: number): void {
    this.accepted += records;
    this.acceptedEvents += events;
    this.acceptedBatches++;
    this.bodyBytes += bodyBytes;
  }

  trouble(code: string, message: string, count = 1): void {
    this.troubles[code] ??= { count: 0, first: message };
    this.troubles[code].count += count;
  }

  /** Adds what others have done. */
  add(others: Pick<FleetCounts, (typeof SUMMED)[number] | "troubles">): this {
    for (const name of SUMMED) this[name] += others[name];
    for (const [code, { count, first }] of Object.entries(others.troubles)) this.trouble(code, first, count);
    return this;
  }
}

/** What the speakers told of trouble, a line for each code; the troubles of faults that were meant to happen are among them. */
export function troubleLines({ troubles }: Pick<FleetCounts, "troubles">): string[] {
  return Object.entries(troubles).map(
    ([code, { count, first }]) => `${code}, told ${count === 1 ? "once" : `${count} times, first`}: ${first}`,
  );
}
