import type { Habit, SourceKind } from "./habit.ts";
import type { Moment, Trigger } from "./player.ts";
import { queueStint } from "./queue-stint.ts";
import { drawRadio, radioStint } from "./radio-stint.ts";
import type { Random } from "./random.ts";
import { HOUR_MS, hourOf } from "./rhythm.ts";
import { ALARM, IDLE, sourceOf } from "./sources.ts";
import type { LastReason, Listening, ReasonStart, StintEnd } from "./stint.ts";

/** Assumptions: how long a television or a record player is on, and when alarms ring. */
const SILENT_MEDIAN_MS = 1.25 * HOUR_MS;
const SILENT_SIGMA = 0.8;
const ALARM_HOURS = { from: 5, before: 9 };

/** A time of listening, from a silent speaker to a silent speaker, with one source or several in turn. */
export function* session(listening: Listening): Generator<Moment, void> {
  const { player, habit, random } = listening;
  // A queue that is on already is what a group that this speaker followed has left behind.
  let on = player.sourceType === "queue" ? TAKEN_OVER : yield* begin(listening);
  while (on) {
    const isSwitched = random.chance(habit.uses.switchShare);
    const last = isSwitched ? "source_switch" : "endplay";
    const end = yield* stint(listening, on.kind, on.first, last);
    if (end === "gone") {
      on = player.sourceType === "queue" ? TAKEN_OVER : undefined;
      continue;
    }
    on = isSwitched ? { kind: otherThan(on.kind, habit, random), first: "source_switch" } : undefined;
    if (on) yield* player.switchTo(sourceOf(on.kind), triggerOf(on.kind, random));
    else yield* player.switchTo(IDLE, random.chance(0.5) ? "auto" : "user_app");
  }
}

/** What is on, and why its first play begins. */
interface On {
  readonly kind: SourceKind;
  readonly first: ReasonStart;
}

const TAKEN_OVER: On = { kind: "queue", first: "source_switch" };

/** Switches the first source on; nothing is on after it when an alarm was all, or a group was quicker. */
function* begin(listening: Listening): Generator<Moment, On | undefined> {
  const { player, habit, random } = listening;
  const isWoken = yield* alarm(listening);
  if (isWoken && player.sourceType !== "alarm") return player.sourceType === "queue" ? TAKEN_OVER : undefined;
  if (isWoken && random.chance(0.5)) {
    yield* player.switchTo(IDLE, "user_device");
    return undefined;
  }
  const kind = random.weighted(habit.uses.sources);
  yield* player.switchTo(sourceOf(kind), triggerOf(kind, random));
  return { kind, first: isWoken ? "source_switch" : drawFirst(random) };
}

/** Whoever leaves the queue mostly turns to the radio, and whoever leaves anything else to the queue. */
function otherThan(kind: SourceKind, { uses }: Habit, random: Random): SourceKind {
  const preferred = kind === "queue" ? { radio: 1 } : { queue: 1 };
  return random.weighted({ ...uses.sources, ...preferred, [kind]: 0 });
}

function stint(
  listening: Listening,
  kind: SourceKind,
  first: ReasonStart,
  last: LastReason,
): Generator<Moment, StintEnd> {
  if (kind === "radio") return radioStint(listening, first, last);
  if (kind === "tv" || kind === "line_in") return silentStint(listening);
  return queueStint(listening, kind, first, last);
}

/** Sound without any news of what it is. */
function* silentStint({ player, random }: Listening): Generator<Moment, StintEnd> {
  const sourceType = player.sourceType;
  yield* player.wait(player.nowMs + Math.round(random.logNormal(SILENT_MEDIAN_MS, SILENT_SIGMA)));
  return player.sourceType === sourceType ? "over" : "gone";
}

/** In the morning an alarm may begin the session, with a station. Tells whether it did. */
function* alarm({ player, habit, catalogue, random, utcOffsetMs }: Listening): Generator<Moment, boolean> {
  const hour = hourOf(player.nowMs, utcOffsetMs);
  if (hour < ALARM_HOURS.from || hour >= ALARM_HOURS.before) return false;
  if (!random.chance(habit.uses.alarmShare)) return false;
  yield* player.switchTo(ALARM, "alarm");
  const reasons = { reasonStart: "alarm", reasonEnd: "endplay" } as const;
  yield* player.play(drawRadio(player.nowMs, catalogue.drawStation(random), reasons, random));
  return true;
}

/** Extended: reason_start of plays that nothing went before. */
function drawFirst(random: Random): ReasonStart {
  return random.weighted({ playbtn: 14, clickrow: 9, appload: 9, remote: 2 });
}

function triggerOf(kind: SourceKind, random: Random): Trigger {
  if (kind === "queue" || kind === "radio") {
    return random.weighted({ user_app: 12, user_device: 3, voice: 3, remote_app: 2 });
  }
  if (kind === "tv" || kind === "line_in") return random.weighted({ auto: 3, user_device: 1 });
  return "remote_app";
}
