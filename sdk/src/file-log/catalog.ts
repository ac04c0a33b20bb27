import { FRAMES_START, type SegmentHeader } from "./segment-format.ts";

/** One segment file, as the running log knows it. */
export interface Segment {
  readonly name: string;
  readonly header: SegmentHeader;
  /** Length up to which the file is known to be good; what lies beyond is never read. */
  bytes: number;
  /** Where the reader goes on. */
  readOffset: number;
  /** Highest sequence number in it; 0 while it has no event. */
  lastSeq: number;
  /**
   * Events up to this number stand in an earlier segment, too, and count there: 0 in a segment of this process. A sync that
   * failed may have left the first of the two.
   */
  repeatedSeq: number;
  /** Unacknowledged events, by priority. */
  readonly live: [number, number, number, number];
  /** A sealed segment is never written again. */
  sealed: boolean;
}

/** A segment that holds its header only. */
export function newSegment(name: string, header: SegmentHeader): Segment {
  const start = { bytes: FRAMES_START, readOffset: FRAMES_START, lastSeq: 0, repeatedSeq: 0, sealed: false };
  return { name, header, ...start, live: [0, 0, 0, 0] };
}

export const liveCount = (segment: Segment): number => segment.live.reduce((sum, count) => sum + count, 0);

/** All segments in the order in which they are read, and how far each epoch is acknowledged. */
export class Catalog {
  readonly segments: Segment[] = [];
  readonly acknowledged = new Map<string, number>();

  /** Puts a segment into its place: epochs in the order in which they began, then by first event. */
  insert(segment: Segment): void {
    const before = this.segments.findLastIndex((other) => compare(other, segment) <= 0);
    this.segments.splice(before + 1, 0, segment);
  }

  /** Puts a segment where another is that it stands for: what stands twice is read first where it was read first before. */
  insertBefore(other: Segment, segment: Segment): void {
    this.segments.splice(this.segments.indexOf(other), 0, segment);
  }

  remove(segment: Segment): void {
    const at = this.segments.indexOf(segment);
    if (at >= 0) this.segments.splice(at, 1);
    const { epoch } = segment.header;
    if (!this.segments.some((other) => other.header.epoch === epoch)) this.acknowledged.delete(epoch);
  }

  /** Raises what is acknowledged of an epoch; an older acknowledgement changes nothing. */
  acknowledge(epoch: string, throughSeq: number): void {
    if (throughSeq > this.acknowledgedThrough(epoch)) this.acknowledged.set(epoch, throughSeq);
  }

  acknowledgedThrough(epoch: string): number {
    return this.acknowledged.get(epoch) ?? 0;
  }

  /** The highest number known of an epoch: there is an event with it, or it was acknowledged; 0 when there is none. */
  lastSeqOf(epoch: string): number {
    const own = this.segments.filter(({ header }) => header.epoch === epoch);
    return Math.max(this.acknowledgedThrough(epoch), ...own.map(({ lastSeq }) => lastSeq));
  }

  /** The last segment of the newest epoch that is known to have an event. */
  get newest(): Segment | undefined {
    return this.segments.findLast(({ header }) => this.lastSeqOf(header.epoch) > 0);
  }

  get bytes(): number {
    return this.segments.reduce((sum, segment) => sum + segment.bytes, 0);
  }

  get liveEvents(): number {
    return this.segments.reduce((sum, segment) => sum + liveCount(segment), 0);
  }
}

function compare(a: Segment, b: Segment): number {
  return (
    a.header.epochIndex - b.header.epochIndex ||
    a.header.firstSeq - b.header.firstSeq ||
    a.header.number - b.header.number
  );
}
