/** One run of a part, in a process of its own. */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Told } from "@tonearm/sdk/testing";
import { ROOT } from "../support/processes.ts";
import { NOTHING, type Part, type Tally } from "./part.ts";

/** So much of what a run said last is kept, and of what is said of a violation. */
const SAID_CHARACTERS = 2_000;
const VIOLATION_CHARACTERS = 4_000;

export interface Run {
  readonly part: Part;
  readonly seed: number;
  /** What it has counted until now. */
  soFar(): Tally;
  /** Resolves when its processes are gone. */
  readonly ended: Promise<Tally>;
  /** Ends it in the middle: what it has counted counts, and that it was ended is nobody's fault. */
  interrupt(): void;
}

export function startRun(part: Part, seed: number): Run {
  const directory = mkdtempSync(join(tmpdir(), "tonearm-soak-"));
  const path = join(directory, "tally");
  const [program = "", ...args] = part.command(seed);
  const child = spawn(program, args, {
    cwd: ROOT,
    env: { ...process.env, ...part.env(seed), TONEARM_TALLY: path },
    stdio: ["ignore", "pipe", "pipe"],
    // A Ctrl-C is for the soak; and it can end the run with all that descends from it.
    detached: true,
  });
  let said = "";
  const hear = (bytes: Buffer) => {
    said = (said + bytes.toString()).slice(-SAID_CHARACTERS);
  };
  child.stdout.on("data", hear);
  child.stderr.on("data", hear);
  let endedBy: "itself" | "time" | "soak" = "itself";
  const kill = (why: "time" | "soak") => {
    endedBy = why;
    if (child.pid !== undefined) killGroup(child.pid);
  };
  const timer = setTimeout(kill, part.minutesMax * 60_000, "time");
  const soFar = () => readTally(path, part.again(seed));
  const ended = once(child, "close")
    .then(
      ([code]) => (code === null ? "was killed" : code === 0 ? undefined : `ended with ${code}`),
      (error: unknown) => `could not be started: ${String(error)}`,
    )
    .then((ending) => {
      clearTimeout(timer);
      const tally = soFar();
      rmSync(directory, { recursive: true, force: true });
      if (endedBy === "soak") return tally;
      const fault =
        endedBy === "time" ? `did not end within ${part.minutesMax} minutes` : faultOf(tally, ending);
      if (fault === undefined) return tally;
      return withViolation(tally, `${fault}; it said last: ${said.trim()}`, part.again(seed));
    });
  return { part, seed, soFar, ended, interrupt: () => kill("soak") };
}

/** What is wrong with a run beside what it says itself: one that fails without a word, or passes without having done anything. */
function faultOf(tally: Tally, ending: string | undefined): string | undefined {
  if (tally.violations.length > 0) return undefined;
  if (ending !== undefined) return ending;
  return tally.cases === 0 && tally.skipped.length === 0 ? "passed, and has not counted a case" : undefined;
}

const withViolation = (tally: Tally, what: string, again: string): Tally => ({
  ...tally,
  violations: [...tally.violations, { what: what.slice(0, VIOLATION_CHARACTERS), again }],
});

function killGroup(pid: number): void {
  try {
    process.kill(-pid, "SIGKILL");
  } catch {
    // Gone already.
  }
}

/** @param again for violations that do not say themselves how they are seen again. */
function readTally(path: string, again: string): Tally {
  let tally = NOTHING;
  for (const line of textOf(path).split("\n").slice(0, -1)) {
    const told = JSON.parse(line) as Told;
    if (told.kind === "cases") tally = { ...tally, cases: tally.cases + told.count };
    else if (told.kind === "skipped") tally = { ...tally, skipped: [...tally.skipped, told.what] };
    else tally = withViolation(tally, told.what, told.again || again);
  }
  return tally;
}

function textOf(path: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return "";
  }
}
