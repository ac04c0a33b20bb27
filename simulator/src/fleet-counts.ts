/** What a fleet has done so far, summed over its speakers and their lives. */
export class FleetCounts {
  recorded = 0;
  /** Calls of `record` that were dropped at once; the SDK declares them. */
  refused = 0;
  /** JSON of recorded events, in bytes. */
  dataBytes = 0;
  /** Events and control records that a relay has accepted. */
  accepted = 0;
  acceptedBatches = 0;
  /** Bodies of the requests that were accepted, as sent. */
  bodyBytes = 0;
  /** Requests that had to be sent again, of instances that have ended. */
  retries = 0;
  crashes = 0;
  /** Bytes written to the speakers' disks. */
  diskBytes = 0;
  readonly troubles: Record<string, number> = {};

  accept(events: number, bodyBytes: number): void {
    this.accepted += events;
    this.acceptedBatches++;
    this.bodyBytes += bodyBytes;
  }

  trouble(code: string): void {
    this.troubles[code] = (this.troubles[code] ?? 0) + 1;
  }
}
