import { expect, it } from "vitest";
import { Agenda } from "./agenda.ts";

const never = () => false;

it("does what is due in the order of time, and then in the order of asking", async () => {
  const agenda = new Agenda();
  const done: string[] = [];
  for (const [delayMs, name] of [
    [5, "c"],
    [1, "a"],
    [5, "d"],
    [3, "b"],
    [9, "e"],
  ] as const)
    agenda.after(delayMs, () => done.push(`${name}${agenda.nowMs}`));
  agenda.after(4, () => done.push("called off"))();
  await agenda.run(5, never);
  expect(done).toEqual(["a1", "b3", "c5", "d5"]);
  expect(agenda.nowMs).toBe(5);
  await agenda.run(20, never);
  expect(done.at(-1)).toBe("e9");
  expect(agenda.nowMs).toBe(20);
});

it("keeps its order whatever it is asked for, and whenever", async () => {
  const agenda = new Agenda();
  const times: number[] = [];
  const plan = (left: number) =>
    agenda.after((left * 7_919) % 101, () => {
      times.push(agenda.nowMs);
      if (left > 0) plan(left - 1);
    });
  for (let i = 0; i < 50; i++) plan(i);
  await agenda.run(100_000, never);
  expect(times).toHaveLength((50 * 51) / 2);
  expect(times).toEqual(times.toSorted((a, b) => a - b));
});

it("lets a task's promises run out before the next task", async () => {
  const agenda = new Agenda();
  const done: string[] = [];
  const chain = async () => {
    for (let i = 0; i < 100; i++) await Promise.resolve();
    done.push("promises");
  };
  agenda.after(1, () => void chain());
  agenda.after(1, () => done.push("next"));
  await agenda.run(1, never);
  expect(done).toEqual(["promises", "next"]);
});

it("stops when it is told to, and tells what a task threw", async () => {
  const agenda = new Agenda();
  for (let i = 1; i <= 3; i++) agenda.after(i, () => undefined);
  await agenda.run(10, () => agenda.nowMs === 2);
  expect(agenda.nowMs).toBe(2);
  agenda.after(0, () => {
    throw new Error("a task's");
  });
  await expect(agenda.run(10, never)).rejects.toThrow("a task's");
});
