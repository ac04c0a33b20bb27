import type { Random } from "./random.ts";
import { HOUR_MS } from "./rhythm.ts";

/** A speaker, and the group that it is when it plays alone or coordinates others. */
export interface Member {
  readonly playerId: string;
  readonly groupId: string;
}

/** A moment at which a household's speakers are grouped otherwise. */
export interface GroupStep {
  readonly atMs: number;
  /** Who plays together before and after; the first one coordinates. Nobody when all play alone. */
  readonly before: readonly Member[];
  readonly after: readonly Member[];
}

const DAY_MS = 24 * HOUR_MS;

/** Assumptions: how often speakers are grouped, from when to when in the day, and for how long. */
const GROUPED_DAYS_SHARE = 0.25;
const FIRST_HOUR = 7;
const LAST_HOUR = 22;
const LENGTH_MEDIAN_MS = 50 * 60_000;
const LENGTH_SIGMA = 0.8;
/** A group that ends by 3 in the morning never meets the next day's. */
const LENGTH_MAX_MS = 4 * HOUR_MS;

/** Days without a group after which the search for the next one is given up. */
const DAYS_AHEAD = 365;

/**
 * When the speakers of a household play together. Made from the household's own chance, day by day, so that every
 * speaker finds the same plan by itself: those who are said to have joined say so too.
 */
export class Household {
  readonly #random: Random;
  readonly #members: readonly Member[];
  readonly #utcOffsetMs: number;

  /** @param members in any order; every speaker of the household gives the same ones. */
  constructor(random: Random, members: readonly Member[], utcOffsetMs: number) {
    this.#random = random;
    this.#members = members.toSorted((a, b) => (a.playerId < b.playerId ? -1 : 1));
    this.#utcOffsetMs = utcOffsetMs;
  }

  /** The first step after `timeMs` that changes something for a speaker; none when it never has company. */
  nextStep(timeMs: number, playerId: string): GroupStep | undefined {
    if (this.#members.length < 2) return undefined;
    const today = Math.floor((timeMs + this.#utcOffsetMs) / DAY_MS);
    for (let day = today - 1; day < today + DAYS_AHEAD; day++) {
      const step = this.#stepsOf(day).find((each) => each.atMs > timeMs && concerns(each, playerId));
      if (step) return step;
    }
    return undefined;
  }

  /** Some join at the start, one may join later, the coordinator may leave early, and in the end all are alone. */
  #stepsOf(day: number): readonly GroupStep[] {
    const random = this.#random.fork(`groups on day ${day}`);
    if (!random.chance(GROUPED_DAYS_SHARE)) return [];
    const lengthMs = Math.min(LENGTH_MAX_MS, 60_000 + random.logNormal(LENGTH_MEDIAN_MS, LENGTH_SIGMA));
    const startMs =
      day * DAY_MS - this.#utcOffsetMs + random.integer(FIRST_HOUR * HOUR_MS, LAST_HOUR * HOUR_MS);
    const order = shuffled(this.#members, random);
    const first = order.slice(0, random.integer(2, order.length));
    const groups = [first];
    if (first.length < order.length && random.chance(0.4)) groups.push(order.slice(0, first.length + 1));
    const largest = groups.at(-1)!;
    if (largest.length > 2 && random.chance(0.3)) groups.push(largest.slice(1));
    groups.push([]);
    return groups.map((after, at) => ({
      atMs: Math.round(startMs + (lengthMs * at) / (groups.length - 1)),
      before: groups[at - 1] ?? [],
      after,
    }));
  }
}

function concerns({ before, after }: GroupStep, playerId: string): boolean {
  return [...before, ...after].some((member) => member.playerId === playerId);
}

function shuffled(members: readonly Member[], random: Random): Member[] {
  const keyed = members.map((member) => ({ member, key: random.fraction() }));
  return keyed.toSorted((a, b) => a.key - b.key).map(({ member }) => member);
}
