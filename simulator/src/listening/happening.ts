import type { PlayEvent, SourceEvent } from "@tonearm/sdk";

/** Something a speaker reports, and when. */
export type Happening = PlayHappening | SourceHappening;

export interface PlayHappening {
  /** Listening time since the speaker's previous happening, 0 or more. Whoever runs the speaker may compress it. */
  readonly gapMs: number;
  readonly type: "play";
  readonly data: PlayEvent;
}

interface SourceHappening {
  readonly gapMs: number;
  readonly type: "source";
  readonly data: SourceEvent;
}
