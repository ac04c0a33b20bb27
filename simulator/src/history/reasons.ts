import type { PlayEvent } from "@tonearm/sdk";

export type ReasonStart = NonNullable<PlayEvent["reason_start"]>;
export type ReasonEnd = NonNullable<PlayEvent["reason_end"]>;

/** The vocabulary took its words from this export, so most map to themselves. */
const STARTS: readonly ReasonStart[] = [
  "trackdone",
  "clickrow",
  "playbtn",
  "fwdbtn",
  "backbtn",
  "appload",
  "remote",
  "trackerror",
];
const ENDS: readonly ReasonEnd[] = [
  "trackdone",
  "fwdbtn",
  "backbtn",
  "clickrow",
  "endplay",
  "logout",
  "remote",
  "trackerror",
  "unexpected-exit",
  "unexpected-exit-while-paused",
];

/** A word that the vocabulary has no match for, such as `switched-to-video`, is `unknown`: the play still happened. */
export function reasonStartOf(word: string | null): ReasonStart {
  return STARTS.find((reason) => reason === word) ?? "unknown";
}

/** As `reasonStartOf`. */
export function reasonEndOf(word: string | null): ReasonEnd {
  return ENDS.find((reason) => reason === word) ?? "unknown";
}
