/** Commands of the workspace as processes, ended by the test that started them. */
import { type ChildProcess, type SpawnOptions, spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";

export const ROOT = fileURLToPath(new URL("../..", import.meta.url));
const CLI = { relay: "relay/src/main.ts", simulator: "simulator/src/main.ts" };

export interface Finished {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

export interface Running {
  readonly child: ChildProcess;
  /** The next line of standard output; rejects when the process ends without one. */
  line(): Promise<string>;
  finished: Promise<Finished>;
}

/** Starts a command of the relay or the simulator. */
export function start(
  cli: keyof typeof CLI,
  args: readonly string[],
  env: Record<string, string> = {},
): Running {
  return watch(process.execPath, ["--conditions=source", CLI[cli], ...args], {
    cwd: ROOT,
    env: { ...unchosen(process.env), ...env },
  });
}

/** Without what tests are told: a relay takes its own variables only. */
function unchosen(env: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  const { TONEARM_FUZZ_SEED: _, TONEARM_FUZZ_FACTOR: __, TONEARM_TALLY: ___, ...others } = env;
  return others;
}

/** Runs any program to its end, without holding up this process: a relay in it goes on serving. */
export const execute = (program: string, args: readonly string[], options: SpawnOptions): Promise<Finished> =>
  watch(program, args, options).finished;

function watch(program: string, args: readonly string[], options: SpawnOptions): Running {
  const child = spawn(program, args, { ...options, stdio: ["ignore", "pipe", "pipe"] });
  let stdout = "";
  let stderr = "";
  child.stdout.on("data", (bytes) => {
    stdout += bytes;
  });
  child.stderr.on("data", (bytes) => {
    stderr += bytes;
  });
  const lines = createInterface({ input: child.stdout });
  const finished = once(child, "close").then(([code]) => ({ code: code as number | null, stdout, stderr }));
  const line = () =>
    Promise.race([
      once(lines, "line").then(([text]) => String(text)),
      finished.then(({ stderr: said }) => {
        throw new Error(`the process ended without a line; it said: ${said}`);
      }),
    ]);
  return { child, line, finished };
}

/** Runs a command to its end. */
export const run = (...command: Parameters<typeof start>): Promise<Finished> => start(...command).finished;
