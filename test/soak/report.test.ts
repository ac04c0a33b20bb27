import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, it } from "vitest";
import { Board, type Row } from "./board.ts";
import { hasFailed, reportJson, reportMarkdown, type Soaked, writeReport } from "./report.ts";
import { Screen } from "./screen.ts";
import { duration, grouped, rowLine, tableLines } from "./table.ts";
import { scriptedPart } from "./testing.ts";

const [empty] = new Board([scriptedPart("simulation")]).rows();
const good: Row = {
  ...empty!,
  runs: 2,
  running: 1,
  cases: 1_234_567,
  seconds: 3_725,
  seeds: [100, 102, 103],
};
const bad: Row = {
  ...new Board([scriptedPart("fuzz")]).rows()[0]!,
  runs: 1,
  violations: 2,
  seconds: 9,
  seeds: [101],
  skipped: ["power | cuts (SKIPPED without root)"],
  failures: [{ seed: 101, what: "input ```7``` breaks\na promise", again: "SEED=101 pnpm test fuzz" }],
};
const soaked = (rows: readonly Row[]): Soaked => ({
  began: new Date(0),
  seconds: 600,
  minutesAsked: 10,
  jobs: 2,
  seed: 100,
  machine: { cpu: "Any", cores: 2, memory_bytes: 2 ** 33, system: "Linux 6", versions: { node: "v26" } },
  rows,
});

it("the table has a line for each part, in columns", () => {
  expect(tableLines([good, bad])).toEqual([
    "part        proof  runs      cases          violations  skipped  a second     time  seeds",
    "simulation  T0      2+1  1,234,567  things           0        0       331  1:02:05  100 … 103",
    "fuzz        T0        1          0  things           2        1         0     0:09  101",
  ]);
});

it("where nothing can be drawn again a part that has come further is a line", () => {
  expect(rowLine(good)).toBe(
    "simulation: 2+1 runs, 1,234,567 things, 0 violations, 0 skipped, 331 a second, 1:02:05, seeds 100 … 103",
  );
  expect([grouped(999), grouped(1_000), duration(59.9), duration(60)]).toEqual([
    "999",
    "1,000",
    "0:59",
    "1:00",
  ]);
});

it("the report says for programs what failed, and with which command it is seen again", () => {
  expect([hasFailed([good]), hasFailed([good, bad])]).toEqual([false, true]);
  expect(reportJson(soaked([good, bad]))).toMatchObject({
    began: "1970-01-01T00:00:00.000Z",
    failed: true,
    seed: 100,
    machine: { cores: 2 },
    parts: [
      { name: "simulation", cases: 1_234_567, violations: 0, seeds: [100, 102, 103] },
      { name: "fuzz", violations: 2, failures: [{ seed: 101, again: "SEED=101 pnpm test fuzz" }] },
    ],
  });
});

it("the report says it for people, too: skipped tests by name, failures word for word", () => {
  const text = reportMarkdown(soaked([good, bad]));
  expect(text).toContain("10:00 of 10 minutes asked for, 2 runs at a time, from seed 100: FAILED.");
  expect(text).toContain(
    "| simulation | T0 | 2+1 | 1,234,567 | things | 0 | 0 | 331 | 1:02:05 | 100 … 103 |",
  );
  expect(text).toContain("## Skipped\n\n- fuzz: power | cuts (SKIPPED without root)");
  expect(text).toContain(
    "### fuzz, seed 101\n\n````text\ninput ```7``` breaks\na promise\n````\n\n```sh\nSEED=101",
  );
  expect(text).toContain("1 more of fuzz are not shown.");
  expect(reportMarkdown(soaked([good]))).not.toMatch(/Skipped|Failures/);
});

it("both reports are written whole, in the place of those before", () => {
  const directory = mkdtempSync(join(tmpdir(), "tonearm-report-"));
  try {
    writeReport(join(directory, "new"), soaked([good]));
    writeReport(join(directory, "new"), soaked([good, bad]));
    expect(readdirSync(join(directory, "new")).toSorted()).toEqual(["report.json", "report.md"]);
    expect(JSON.parse(readFileSync(join(directory, "new", "report.json"), "utf8")).parts).toHaveLength(2);
  } finally {
    rmSync(directory, { recursive: true });
  }
});

it("on a terminal the table is drawn again where it stands, below every failure, which is told once", () => {
  const written: string[] = [];
  const screen = new Screen({ isTTY: true, columns: 20, write: (text) => written.push(text) });
  screen.show([good]);
  screen.show([good, bad]);
  screen.show([good, bad]);
  expect(written[0]).toBe("\u001b[2Kpart        proof  \n\u001b[2Ksimulation  T0     \n");
  // The table is taken away, the failure told, the table drawn below it.
  expect(written[1]).toBe("\u001b[2A\u001b[J");
  expect(written[2]).toContain("VIOLATION in fuzz, seed 101: input ```7``` breaks");
  expect(written[3]).not.toContain("\u001b[2A");
  expect(written.slice(4).map((text) => text.slice(0, 4))).toEqual(["\u001b[3A"]);
});

it("elsewhere a run that ends is a line, and the whole table comes last", () => {
  const written: string[] = [];
  const screen = new Screen({ write: (text) => written.push(text) });
  screen.show([good]);
  screen.show([good], good);
  screen.end([good]);
  expect(written).toEqual([`${rowLine(good)}\n`, `${tableLines([good]).join("\n")}\n`]);
});
