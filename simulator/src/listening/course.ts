/** What a play does for a while. Only while it sounds does time count as played. */
export interface Segment {
  readonly kind: "sounding" | "paused" | "buffering";
  /** 0 or more, whole. */
  readonly lengthMs: number;
}

/** How far a play has come, in ms. */
export interface Progress {
  readonly playedMs: number;
  readonly pausedMs: number;
  readonly bufferingMs: number;
}

/** A play from its beginning to its end, as it would go if nobody interfered. */
export class Course {
  readonly startMs: number;
  readonly endMs: number;
  readonly #segments: readonly Segment[];

  /** @param startMs in ms since 1970. */
  constructor(startMs: number, segments: readonly Segment[]) {
    this.startMs = startMs;
    this.endMs = segments.reduce((sum, { lengthMs }) => sum + lengthMs, startMs);
    this.#segments = segments;
  }

  /** What has been played by `timeMs`: never more than the time since the start. */
  at(timeMs: number): Progress {
    const spent = { sounding: 0, paused: 0, buffering: 0 };
    let leftMs = Math.max(0, timeMs - this.startMs);
    for (const { kind, lengthMs } of this.#segments) {
      const partMs = Math.min(leftMs, lengthMs);
      spent[kind] += partMs;
      leftMs -= partMs;
    }
    return { playedMs: spent.sounding, pausedMs: spent.paused, bufferingMs: spent.buffering };
  }
}
