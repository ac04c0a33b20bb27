import type { Cancel, Clock } from "../../clock.ts";
import type { Source, SourceEvent } from "../../vocabulary/source.ts";
import { instantOf } from "../open-play.ts";
import type { PlayTracker } from "../play-tracker.ts";
import type { TransportSight } from "./transport.ts";

/** A room, or several that play the same. */
export interface Group {
  readonly id: string;
  readonly coordinator: string;
  readonly members: readonly string[];
}

/** What is told of a group that has changed. */
type GroupPart = Pick<SourceEvent, "group_change" | "coordinator_id" | "member_ids" | "trigger">;

/** One half of what happened, until the other one is known. */
interface Held {
  readonly occurredAt: string;
  readonly cancel: Cancel;
  readonly group?: GroupPart | undefined;
  readonly follows?: { readonly evidence: string | null } | undefined;
}

/** The transport and the topology tell of one change one after the other, within this. */
const SETTLES_MS = 2_000;
const FOLLOWER: Source = { source_type: "group_follower", service: null };
const IDLE: Source = { source_type: "idle", service: null };

/**
 * Whose sound a player plays: its own, or that of its group's coordinator. Its transport tells, and the topology; whichever comes
 * later is believed. What both tell of one change is one source event.
 *
 *   own ──the address of another player, or another coordinator──▶ follows ──an address of its own, or it is the coordinator──▶ own
 */
export class Membership {
  readonly #tracker: PlayTracker;
  readonly #clock: Clock;
  #group: Group | undefined;
  /** As the topology has it. */
  #isMember = false;
  #follows = false;
  /** Whether the stream was told that it follows. */
  #isTold = false;
  /** The address that the transport speaks of still, though the topology knows better. */
  #outdated: string | undefined;
  #held: Held | undefined;

  constructor(tracker: PlayTracker) {
    this.#tracker = tracker;
    this.#clock = tracker.clock;
  }

  /** Whatever a player that follows says of its state is the other's. */
  get follows(): boolean {
    return this.#follows;
  }

  /** What the transport says now. @returns whether it has just begun to play for itself again. */
  heed({ uri, source }: TransportSight): boolean {
    if (uri === this.#outdated) return false;
    this.#outdated = undefined;
    const did = this.#follows;
    this.#follows = source?.source_type === "group_follower";
    if (!source || !this.#follows) return did || this.#held !== undefined;
    const { evidence } = source;
    const isAwaited = !did && this.#group !== undefined && !this.#isMember;
    if (isAwaited) this.#hold({ follows: { evidence } });
    else this.#tell(FOLLOWER, evidence);
    return false;
  }

  /** It plays something of its own. */
  sounds({ seen, source }: TransportSight): void {
    const { source_type = "unknown", service = null } = seen.item?.words ?? {};
    if (this.#held && source) this.#tell({ source_type, service }, source.evidence);
    this.#isTold = false;
  }

  /** Which rooms play together. @param own which of the members this player is. */
  regroup(groups: readonly Group[], own: string, last: TransportSight | undefined): void {
    const group = groups.find(({ members }) => members.includes(own));
    if (!group) return;
    const before = this.#group;
    this.#group = group;
    this.#isMember = group.coordinator !== own;
    const turns = before !== undefined && this.#isMember !== this.#follows;
    const isOther = before !== undefined && before.id !== group.id;
    if (isOther || (turns && this.#isMember)) {
      this.#tracker.end({ word: "group_change", basis: "inferred" });
    }
    this.#tracker.move({ group_id: group.id });
    if (this.#held?.group) this.settle();
    const change = before && changeOf(before, group);
    if (turns) {
      this.#follows = this.#isMember;
      this.#outdated = last?.uri ?? "";
    }
    if (!change) return;
    const part: GroupPart = {
      group_change: change,
      coordinator_id: group.coordinator,
      member_ids: group.members.slice(0, 64),
      trigger: change === "left" ? "group_leave" : "group_join",
    };
    if (turns || this.#held || this.#isTold !== this.#follows) this.#hold({ group: part });
    else this.#tracker.regroup(part);
  }

  /** The player is gone; what it says next is taken for its beginning. */
  lost(): void {
    this.settle();
    this.#follows = false;
    this.#outdated = undefined;
  }

  /** Tells what is held: nothing more will come. */
  settle(): void {
    const { group, follows } = this.#held ?? {};
    if (follows || (group && this.#follows)) this.#tell(FOLLOWER, follows?.evidence ?? null);
    else if (group && this.#isTold) this.#tell(IDLE, null);
    else if (group) this.#tracker.regroup({ ...group, occurred_at: this.#take() });
  }

  /** Holds one half; tells both when it has them. */
  #hold(half: Pick<Held, "group" | "follows">): void {
    const { group, follows, occurredAt = instantOf(this.#clock.wallMs()) } = this.#held ?? {};
    this.#held?.cancel();
    const cancel = this.#clock.after(SETTLES_MS, () => this.settle());
    this.#held = { occurredAt, cancel, group, follows, ...half };
    if (this.#held.group && this.#held.follows) this.settle();
  }

  #take(): string {
    const { occurredAt, cancel } = this.#held!;
    cancel();
    this.#held = undefined;
    return occurredAt;
  }

  #tell(to: Source, evidence: string | null): void {
    const { group } = this.#held ?? {};
    const occurred = this.#held && { occurred_at: this.#take() };
    this.#isTold = to === FOLLOWER;
    const joins = this.#isTold && ({ trigger: "group_join" } as const);
    this.#tracker.source(to, { ...joins, ...group, ...occurred, evidence });
  }
}

/** How a player's group has changed; undefined if it has not. */
function changeOf(before: Group, now: Group): "joined" | "left" | "coordinator_changed" | undefined {
  if (now.members.some((member) => !before.members.includes(member))) return "joined";
  if (now.members.length < before.members.length) return "left";
  return now.coordinator === before.coordinator ? undefined : "coordinator_changed";
}
