import { expect, it } from "vitest";
import { Board, nextPart, type Row } from "./board.ts";
import { NOTHING, type Tally } from "./part.ts";
import { Soak } from "./soak.ts";
import { cases, scriptedPart } from "./testing.ts";

const [A, B] = [scriptedPart("a", { told: [cases(10)] }), scriptedPart("b", { told: [cases(1)] })];

const tallyOf = (more: Partial<Tally>): Tally => ({ ...NOTHING, ...more });

it("the board adds up what has ended and what runs", () => {
  const board = new Board([A, B]);
  board.begun(A, 5);
  board.progressed(5, { tally: tallyOf({ cases: 2 }), seconds: 1 });
  expect(board.rows()[0]).toMatchObject({ runs: 0, running: 1, cases: 2, seconds: 1, seeds: [5] });
  board.ended(5, { tally: tallyOf({ cases: 10, skipped: ["x"] }), seconds: 4 });
  board.begun(A, 6);
  board.progressed(6, { tally: tallyOf({ cases: 3, skipped: ["x"] }), seconds: 2 });
  expect(board.rows()[0]).toMatchObject({
    runs: 1,
    running: 1,
    cases: 13,
    seconds: 6,
    skipped: ["x"],
    seeds: [5, 6],
  });
  expect(board.rows()[1]).toMatchObject({ runs: 0, running: 0, cases: 0, seconds: 0, seeds: [] });
});

it("all violations are counted, and the first twenty of a part are kept word for word", () => {
  const board = new Board([A]);
  const violations = Array.from({ length: 25 }, (_, i) => ({ what: `lost ${i}`, again: "again" }));
  board.begun(A, 5);
  board.ended(5, { tally: tallyOf({ violations }), seconds: 1 });
  const { violations: count, failures } = board.rows()[0]!;
  expect([count, failures.length, failures[0]]).toEqual([
    25,
    20,
    { what: "lost 0", again: "again", seed: 5 },
  ]);
});

it("the part that has had the least time is next; one that fails at once does not crowd out the others", () => {
  const row = (part: typeof A, more: Partial<Row>): Row => ({ ...new Board([part]).rows()[0]!, ...more });
  expect(nextPart([row(A, {}), row(B, {})])).toBe(A);
  expect(nextPart([row(A, { running: 1 }), row(B, {})])).toBe(B);
  expect(
    nextPart([row(A, { runs: 1, cases: 1, seconds: 30 }), row(B, { runs: 1, cases: 1, seconds: 20 })]),
  ).toBe(B);
  const failing = row(A, { runs: 10, violations: 10, seconds: 1 });
  expect(nextPart([failing, row(B, { runs: 1, cases: 1, seconds: 20 })])).toBe(B);
});

it("a part that can do nothing on this machine is asked once", () => {
  const board = new Board([A]);
  board.begun(A, 5);
  board.ended(5, { tally: tallyOf({ skipped: ["needs root"] }), seconds: 1 });
  expect(nextPart(board.rows())).toBeUndefined();
});

it("a soak runs its parts until the time is over, goes on when one fails, and gives every run a seed of its own", async () => {
  const failing = scriptedPart("planted", {
    told: [cases(1)],
    end: "if (seed % 2) throw new Error('planted')",
  });
  const ended: string[] = [];
  const soak = new Soak({
    parts: [A, failing],
    seconds: 600,
    jobs: 2,
    seed: 100,
    onChange(_, row) {
      if (row) ended.push(row.part.name);
      if (ended.length >= 8) soak.stop();
    },
  });
  const [fine, planted] = await soak.run();
  expect(fine).toMatchObject({ cases: 10 * fine!.runs, violations: 0, failures: [] });
  const odd = planted!.seeds.filter((seed) => seed % 2 === 1);
  expect(odd.length).toBeGreaterThan(0);
  expect(new Set(planted!.failures.map(({ again }) => again))).toEqual(
    new Set(odd.map((seed) => `again planted ${seed}`)),
  );
  // What stood in the tally of a run that failed afterwards was tried.
  expect(planted).toMatchObject({ violations: odd.length, cases: planted!.runs });
  const seeds = [...fine!.seeds, ...planted!.seeds].toSorted((a, b) => a - b);
  expect(seeds).toEqual(seeds.map((_, i) => 100 + i));
});

it("a soak whose time is over begins nothing more, and lets what runs come to its end", async () => {
  const slow = scriptedPart("slow", { told: [cases(1)], end: "setTimeout(() => {}, 300)" });
  const soak = new Soak({ parts: [slow], seconds: 0.001, jobs: 2, seed: 100, onChange: () => undefined });
  const [row] = await soak.run();
  expect(row).toMatchObject({ runs: 2, running: 0, cases: 2, violations: 0 });
});

it("a soak that is interrupted ends what runs", async () => {
  const endless = scriptedPart("endless", { told: [cases(1)], end: "setInterval(() => {}, 1000)" });
  const soak = new Soak({
    parts: [endless],
    seconds: 600,
    jobs: 2,
    seed: 100,
    onChange: (rows) => rows[0]!.cases === 2 && soak.interrupt(),
  });
  const [row] = await soak.run();
  expect(row).toMatchObject({ runs: 2, cases: 2, violations: 0 });
});
