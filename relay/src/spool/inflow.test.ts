import { ManualClock } from "@tonearm/sdk/testing";
import { describe, expect, it } from "vitest";
import { Inflow } from "./inflow.ts";

const MIB = 1_048_576;

function filled() {
  const clock = new ManualClock();
  const inflow = new Inflow(clock, 3 * MIB);
  // What may come in before anything has left.
  void inflow.enter(MIB, 1_000);
  const answers: string[] = [];
  const enter = (name: string, bytes: number, waitMsMax = 1_000) =>
    void inflow.enter(bytes, waitMsMax).then((isLetIn) => answers.push(`${name} ${isLetIn ? "in" : "not"}`));
  return { clock, inflow, answers, enter };
}

describe("what may go into a spool that is being emptied", () => {
  it("is half of what leaves it, first come, first served", async () => {
    const { clock, inflow, answers, enter } = filled();
    enter("a", MIB);
    enter("b", MIB);
    enter("c", MIB);
    await clock.advance(1);
    expect(answers).toEqual([]);
    inflow.drained(MIB);
    await clock.advance(1);
    expect(answers).toEqual(["a in"]);
    inflow.drained(MIB);
    inflow.drained(MIB);
    await clock.advance(1);
    expect(answers).toEqual(["a in", "b in"]);
  });

  it("is told to stay away when its turn does not come in time, and lets those behind it pass", async () => {
    const { clock, inflow, answers, enter } = filled();
    enter("a", MIB, 100);
    enter("b", MIB, 1_000);
    await clock.advance(200);
    inflow.drained(MIB);
    await clock.advance(1);
    expect(answers).toEqual(["a not", "b in"]);
  });

  it("waits in bounded memory: what would be too much is told to stay away at once, and for how long", async () => {
    const { clock, inflow, answers, enter } = filled();
    enter("a", 2 * MIB);
    enter("b", 2 * MIB);
    await clock.advance(1);
    expect(answers).toEqual(["b not"]);
    // Behind the two MiB that wait, at half a MiB a second.
    expect(inflow.waitMs(2 * MIB, MIB)).toBe(8_000);
  });

  it("is all of it as soon as the spool is not being emptied any more", async () => {
    const { clock, inflow, answers, enter } = filled();
    enter("a", MIB);
    enter("b", MIB);
    inflow.letAllIn();
    await clock.advance(1);
    expect(answers).toEqual(["a in", "b in"]);
  });
});
