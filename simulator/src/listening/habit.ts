import type { CatalogueStyle } from "./catalogue.ts";
import type { Curve } from "./distributions.ts";
import type { Choices } from "./taste.ts";

/** Sources that a session can be about. A group follower and an alarm come about otherwise. */
export type SourceKind = "queue" | "radio" | "line_in" | "tv" | "airplay" | "spotify_connect" | "bluetooth";

/** Why a play ends before the item does, and how often in relation to the others. */
export interface EarlyEnds {
  readonly fwdbtn: number;
  readonly backbtn: number;
  readonly clickrow: number;
  readonly endplay: number;
  readonly logout: number;
  readonly remote: number;
  readonly "unexpected-exit": number;
  readonly "unexpected-exit-while-paused": number;
}

/** When somebody listens. */
export interface Rhythm {
  /** How readily a session begins in each of the 24 hours of the day, in relation to the others. */
  readonly hourWeights: readonly number[];
  /** From the end of one session to the beginning of the next, in hours; 0.5 or more. */
  readonly pauseHours: Curve;
  readonly playsInSession: Curve;
  /** Share of plays before which, or in which, nothing sounds for a while, and for how many seconds. */
  readonly stopShare: number;
  readonly stopSeconds: Curve;
}

/** How somebody bears what they hear. A play is hopped over within seconds, left in the middle, or heard to its end. */
export interface Patience {
  /** Share of plays hopped over, after one that was, and after one that was not: hops come in rows. */
  readonly hopAfterHop: number;
  readonly hopAfterOther: number;
  readonly hopSeconds: Curve;
  readonly hopEnds: EarlyEnds;
  /** Share of the others that are left, and after how many thousandths of the item. */
  readonly leaveShare: number;
  readonly leavePart: Curve;
  readonly leaveEnds: EarlyEnds;
  /** Share of plays to the end that go over a part twice. */
  readonly rewindShare: number;
  readonly errorShare: number;
}

/** What a speaker is used for, beyond what histories tell. */
export interface Uses {
  readonly sources: Readonly<Record<SourceKind, number>>;
  /** Share of sessions that go over to another source instead of ending. */
  readonly switchShare: number;
  /** Share of sessions beginning between 5 and 9 o'clock that an alarm begins. */
  readonly alarmShare: number;
  /** Share of plays that are reported while they last. */
  readonly updateShare: number;
  readonly shuffleShare: number;
}

/** All there is to know about how somebody listens. */
export interface Habit {
  readonly name: string;
  readonly rhythm: Rhythm;
  readonly patience: Patience;
  readonly choices: Choices;
  readonly catalogue: CatalogueStyle;
  readonly uses: Uses;
}
