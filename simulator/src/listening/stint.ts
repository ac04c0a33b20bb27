import type { PlayEvent } from "@tonearm/sdk";
import type { Catalogue } from "./catalogue.ts";
import type { Habit } from "./habit.ts";
import type { Player } from "./player.ts";
import type { Random } from "./random.ts";
import type { Taste } from "./taste.ts";

export type ReasonStart = NonNullable<PlayEvent["reason_start"]>;

/** A listener in front of a speaker. */
export interface Listening {
  readonly player: Player;
  readonly habit: Habit;
  readonly catalogue: Catalogue;
  readonly taste: Taste;
  readonly random: Random;
  readonly utcOffsetMs: number;
}

/** How a time with one source ends: `over`, and the source is still on, or `gone`, and something took it away. */
export type StintEnd = "over" | "gone";

/** What the last play of a stint gives as its reason, if it is not over by itself. */
export type LastReason = "endplay" | "source_switch";

/** Reports of one play are at least so far apart. */
export const UPDATE_GAP_MS = 10_000;
