import { expect, it } from "vitest";
import { until } from "../support/devices.ts";
import { startRun } from "./run.ts";
import { cases, scriptedPart } from "./testing.ts";

const outcome = (...script: Parameters<typeof scriptedPart>) => startRun(scriptedPart(...script), 7).ended;

it("a run has counted what it told, and nothing else", async () => {
  const told = [cases(3), { kind: "skipped", what: "not here" } as const, cases(4)];
  expect(await outcome("fine", { told })).toEqual({ cases: 7, skipped: ["not here"], violations: [] });
});

it("a violation that a run tells names its own command, or else the part's", async () => {
  const violation = (again: string) => ({ kind: "violation", what: "lost", again }) as const;
  const { violations } = await outcome("bad", { told: [violation("do this"), violation("")] });
  expect(violations).toEqual([
    { what: "lost", again: "do this" },
    { what: "lost", again: "again bad 7" },
  ]);
});

it.each([
  ["ends with 3", { end: 'console.error("help"); process.exit(3)' }, /^ended with 3; it said last: help$/],
  ["is killed", { told: [cases(1)], end: 'process.kill(process.pid, "SIGKILL")' }, /^was killed; /],
  ["throws", { told: [cases(1)], end: 'throw new Error("seed " + seed)' }, /^ended with 1; .*Error: seed 7/s],
  ["passes without a case", {}, /^passed, and has not counted a case; /],
  ["hangs", { end: "setInterval(() => {}, 1000)", minutesMax: 0.02 }, /^did not end within 0.02 minutes; /],
])("a run that %s is a violation, whatever it says of itself", async (_, script, what) => {
  const { violations } = await outcome("bad", script);
  expect(violations).toEqual([{ what: expect.stringMatching(what), again: "again bad 7" }]);
});

it("a program that is not there is a violation", async () => {
  const part = { ...scriptedPart("none"), command: () => ["/nowhere/at/all"] };
  const { violations } = await startRun(part, 7).ended;
  expect(violations).toEqual([
    { what: expect.stringContaining("could not be started"), again: "again none 7" },
  ]);
});

it("a run that is ended in the middle counts with what it had counted, and has broken nothing", async () => {
  const run = startRun(scriptedPart("long", { told: [cases(5)], end: "setInterval(() => {}, 1000)" }), 7);
  await until("it has counted", () => run.soFar().cases === 5);
  run.interrupt();
  expect(await run.ended).toEqual({ cases: 5, skipped: [], violations: [] });
});
