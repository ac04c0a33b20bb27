import type { ReasonEnd, ReasonStart } from "../vocabulary/play.ts";
import type { Trigger } from "../vocabulary/source.ts";
import { isOpen } from "./live.ts";
import type { OpenPlay, Reason } from "./open-play.ts";
import type { Because, Item, Sighting } from "./sighting.ts";

/** A play that begins so soon after the one before it had ended by itself goes on from there. */
const CONTINUES_MS = 1_000;

/** The play that ended last. */
export interface Ended {
  readonly item: Item;
  readonly reason: Reason<ReasonEnd>;
  /** By the monotonic clock. */
  readonly atMs: number;
  /** Whether another item came in its place, without a stop in between. */
  readonly isReplaced: boolean;
}

/** Of a play that has begun before it is known what it plays. */
export interface Opening {
  readonly said: Known;
  /** Why it began, if this is what it plays. */
  readonly reason: (item: Item) => Reason<ReasonStart>;
}

/** What was said of a change: each word with who says so. */
export interface Known {
  readonly end?: Reason<ReasonEnd>;
  readonly start?: Reason<ReasonStart>;
  readonly trigger?: Reason<Trigger>;
}

export const knownOf = ({ end, start, trigger, basis = "reported" }: Because): Known => ({
  ...(end && { end: { word: end, basis } }),
  ...(start && { start: { word: start, basis } }),
  ...(trigger && { trigger: { word: trigger, basis } }),
});

/** Word by word: what came with the change is the better one, unless it was only concluded. */
export function joined(said: Known, seen: Known): Known {
  const reported = Object.entries(seen).filter(([, { basis }]) => basis === "reported");
  return { ...seen, ...said, ...Object.fromEntries(reported) };
}

/** Why a play ends that meets this sighting: what was said, or else what can be concluded. */
export const reasonOfEnd = (play: OpenPlay, seen: Sighting, { end }: Known): Reason<ReasonEnd> =>
  end ?? { word: concludedEnd(play, seen), basis: "inferred" };

/** Why a play ends whose player is gone. */
export const reasonOfLoss = (play: OpenPlay | undefined): Reason<ReasonEnd> => ({
  word: play?.isPaused ? "unexpected-exit-while-paused" : "unexpected-exit",
  basis: "inferred",
});

function concludedEnd(play: OpenPlay, { item, state, crossfadeMs }: Sighting): ReasonEnd {
  if (play.endsNaturally(crossfadeMs)) return "trackdone";
  if (!item || state === "stopped") return "endplay";
  if (isOtherSource(play.item, item)) return "source_switch";
  if (item.key === play.item.nextKey) return "fwdbtn";
  const { place, nextPlace = place === undefined ? undefined : place + 1 } = play.item;
  if (item.place === undefined || place === undefined) return "clickrow";
  if (item.place === nextPlace) return "fwdbtn";
  return item.place === place - 1 ? "backbtn" : "clickrow";
}

/** Ends that say how the next play begins. */
const PASSED_ON: readonly (ReasonEnd & ReasonStart)[] = [
  "trackdone",
  "fwdbtn",
  "backbtn",
  "clickrow",
  "trackerror",
  "source_switch",
];

/** Why a play begins. @param isBlind whether the player was playing already when it was first seen. */
export function reasonOfStart(
  item: Item,
  ended: Ended | undefined,
  { start }: Known,
  nowMs: number,
  isBlind: boolean,
): Reason<ReasonStart> {
  if (start) return start;
  if (isBlind) return { word: "unknown", basis: "inferred" };
  if (!ended) return { word: "playbtn", basis: "inferred" };
  const { word, basis } = ended.reason;
  const passedOn = PASSED_ON.find((each) => each === word);
  const isNext = ended.isReplaced || (word === "trackdone" && nowMs - ended.atMs <= CONTINUES_MS);
  const isOther = isOtherSource(ended.item, item);
  // What it was to be may not have been known when the other one ended.
  const isVague = word === "clickrow" && basis === "inferred" && isOther;
  if (passedOn && isNext && !isVague) return { word: passedOn, basis };
  if (isOther) return { word: "source_switch", basis: "inferred" };
  return { word: ended.item.key === item.key ? "playbtn" : "clickrow", basis: "inferred" };
}

/** Whether two items come from different sources, as far as it is known what they are. */
export const isOtherSource = (one: Item, other: Item): boolean =>
  !isOpen(one) &&
  !isOpen(other) &&
  (one.words.source_type !== other.words.source_type || one.words.service !== other.words.service);
