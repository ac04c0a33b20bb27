import type { Source, SourceEvent } from "@tonearm/sdk";
import type { GroupStep, Member } from "./household.ts";
import { FOLLOWING, IDLE, sourceOf } from "./sources.ts";

/** Who plays together, and as which group. */
export interface Group {
  readonly groupId: string;
  readonly coordinatorId: string;
  /** The coordinator first. */
  readonly memberIds: readonly string[];
}

/** What a step of the household's grouping means for one speaker. */
export interface GroupChange {
  readonly group: Group;
  readonly to: Source;
  readonly trigger: "group_join" | "group_leave";
  readonly kind: NonNullable<SourceEvent["group_change"]>;
}

/** @param source what `self` plays until then. */
export function groupChangeOf(step: GroupStep, self: Member, source: Source): GroupChange {
  return {
    group: groupOf(placeOf(step.after, self) >= 0 ? step.after : [self], self),
    to: sourceAfter(step, self, source),
    trigger: step.after.length > step.before.length ? "group_join" : "group_leave",
    kind: kindOf(step, self),
  };
}

/** @param members the coordinator first; `self` when there is none. */
export function groupOf(members: readonly Member[], self: Member): Group {
  const coordinator = members[0] ?? self;
  return {
    groupId: coordinator.groupId,
    coordinatorId: coordinator.playerId,
    memberIds: members.map(({ playerId }) => playerId),
  };
}

/** When a coordinator leaves, its queue goes over to the next; whoever leaves a group that goes on leaves the music. */
function sourceAfter({ before, after }: GroupStep, self: Member, source: Source): Source {
  const [was, is] = [placeOf(before, self), placeOf(after, self)];
  if (is > 0) return FOLLOWING;
  if (was > 0) return is === 0 ? sourceOf("queue") : IDLE;
  return was === 0 && is < 0 && after.length > 0 ? IDLE : source;
}

function kindOf({ before, after }: GroupStep, self: Member): GroupChange["kind"] {
  if (placeOf(after, self) < 0) return "left";
  if (placeOf(before, self) < 0) return "joined";
  if (before[0]?.playerId !== after[0]?.playerId) return "coordinator_changed";
  return after.length > before.length ? "joined" : "left";
}

function placeOf(members: readonly Member[], self: Member): number {
  return members.findIndex(({ playerId }) => playerId === self.playerId);
}
