import { Catalogue } from "./catalogue.ts";
import { HABITS } from "./fitted.ts";
import type { Habit } from "./habit.ts";
import type { Happening } from "./happening.ts";
import { Household, type Member } from "./household.ts";
import { type Moment, Player } from "./player.ts";
import type { Random } from "./random.ts";
import { nextSessionMs } from "./rhythm.ts";
import { session } from "./session.ts";
import type { Listening } from "./stint.ts";
import { Taste } from "./taste.ts";

/** Whose life it is, and where it begins. */
export interface ListenerOptions {
  /** The chance of the whole fleet. Every speaker and every household takes its own stream from it, by its id. */
  readonly random: Random;
  readonly playerId: string;
  /** The group that the speaker is when it plays alone, or coordinates. */
  readonly groupId: string;
  readonly householdId: string;
  /**
   * The other speakers of the household; without them it is never grouped. If each of them is given the others, what
   * they report of their groups agrees.
   */
  readonly neighbours?: readonly Member[];
  /** Where its time begins, in ms since 1970. The first session follows within minutes. */
  readonly startedAtMs: number;
  /** From UTC to local time; the same for all speakers of a household. Default 0. */
  readonly utcOffsetMs?: number;
  /** Default: one of `HABITS`, by chance. */
  readonly habit?: Habit;
}

/** A speaker and its listener. */
export interface Listener {
  /** What the speaker reports next. There is always something. */
  next(): Happening;
}

/** A speaker switched on is a speaker that somebody is about to listen to. */
const FIRST_SESSION_MEAN_MS = 60_000;

/**
 * A speaker's life, without end: the same options give the same sequence. It remembers the numbers of a few hundred
 * tracks, however long it lives.
 */
export function createListener(options: ListenerOptions): Listener {
  const moments = life(prepare(options));
  let toldMs = options.startedAtMs;
  return {
    next() {
      const moment = moments.next().value;
      const gapMs = moment.atMs - toldMs;
      toldMs = moment.atMs;
      return moment.type === "play"
        ? { gapMs, type: moment.type, data: moment.data }
        : { gapMs, type: moment.type, data: moment.data };
    },
  };
}

function prepare(options: ListenerOptions): Listening {
  const { random: fleet, playerId, groupId, householdId, neighbours = [], utcOffsetMs = 0 } = options;
  const own = fleet.fork(`speaker ${playerId}`);
  const habit = options.habit ?? own.fork("habit").pick(HABITS);
  const members = [{ playerId, groupId }, ...neighbours];
  const household = new Household(fleet.fork(`household ${householdId}`), members, utcOffsetMs);
  const catalogue = new Catalogue(fleet.fork("music"), habit.catalogue);
  return {
    player: new Player({ playerId, groupId, householdId }, household, own.fork("ids"), options.startedAtMs),
    habit,
    catalogue,
    taste: new Taste(catalogue, habit.choices, own.fork("taste")),
    random: own.fork("life"),
    utcOffsetMs,
  };
}

function* life(listening: Listening): Generator<Moment, never> {
  const { player, habit, random, utcOffsetMs } = listening;
  yield* player.wait(player.nowMs + Math.round(random.exponential(FIRST_SESSION_MEAN_MS)));
  for (;;) {
    yield* session(listening);
    yield* player.wait(nextSessionMs(player.nowMs, habit.rhythm, utcOffsetMs, random));
  }
}
