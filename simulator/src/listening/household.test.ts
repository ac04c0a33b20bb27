import { describe, expect, it } from "vitest";
import { groupChangeOf } from "./group-change.ts";
import { Household } from "./household.ts";
import { Random } from "./random.ts";

const START = Date.UTC(2026, 0, 1);
const DAY_MS = 86_400_000;
const members = ["a", "b", "c", "d"].map((playerId) => ({ playerId, groupId: `group-${playerId}` }));

const household = (order = members) => new Household(new Random(1).fork("home"), order, 0);

function stepsOf(playerId: string, days: number, of = household()) {
  const steps = [];
  let step = of.nextStep(START, playerId);
  while (step && step.atMs < START + days * DAY_MS) {
    steps.push(step);
    step = of.nextStep(step.atMs, playerId);
  }
  return steps;
}

describe("the plan of a household", () => {
  it("is the same for every speaker, in whatever order they are given", () => {
    const all = members.flatMap(({ playerId }) => stepsOf(playerId, 200));
    expect(stepsOf("a", 200, household(members.toReversed()))).toEqual(stepsOf("a", 200));
    for (const step of all) {
      for (const { playerId } of [...step.before, ...step.after]) {
        expect(
          all.filter((each) => each.atMs === step.atMs && each.after.length === step.after.length).length,
        ).toBeGreaterThan(1);
        expect(stepsOf(playerId, 200)).toContainEqual(step);
      }
    }
  });

  it("brings people together, one by one or all at once, and leaves all of them alone in the end", () => {
    const steps = members.flatMap(({ playerId }) => stepsOf(playerId, 400));
    expect(steps.some(({ before, after }) => before.length > 0 && after.length > before.length)).toBe(true);
    expect(
      steps.some(({ before, after }) => after.length > 0 && before[0] !== after[0] && before.length > 0),
    ).toBe(true);
    for (const { playerId } of members) {
      let inside = 0;
      for (const { before, after } of stepsOf(playerId, 400)) {
        expect(before.some((member) => member.playerId === playerId)).toBe(inside > 0);
        inside = after.filter((member) => member.playerId === playerId).length;
        expect(after).not.toHaveLength(1);
      }
    }
  });

  it("never groups a speaker that has no neighbours", () => {
    const alone = new Household(new Random(1), members.slice(0, 1), 0);
    expect(alone.nextStep(START, "a")).toBeUndefined();
  });
});

describe("what a step means for one speaker", () => {
  const [a, b, c] = [members[0]!, members[1]!, members[2]!];
  const queue = { source_type: "queue", service: "streamer" } as const;
  const following = { source_type: "group_follower", service: null } as const;
  const idle = { source_type: "idle", service: null } as const;

  it.each([
    ["joins as a follower", [], [a, b], b, idle, "group_follower", "joined", "group_join", "a"],
    ["is joined while it plays", [], [a, b], a, queue, "queue", "joined", "group_join", "a"],
    ["sees another one join", [a, b], [a, b, c], b, following, "group_follower", "joined", "group_join", "a"],
    [
      "takes over from a coordinator that leaves",
      [a, b, c],
      [b, c],
      b,
      following,
      "queue",
      "coordinator_changed",
      "group_leave",
      "b",
    ],
    ["leaves as the coordinator", [a, b, c], [b, c], a, queue, "idle", "left", "group_leave", "a"],
    ["is alone again and plays on", [a, b], [], a, queue, "queue", "left", "group_leave", "a"],
    ["is alone again and has nothing to play", [a, b], [], b, following, "idle", "left", "group_leave", "b"],
  ] as const)("a speaker %s", (_, before, after, self, source, to, kind, trigger, coordinatorId) => {
    const change = groupChangeOf({ atMs: 0, before, after }, self, source);
    expect(change).toMatchObject({ to: { source_type: to }, kind, trigger });
    expect(change.group).toMatchObject({ coordinatorId, groupId: `group-${coordinatorId}` });
    expect(change.group.memberIds[0]).toBe(coordinatorId);
    expect(change.group.memberIds).toContain(self.playerId);
  });
});
