/** A room, or several that play the same. */
export interface Group {
  readonly id: string;
  readonly coordinator: string;
  readonly members: readonly string[];
}

/** How a player's group has changed; undefined if it has not. */
export function changeOf(before: Group, now: Group): "joined" | "left" | "coordinator_changed" | undefined {
  if (now.members.some((member) => !before.members.includes(member))) return "joined";
  if (now.members.length < before.members.length) return "left";
  return now.coordinator === before.coordinator ? undefined : "coordinator_changed";
}
