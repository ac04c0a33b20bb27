import { readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, expect, it, vi } from "vitest";
import { deterministicCommand, replayCommand, replayLines } from "./command.ts";
import { KNOBS_VERSION } from "./knobs.ts";

const ARGS = ["--deterministic", "--seed", "7", "--hours", "3", "--devices", "2"];

afterEach(() => vi.restoreAllMocks());

async function printed(args: readonly string[]): Promise<string[]> {
  const log = vi.spyOn(console, "log").mockImplementation(() => undefined);
  await deterministicCommand(args);
  return log.mock.calls.map(([line]) => String(line));
}

it("prints the knobs before anything happens, and one object at the end", async () => {
  const [knobs, report, ...others] = await printed(ARGS);
  expect(knobs).toMatch(/^seed 7; knobs \d+: \{"pace":/);
  expect(JSON.parse(report!)).toMatchObject({
    seed: "7",
    fleet_hours: 3,
    events: expect.any(Number),
    violations: [],
    trace_sha256: expect.stringMatching(/^[0-9a-f]{64}$/),
    wall_seconds: expect.any(Number),
    knobs_version: KNOBS_VERSION,
  });
  expect(others).toEqual([]);
});

it("prints nothing but the object with --json, and writes the trace that the hash is of", async () => {
  const trace = join(tmpdir(), `tonearm-trace-${process.pid}`);
  try {
    const lines = await printed([...ARGS, "--json", "--trace", trace]);
    expect(lines).toHaveLength(1);
    const { createHash } = await import("node:crypto");
    const hash = createHash("sha256")
      .update(await readFile(trace))
      .digest("hex");
    expect(JSON.parse(lines[0]!)).toMatchObject({ trace_sha256: hash });
  } finally {
    await rm(trace, { force: true });
  }
});

it("tells what was not kept, when, and one command to see it again", () => {
  const report = { violations: [{ step: 9, atMs: 1_500, what: "something is lost" }] };
  expect(replayLines(report, { seed: "7", hours: 3, devices: 2 })).toBe(
    `step 9, 1500 ms: something is lost\nagain: pnpm simulate --deterministic --seed 7 --hours 3 --devices 2 --knobs ${KNOBS_VERSION}`,
  );
});

it.each([
  ["a1-b.c", "a1-b.c"],
  ["a b; echo HI", "'a b; echo HI'"],
  ["it's", "'it'\\''s'"],
  ["$(id)", "'$(id)'"],
])("a seed such as %s is one word of that command", (seed, word) => {
  expect(replayCommand({ seed, hours: 1, devices: 1 })).toContain(` --seed ${word} --hours 1 `);
});

it("says that a trace cannot be written, before anything happens", async () => {
  const args = [...ARGS, "--trace", join(tmpdir(), "no such directory", "trace")];
  await expect(deterministicCommand(args)).rejects.toThrow(
    /^option trace is ".*expected a file that can be written/,
  );
});

it("runs no seed of other knobs: it would be another run", async () => {
  const other = deterministicCommand([...ARGS, "--knobs", String(KNOBS_VERSION + 1)]);
  await expect(other).rejects.toThrow(`option knobs is ${KNOBS_VERSION + 1}, expected ${KNOBS_VERSION}`);
  expect(await printed([...ARGS, "--json", "--knobs", String(KNOBS_VERSION)])).toHaveLength(1);
});
