import type { SourceKind } from "./habit.ts";
import type { Moment, PlayPlan, ReasonEnd } from "./player.ts";
import { hourOf } from "./rhythm.ts";
import { IDLE } from "./sources.ts";
import type { LastReason, Listening, ReasonStart, StintEnd } from "./stint.ts";
import { drawCourse, drawEnding, drawUpdates, type Ending, factsOf } from "./track-plan.ts";

/** How long a player takes to come back, with somebody in front of it. */
const RESTART_MEAN_MS = 90_000;

/** Late at night people go to bed: the share of plays before which they decide to, when nobody begins to listen. */
const BEDTIME_SHARE = 0.3;

/** Track after track, from a queue or from somebody's phone, for as many plays as a session has. */
export function* queueStint(
  listening: Listening,
  kind: SourceKind,
  first: ReasonStart,
  last: LastReason,
): Generator<Moment, StintEnd> {
  const { player, habit, random } = listening;
  const sourceType = player.sourceType;
  const shuffle = random.chance(habit.uses.shuffleShare);
  let reasonStart = first;
  let before: Ending["kind"] = "done";
  let left = Math.round(habit.rhythm.playsInSession.draw(random));
  while (left > 0) {
    if (isBedtime(listening)) left = 1;
    const stopMs = drawStop(listening);
    const isPause = random.chance(0.5);
    if (stopMs > 0 && !isPause) {
      yield* player.wait(player.nowMs + stopMs);
      if (player.sourceType !== sourceType) return "gone";
      reasonStart = "resume";
    }
    const { plan, ending } = drawPlay(listening, kind, {
      reasonStart,
      before,
      shuffle,
      pauseMs: isPause ? stopMs : 0,
      last: left === 1 ? last : undefined,
    });
    const reasonEnd = yield* player.play(plan);
    if (player.sourceType !== sourceType) return "gone";
    if (isOff(reasonEnd)) {
      yield* restart(listening, reasonEnd);
      if (player.sourceType !== sourceType) return "gone";
    }
    reasonStart = STARTS[reasonEnd] ?? "playbtn";
    before = ending.kind;
    left--;
  }
  return "over";
}

interface Situation {
  readonly reasonStart: ReasonStart;
  readonly before: Ending["kind"];
  readonly shuffle: boolean;
  readonly pauseMs: number;
  /** Set on the last play: it is not skipped for the sake of a next one. */
  readonly last: LastReason | undefined;
}

function drawPlay(
  { player, habit, catalogue, taste, random }: Listening,
  kind: SourceKind,
  situation: Situation,
): { readonly plan: PlayPlan; readonly ending: Ending } {
  const choice = taste.next();
  const track = catalogue.track(choice.key);
  const drawn = drawEnding(track.durationMs, habit.patience, situation.before, random);
  const reasonEnd = situation.last && drawn.kind !== "done" ? situation.last : drawn.reasonEnd;
  const ending = { ...drawn, reasonEnd };
  const course = drawCourse(player.nowMs, ending, situation.pauseMs, random);
  const plan: PlayPlan = {
    course,
    updatesMs: random.chance(habit.uses.updateShare) ? drawUpdates(course, random) : [],
    titleAt: () => track.title,
    reasonEnd,
    facts: { ...factsOf(track, choice, kind, situation.shuffle), reason_start: situation.reasonStart },
  };
  return { plan, ending };
}

function drawStop({ habit, random }: Listening): number {
  const { stopShare, stopSeconds } = habit.rhythm;
  return random.chance(stopShare) ? Math.round(stopSeconds.draw(random) * 1_000) : 0;
}

/** Hours are quiet that have less than half of the busiest one's weight. */
function isBedtime({ player, habit, random, utcOffsetMs }: Listening): boolean {
  const { hourWeights } = habit.rhythm;
  const weight = hourWeights[hourOf(player.nowMs, utcOffsetMs)] ?? 0;
  const quiet = Math.max(0, 1 - (2 * weight) / Math.max(...hourWeights));
  return random.chance(BEDTIME_SHARE * quiet);
}

/** Some ends are not the item's only: the player is gone, or nobody is logged in any more. */
function isOff(reasonEnd: ReasonEnd): boolean {
  return reasonEnd === "logout" || reasonEnd.startsWith("unexpected-exit");
}

/** Nobody listens to less for that: the player comes back, and so does its source. */
function* restart({ player, random }: Listening, reasonEnd: ReasonEnd): Generator<Moment, void> {
  const source = player.source;
  yield* player.switchTo(IDLE, reasonEnd === "logout" ? "user_app" : "system");
  yield* player.wait(player.nowMs + Math.round(random.exponential(RESTART_MEAN_MS)));
  if (player.sourceType === "idle") yield* player.switchTo(source, "user_app");
}

/** What begins the next play, by what ended the last one. Where nothing is said, somebody pressed play. */
const STARTS: Readonly<Partial<Record<ReasonEnd, ReasonStart>>> = {
  trackdone: "trackdone",
  fwdbtn: "fwdbtn",
  backbtn: "backbtn",
  clickrow: "clickrow",
  trackerror: "trackerror",
  remote: "remote",
  "unexpected-exit": "appload",
  "unexpected-exit-while-paused": "appload",
};
