import type { PlayEvent, Source, SourceEvent } from "@tonearm/sdk";
import type { Course } from "./course.ts";
import { type Group, type GroupChange, groupChangeOf, groupOf } from "./group-change.ts";
import type { GroupStep, Household, Member } from "./household.ts";
import { playId } from "./play-id.ts";
import type { Random } from "./random.ts";
import { evidenceOf, IDLE, type SourceType } from "./sources.ts";

/** A report of a speaker, at a moment of its own time. */
export type Moment =
  | { readonly atMs: number; readonly type: "play"; readonly data: PlayEvent }
  | { readonly atMs: number; readonly type: "source"; readonly data: SourceEvent };

export type ReasonEnd = NonNullable<PlayEvent["reason_end"]>;
export type Trigger = NonNullable<SourceEvent["trigger"]>;

/** A play as it would go. */
export interface PlayPlan {
  readonly course: Course;
  /** When it is reported while it lasts, in ms since 1970; rising, 10 s or more apart. */
  readonly updatesMs: readonly number[];
  /** What is on at a moment; it changes on the radio. */
  titleAt(timeMs: number): string | null;
  readonly reasonEnd: ReasonEnd;
  /** The rest of what every report of it says. */
  readonly facts: Partial<PlayEvent>;
}

/** One speaker: its clock, its source and its group. All that it reports comes from here. */
export class Player {
  readonly #self: Member;
  readonly #householdId: string;
  readonly #household: Household;
  readonly #random: Random;
  #nowMs: number;
  #source = IDLE;
  #group: Group;
  #nextStep: GroupStep | undefined;

  constructor(
    self: Member & { readonly householdId: string },
    household: Household,
    random: Random,
    startedAtMs: number,
  ) {
    this.#self = self;
    this.#householdId = self.householdId;
    this.#household = household;
    this.#random = random;
    this.#nowMs = startedAtMs;
    this.#group = groupOf([self], self);
    this.#nextStep = household.nextStep(startedAtMs, self.playerId);
    // A group that came together before this speaker was there is none of its own.
    while (this.#nextStep?.before.some(({ playerId }) => playerId === self.playerId)) {
      this.#nextStep = household.nextStep(this.#nextStep.atMs, self.playerId);
    }
  }

  /** Its own time, in ms since 1970. */
  get nowMs(): number {
    return this.#nowMs;
  }

  get source(): Source {
    return this.#source;
  }

  get sourceType(): SourceType {
    return this.#source.source_type;
  }

  *switchTo(to: Source, trigger: Trigger): Generator<Moment, void> {
    yield this.#sourceMoment(to, trigger, "none");
  }

  /**
   * Lets time pass until `untilMs`; longer while it follows a group, shorter when it takes a group over or when others
   * join it while it is idle: they want to hear something.
   */
  *wait(untilMs: number): Generator<Moment, void> {
    for (;;) {
      const isFollower = this.sourceType === "group_follower";
      const step = this.#nextStep;
      if (!step || (!isFollower && step.atMs > untilMs)) {
        this.#nowMs = Math.max(this.#nowMs, untilMs);
        return;
      }
      const change = this.#changeOf(step);
      yield* this.#obey(step, change);
      const isAsked = change.kind === "joined" && change.to.source_type === "idle";
      if (isAsked || (isFollower && change.to.source_type === "queue")) return;
    }
  }

  /** Plays to the end, unless the group takes the source away. Returns why it ended. */
  *play(plan: PlayPlan): Generator<Moment, ReasonEnd> {
    const { course, updatesMs } = plan;
    const id = playId(course.startMs, this.#random);
    let reported = 0;
    for (;;) {
      const updateMs = updatesMs[reported] ?? Number.POSITIVE_INFINITY;
      const stepMs = this.#nextStep?.atMs ?? Number.POSITIVE_INFINITY;
      if (Math.min(updateMs, stepMs) >= course.endMs) break;
      if (updateMs <= stepMs) {
        reported++;
        yield this.#playMoment(plan, id, updateMs, undefined);
        continue;
      }
      const step = this.#nextStep!;
      const change = this.#changeOf(step);
      const isInterrupted = change.to.source_type !== this.sourceType;
      if (isInterrupted) yield this.#playMoment(plan, id, step.atMs, "group_change");
      yield* this.#obey(step, change);
      if (isInterrupted) return "group_change";
    }
    yield this.#playMoment(plan, id, course.endMs, plan.reasonEnd);
    return plan.reasonEnd;
  }

  #changeOf(step: GroupStep): GroupChange {
    return groupChangeOf(step, this.#self, this.#source);
  }

  *#obey(step: GroupStep, change: GroupChange): Generator<Moment, void> {
    this.#nowMs = step.atMs;
    this.#nextStep = this.#household.nextStep(step.atMs, this.#self.playerId);
    this.#group = change.group;
    yield this.#sourceMoment(change.to, change.trigger, change.kind);
  }

  #sourceMoment(to: Source, trigger: Trigger, kind: GroupChange["kind"]): Moment {
    const data: SourceEvent = {
      occurred_at: new Date(this.#nowMs).toISOString(),
      player_id: this.#self.playerId,
      group_id: this.#group.groupId,
      household_id: this.#householdId,
      from: this.#source,
      to,
      trigger,
      trigger_basis: "reported",
      coordinator_id: this.#group.coordinatorId,
      member_ids: this.#group.memberIds,
      group_change: kind,
      evidence: evidenceOf(to),
    };
    this.#source = to;
    return { atMs: this.#nowMs, type: "source", data };
  }

  #playMoment(plan: PlayPlan, id: string, atMs: number, reasonEnd: ReasonEnd | undefined): Moment {
    const { playedMs, pausedMs, bufferingMs } = plan.course.at(atMs);
    const { duration_ms } = plan.facts;
    const data: PlayEvent = {
      play_id: id,
      report_type: reasonEnd ? "final" : "update",
      started_at: new Date(plan.course.startMs).toISOString(),
      ended_at: reasonEnd ? new Date(atMs).toISOString() : null,
      ms_played: playedMs,
      ms_paused: pausedMs,
      ms_buffering: bufferingMs,
      // After going back, more has been played than there is.
      position_end_ms: typeof duration_ms === "number" ? Math.min(playedMs, duration_ms) : null,
      ...plan.facts,
      title: plan.titleAt(atMs),
      ...(reasonEnd && { reason_end: reasonEnd }),
      source_type: this.sourceType,
      player_id: this.#self.playerId,
      group_id: this.#group.groupId,
      household_id: this.#householdId,
    };
    this.#nowMs = atMs;
    return { atMs, type: "play", data };
  }
}
