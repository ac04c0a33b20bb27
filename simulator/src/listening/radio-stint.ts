import type { Station } from "./catalogue.ts";
import { Course } from "./course.ts";
import { trackTitle } from "./names.ts";
import type { Moment, PlayPlan, ReasonEnd } from "./player.ts";
import type { Random } from "./random.ts";
import { SERVICE } from "./sources.ts";
import { type LastReason, type Listening, type ReasonStart, type StintEnd, UPDATE_GAP_MS } from "./stint.ts";

/** Assumptions: no history has radio. */
const LENGTH_MEDIAN_MS = 35 * 60_000;
const LENGTH_SIGMA = 1;
const LENGTH_MAX_MS = 12 * 3_600_000;
const TITLE_MEDIAN_MS = 200_000;
const TITLE_SIGMA = 0.35;
/** Some titles are announced twice: first a jingle, or the station's name. */
const FLICKER_SHARE = 0.1;
const FLICKER_MS = 3_000;
/** Share of stations that tell no titles. */
const UNTITLED_SHARE = 0.15;

/** One station, or a few in turn. */
export function* radioStint(
  listening: Listening,
  first: ReasonStart,
  last: LastReason,
): Generator<Moment, StintEnd> {
  const { player, catalogue, random } = listening;
  const sourceType = player.sourceType;
  let reasonStart = first;
  for (let left = Number(random.weighted({ 1: 7, 2: 2, 3: 1 })); left > 0; left--) {
    const reasonEnd = left === 1 ? last : "clickrow";
    const plan = drawRadio(player.nowMs, catalogue.drawStation(random), { reasonStart, reasonEnd }, random);
    yield* player.play(plan);
    if (player.sourceType !== sourceType) return "gone";
    reasonStart = "clickrow";
  }
  return "over";
}

/** A time with a station: one item for the player, whatever the station plays. */
export function drawRadio(
  startMs: number,
  station: Station,
  reasons: { readonly reasonStart: ReasonStart; readonly reasonEnd: ReasonEnd },
  random: Random,
): PlayPlan {
  const bufferingMs = Math.min(30_000, Math.round(random.logNormal(900, 0.8)));
  const soundingMs = Math.min(LENGTH_MAX_MS, Math.round(random.logNormal(LENGTH_MEDIAN_MS, LENGTH_SIGMA)));
  const course = new Course(startMs, [
    { kind: "buffering", lengthMs: bufferingMs },
    { kind: "sounding", lengthMs: soundingMs },
  ]);
  const titles = random.chance(UNTITLED_SHARE) ? [] : drawTitles(course, random);
  return {
    course,
    updatesMs: updatesFor(titles),
    titleAt: (timeMs) => titles.findLast(({ fromMs }) => fromMs <= timeMs)?.title ?? null,
    reasonEnd: reasons.reasonEnd,
    facts: {
      content_type: "station",
      livestream: true,
      duration_ms: null,
      position_start_ms: null,
      item_uri: `streamer:station:${station.id}`,
      container_type: "station",
      container_id: station.id,
      container_name: station.name,
      service: SERVICE,
      reason_start: reasons.reasonStart,
      reason_basis: "inferred",
    },
  };
}

interface Title {
  readonly fromMs: number;
  readonly title: string;
}

function drawTitles(course: Course, random: Random): readonly Title[] {
  const titles: Title[] = [];
  let fromMs = course.startMs + random.integer(0, TITLE_MEDIAN_MS);
  while (fromMs < course.endMs) {
    titles.push({ fromMs, title: trackTitle(random, 0.05) });
    const isFlicker = random.chance(FLICKER_SHARE);
    fromMs += isFlicker ? FLICKER_MS : Math.round(random.logNormal(TITLE_MEDIAN_MS, TITLE_SIGMA));
  }
  return titles;
}

/** Every title is reported, except where two follow each other so soon that only the later one may be told. */
function updatesFor(titles: readonly Title[]): readonly number[] {
  const updates: number[] = [];
  for (const { fromMs } of titles) {
    const before = updates.at(-1) ?? Number.NEGATIVE_INFINITY;
    if (fromMs > before) updates.push(Math.max(fromMs, before + UPDATE_GAP_MS));
  }
  return updates;
}
